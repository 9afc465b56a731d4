package main

import (
	"context"
	"errors"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// keep writes the block; a row that the store refuses for what is in it is parked, and the others pass.
func (e *enricher) keep(ctx context.Context, u *understood, write []call.Call) error {
	if len(write) == 0 {
		return nil
	}
	err := e.store.Insert(ctx, write, insertToken(e.epoch, u.sequences, u.rules, clickhouse.SchemaVersion(), write))
	if !errors.Is(err, clickhouse.ErrRefused) || (len(write) == 1 && write[0].Removed) {
		return err
	}
	if len(write) > 1 {
		half := len(write) / 2
		if err := e.keep(ctx, u, write[:half]); err != nil {
			return err
		}
		return e.keep(ctx, u, write[half:])
	}
	c := &write[0]
	if u.refused == nil {
		u.refused = map[uint64]bool{}
	}
	u.refused[c.ID] = true
	u.stored--
	e.metrics.rows.WithLabelValues("parked").Inc()
	e.log.Warn("row parked", "id", c.ID, "err", err)
	return e.bus.Park(ctx, parkedRow(c, u.zones[c.Source], err))
}

// tellAtOnce is what one atomic batch of CALL messages may hold.
const tellAtOnce = 1000

// tell announces the fresh rows of a plain wave, made piece by piece so that a batch of 20,000 rows is not held as text as
// well, and then events.
func (e *enricher) tell(ctx context.Context, u *understood, wave wave, events []call.Event) error {
	piece := make([]call.Event, 0, min(tellAtOnce, len(wave.arrivals)))
	flush := func() error {
		if len(piece) == 0 {
			return nil
		}
		if err := e.bus.Tell(ctx, piece); err != nil {
			return err
		}
		e.metrics.told.Add(float64(len(piece)))
		piece = piece[:0]
		return nil
	}
	if wave.plain {
		for i := range wave.arrivals {
			if a := &wave.arrivals[i]; a.fresh && !u.refused[a.call.ID] {
				piece = append(piece, call.NewEvent(call.EventNew, a.call))
			}
			if len(piece) == tellAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	for i := range events {
		if u.refused[events[i].ID] {
			continue
		}
		piece = append(piece, events[i])
		if len(piece) == tellAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
