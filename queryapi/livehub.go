package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// announcements are the events of the CALL stream.
type announcements interface {
	CallEnds(ctx context.Context) (jetstream.Ends, error)
	Follow(ctx context.Context, from uint64, take func(jetstream.Announced)) error
	Announced(ctx context.Context, from uint64, most int) ([]jetstream.Announced, error)
}

// hub reads the CALL stream once for everybody who listens in this process.
type hub struct {
	ring
	events  announcements
	log     *slog.Logger
	trouble process.Trouble
	repeats repeats
	// reading bounds how many listeners read the stream themselves at a time.
	reading chan struct{}
	leaving chan struct{} // closed when the process stops
}

func newHub(events announcements, log *slog.Logger) *hub {
	return &hub{
		ring: ring{most: ringHappenings, mostBytes: ringBytes}, events: events, log: log, reading: make(chan struct{}, 8), leaving: make(chan struct{}),
	}
}

// run follows the stream until ctx ends, whatever becomes of NATS in between.
func (h *hub) run(ctx context.Context) {
	backoff := process.Backoff{First: 100 * time.Millisecond, Most: 2 * time.Second}
	for {
		before, _ := h.here()
		err := h.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		h.trouble.Report(h.log, "the live feed has stopped; it goes on when NATS does", err)
		if now, _ := h.here(); now != before {
			backoff.Reset()
		}
		if !backoff.Wait(ctx) {
			return
		}
	}
}

func (h *hub) follow(ctx context.Context) error {
	ends, err := h.events.CallEnds(ctx)
	if err != nil {
		return err
	}
	at, known := h.here()
	if born := ends.Born.UnixMilli(); !known || at.born != born || at.seq+1 < ends.First || at.seq > ends.Last {
		// What was told last is read again, so that those who come back after a restart of this process find it here.
		at = place{born, max(ends.First, ends.Last-min(ends.Last, uint64(h.most))+1) - 1}
		h.repeats = repeats{}
		h.begin(at)
	}
	return h.events.Follow(ctx, at.seq+1, func(a jetstream.Announced) {
		h.trouble.Over(h.log, "the live feed goes on")
		x, err := happened(a, &h.repeats)
		if err != nil { // it stands in the way of nothing
			h.log.Error("an event cannot be read", "sequence", a.Sequence, "err", err)
		}
		h.add(a.Sequence, x)
	})
}

// happened reads an event; nil for one that says nothing new.
func happened(a jetstream.Announced, r *repeats) (*happening, error) {
	var e call.Event
	if err := json.Unmarshal(a.Data, &e); err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	if r.known(&e) {
		return nil, nil
	}
	x := &happening{seq: a.Sequence, kind: e.Kind, id: e.ID, org: e.OrgID, size: 1536 + 2*len(e.Call)}
	switch e.Kind {
	case call.EventRemoved, call.EventErased:
		return x, nil
	}
	c, err := call.ReadJSON(e.Call)
	if err != nil {
		return nil, err
	}
	// The envelope decides whose it is.
	c.Version, c.OrgID, c.Direction = e.Version, e.OrgID, e.Direction
	x.call = &c
	return x, nil
}

// errGone means that events behind a place are no longer in the stream.
var errGone = errors.New("events behind this place have gone")

// catchUp reads the stream behind a place that the ring does not reach back to, for one listener. At the end of the stream
// there is nothing.
func (h *hub) catchUp(ctx context.Context, at place, r *repeats) (list []*happening, next place, err error) {
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-ctx.Done():
		return nil, at, ctx.Err()
	}
	page, err := h.events.Announced(ctx, at.seq+1, atOnce)
	if err != nil {
		return nil, at, err
	}
	if len(page) == 0 || page[0].Sequence != at.seq+1 {
		ends, err := h.events.CallEnds(ctx)
		switch {
		case err != nil:
			return nil, at, err
		case ends.Born.UnixMilli() != at.born || ends.First > at.seq+1 || at.seq > ends.Last:
			return nil, at, errGone
		}
	}
	for _, a := range page {
		if x, _ := happened(a, r); x != nil { // what cannot be read was logged when it came
			list = append(list, x)
		}
		at.seq = a.Sequence
	}
	return list, at, nil
}
