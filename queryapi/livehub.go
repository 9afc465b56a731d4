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
	amend   func(context.Context, []call.Call) error
	log     *slog.Logger
	trouble process.Trouble
	repeats repeats
	// reading bounds how many listeners read the past at a time.
	reading chan struct{}
	leaving chan struct{} // closed when the process stops
	places  placeIDs
}

func newHub(events announcements, amend func(context.Context, []call.Call) error, log *slog.Logger) *hub {
	return &hub{
		ring: ring{most: ringHappenings, mostBytes: ringBytes}, events: events, amend: amend, log: log, reading: make(chan struct{}, 8), leaving: make(chan struct{}),
		places: newPlaceIDs(""),
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
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	taken, ended := make(chan jetstream.Announced, atOnce), make(chan error, 1)
	go func() {
		defer close(taken)
		ended <- h.events.Follow(ctx, at.seq+1, func(a jetstream.Announced) {
			select {
			case taken <- a:
			case <-ctx.Done():
			}
		})
	}()
	for first := range taken {
		page := []jetstream.Announced{first}
		for len(page) < atOnce && len(taken) > 0 {
			page = append(page, <-taken)
		}
		if err := h.share(ctx, page); err != nil {
			stop()
			return errors.Join(err, <-ended)
		}
		h.trouble.Over(h.log, "the live feed goes on")
	}
	return <-ended
}

// share a page with all who listen.
func (h *hub) share(ctx context.Context, page []jetstream.Announced) error {
	list := make([]*happening, len(page))
	for i, a := range page {
		var err error
		if list[i], err = happened(a, &h.repeats); err != nil { // it stands in the way of nothing
			h.log.Error("an event cannot be read", "sequence", a.Sequence, "err", err)
		}
	}
	// The history answers in the end, or this process is of no use anyway; to go on without it would show what was erased.
	backoff := process.Backoff{Most: 2 * time.Second}
	for {
		err := h.amended(ctx, list)
		if err == nil {
			break
		}
		h.trouble.Report(h.log, "the live feed waits for the call history", err)
		if !backoff.Wait(ctx) {
			return err
		}
	}
	for i, a := range page {
		h.add(a.Sequence, list[i])
	}
	return nil
}

// amended adds to calls what people did to them: what is told of a call is what a list shows of it.
func (h *hub) amended(ctx context.Context, list []*happening) error {
	var calls []call.Call
	for _, x := range list {
		if x != nil && x.call != nil {
			calls = append(calls, *x.call)
		}
	}
	if len(calls) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, amendWait)
	defer cancel()
	if err := h.amend(ctx, calls); err != nil {
		return err
	}
	for _, x := range list {
		if x != nil && x.call != nil {
			x.call, calls = &calls[0], calls[1:]
		}
	}
	return nil
}

// refreshed gives what has stood in the ring for a while as it is by now, for one who comes back: since then tags may have
// changed, or a recording been erased.
func (h *hub) refreshed(ctx context.Context, list []*happening) ([]*happening, error) {
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	fresh := make([]*happening, len(list))
	for i, x := range list {
		fresh[i] = &happening{seq: x.seq, kind: x.kind, id: x.id, org: x.org, call: x.call}
	}
	return fresh, h.amended(ctx, fresh)
}

// amendWait is how long the history may take for that.
const amendWait = 5 * time.Second

// happened reads an event; nil for one that says nothing new.
func happened(a jetstream.Announced, r *repeats) (*happening, error) {
	var e call.Event
	if err := json.Unmarshal(a.Data, &e); err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	if r.known(&e) {
		return nil, nil
	}
	x := &happening{seq: a.Sequence, kind: e.Kind, id: e.ID, org: e.OrgID, size: 1536 + 4*(len(e.Call)+len(e.Inward))}
	switch e.Kind {
	case call.EventRemoved, call.EventErased:
		return x, nil
	}
	c, err := e.ReadCall()
	if err != nil {
		return nil, err
	}
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
	next = at
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
		next.seq = a.Sequence
	}
	if err := h.amended(ctx, list); err != nil {
		*r = repeats{} // the page is read again
		return nil, at, err
	}
	return list, next, nil
}
