package main

import (
	"context"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

// Recordings are erased on request by queryapi, which writes nothing into calls. From the moment that an erasure is noted
// whoever reads a call is not shown its recording; here the reference leaves the rows themselves, and does not come back
// with a row that the log or the PBX brings once more.

// erasures is what the store knows of recordings that were erased.
type erasures interface {
	Erasures(ctx context.Context, ids []uint64) ([]clickhouse.Erasure, error)
	SaveErasures(ctx context.Context, list []clickhouse.Erasure) error
	Unerased(ctx context.Context, erased, stored time.Time) ([]call.Call, error)
}

// erase takes the reference out of arrivals whose recordings were erased. Only rows that were stored before can be among
// them, and those are looked up anyway; one that is plain was never seen by whoever erases.
func (p *plan) erase(ctx context.Context, w wave, ids []uint64) error {
	list, err := p.store.Erasures(ctx, ids)
	if err != nil {
		return err
	}
	files := make(map[uint64][]string, len(list))
	for _, e := range list {
		if e.Done { // until then the name is needed to finish it
			files[e.ID] = append(files[e.ID], e.File)
		}
	}
	for i := range w.arrivals {
		a := &w.arrivals[i]
		if names, found := files[a.call.ID]; found {
			a.came = a.call.RawHash
			a.call.EraseRecording(true, names...)
		}
	}
	return nil
}

// reads tells whether the arrival is the row with this hash: as it came, or without its recording.
func (a *arrival) reads(hash uint64) bool {
	return hash == a.call.RawHash || a.came != 0 && hash == a.came
}

const (
	eraseEvery = 30 * time.Second
	// eraseOverlap is how far a look reaches back behind the one before: for clocks that differ, and for rows that were on
	// their way. The first one of a process reaches back over all erasures.
	eraseOverlap  = time.Hour
	eraseFirstFor = 7 * 24 * time.Hour // of rows stored
)

// erases looks every now and then for stored rows that still lead to a recording that was erased. One enricher of
// many looks, and it writes no call: the rows go through the log once more, to the one that holds their partition.
func (e *enricher) erases(ctx context.Context, held func() []int, zone zoneOf, publish publishes) {
	var (
		trouble process.Trouble
		erased  time.Time
		stored  = time.Now().Add(-eraseFirstFor)
	)
	for process.Pause(ctx, eraseEvery) {
		if !slices.Contains(held(), mendPartition) {
			continue
		}
		now := time.Now()
		n, err := e.eraseStored(ctx, erased, stored, zone, publish)
		switch {
		case err != nil && ctx.Err() == nil:
			trouble.Report(e.log, "look for rows that lead to erased recordings", err)
		case err == nil:
			trouble.Over(e.log, "looking for rows that lead to erased recordings works again")
			erased, stored = now.Add(-eraseOverlap), now.Add(-eraseOverlap)
			if n > 0 {
				e.log.Info("references to erased recordings are taken out", "rows", n)
			}
		}
	}
}

// eraseStored publishes the rows in question, of what was erased or stored since then, and tells how many.
func (e *enricher) eraseStored(ctx context.Context, erased, stored time.Time, zone zoneOf, publish publishes) (int, error) {
	calls, err := e.store.Unerased(ctx, erased, stored)
	if err != nil || len(calls) == 0 {
		return 0, err
	}
	if err := e.eraseLate(ctx, calls); err != nil {
		return 0, err
	}
	for i := range calls {
		if err := republish(ctx, &calls[i], zone, publish); err != nil {
			return 0, err
		}
	}
	return len(calls), nil
}

// eraseLate notes the erasure of calls that are there for the name of their file alone: legs that came after the others of
// their conversation had lost it.
func (e *enricher) eraseLate(ctx context.Context, calls []call.Call) error {
	ids := make([]uint64, len(calls))
	for i := range calls {
		ids[i] = calls[i].ID
	}
	known, err := e.store.Erasures(ctx, ids)
	if err != nil {
		return err
	}
	var late []clickhouse.Erasure
	for i := range calls {
		c := &calls[i]
		if !slices.ContainsFunc(known, func(k clickhouse.Erasure) bool { return k.ID == c.ID && k.Done }) {
			late = append(late, clickhouse.Erasure{
				ID: c.ID, OrgID: c.OrgID, Done: true, Source: c.Source, File: c.Recordingfile, ConversationID: c.ConversationID(), Calldate: c.Calldate,
			})
		}
	}
	return e.store.SaveErasures(ctx, late)
}

// republish a stored row, to be understood anew.
func republish(ctx context.Context, c *call.Call, zone zoneOf, publish publishes) error {
	name, err := zone(ctx, c.Source)
	if err != nil {
		return err
	}
	o, row := rawOf(c, name)
	o.Kind = call.KindRegenerate
	b := call.NewBuilder(o, partition(c, &row))
	b.AppendRow(&row)
	return publish(ctx, c.Source, []call.Chunk{b.Chunk()})
}
