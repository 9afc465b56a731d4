package main

import (
	"fmt"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// understood is a batch of the log. Its memory is used again for the next batch.
type understood struct {
	calls     []call.Call
	limit     int // of rows, by the headers of the chunks
	arrivals  []arrival
	sequences []uint64 // the chunks that the rows came from
	parked    []jetstream.Parked
	plain     bool // every row is provably new
	rules     uint32
	zones     map[string]string // by source, for rows that have to be parked
	stored    int               // rows that arrived and were written, tombstones not counted
	corrected int               // rows of the store that were written anew, since a row that arrived says more of them
	refused   map[uint64]bool   // rows that the store would not take
	early     []early
}

// early are rows [from, to) of a batch that were read before any row had shown the habit of their PBX.
type early struct {
	from, to int
	delivery *jetstream.Delivery
	zone     string
	clock    *clock
	habit    *habit
}

// read decodes a batch. A chunk that cannot be read, wholly or from some row on, is parked as it
// came; its neighbours pass.
func (e *enricher) read(deliveries []jetstream.Delivery, h clickhouse.Horizon) *understood {
	u := &e.batch
	*u = understood{
		calls: u.calls[:0], arrivals: u.arrivals[:0], sequences: u.sequences[:0], early: u.early[:0], plain: true, zones: map[string]string{},
	}
	mind := e.mind()
	u.rules = mind.rules.revision
	rows := 0
	for i := range deliveries {
		rows += deliveries[i].Count
	}
	// Arrivals point into calls, which must not move; behind them is room for corrections of other rows, since a batch is
	// written as one block.
	u.calls = slices.Grow(u.calls, rows+rows/8)[:0]
	u.limit = rows
	for i := range deliveries {
		d := &deliveries[i]
		if slices.Contains(u.sequences, d.Sequence) {
			continue // delivered twice within one batch
		}
		u.sequences = append(u.sequences, d.Sequence)
		if err := e.readChunk(u, mind, d, h); err != nil {
			u.parked = append(u.parked, jetstream.Parked{
				Stage: stage, ID: fmt.Sprintf("chunk-%d-%d", e.epoch, d.Sequence), Reason: err.Error(), Subject: d.Subject,
				Version: call.NewVersion(e.epoch, d.Sequence, 0), At: d.Stored, Body: d.Data,
			})
		}
	}
	e.readAgain(u, mind)
	return u
}

// readAgain the rows that were read as local times before another row of the batch showed that their PBX writes UTC: with
// its first batch a worker knows nothing of any PBX.
func (e *enricher) readAgain(u *understood, mind *understanding) {
	for _, one := range u.early {
		if !one.habit.utc {
			continue
		}
		for i := one.from; i < one.to; i++ {
			c := &u.calls[i]
			o, row := rawOf(c, one.zone)
			mind.row(&o, one.clock, &row, c.Version, c)
			u.arrivals[i].fresh = isFresh(one.delivery.Kind, one.delivery.Stored, c, e.cfg.AnnounceWindow)
		}
	}
}

func (e *enricher) readChunk(u *understood, mind *understanding, d *jetstream.Delivery, h clickhouse.Horizon) error {
	reader, err := call.NewReader(d.Data)
	if err != nil {
		return err
	}
	clock, err := mind.clock(reader.Origin.Zone)
	if err != nil {
		return err
	}
	u.zones[reader.Origin.Source] = reader.Origin.Zone
	version := call.NewVersion(e.epoch, d.Sequence, 0)
	if d.Kind == call.KindReplay {
		version = d.Version // a parked row keeps its place in history
	}
	habit := mind.habits.of(reader.Origin.Source, clock)
	if !habit.shown {
		u.early = append(u.early, early{from: len(u.calls), to: len(u.calls), delivery: d, zone: reader.Origin.Zone, clock: clock, habit: habit})
	}
	var row call.Row
	for reader.Next(&row) {
		if len(u.calls) == u.limit {
			return fmt.Errorf("%w: more rows than its header says", call.ErrMalformed)
		}
		u.calls = u.calls[:len(u.calls)+1]
		if !habit.shown {
			u.early[len(u.early)-1].to = len(u.calls)
		}
		c := &u.calls[len(u.calls)-1]
		mind.row(&reader.Origin, clock, &row, version, c)
		a := arrival{
			call: c, kind: d.Kind, fresh: isFresh(d.Kind, d.Stored, c, e.cfg.AnnounceWindow),
			plain: neverStored(d.Kind, d.Delivered, c, h),
		}
		u.plain = u.plain && a.plain
		u.arrivals = append(u.arrivals, a)
	}
	return reader.Err()
}
