package main

import (
	"context"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// searchLog looks for missing rows on the log, from its end backwards: so the first reading of a row that is met is the
// newest. It ends where no older chunk can hold a row that is wanted, since no row was written after its chunk came.
func (g *generation) searchLog(ctx context.Context) error {
	var block []lacking
	mind := newUnderstanding(nil) // for times alone
	for chunk, err := range g.bus.Backwards(ctx, g.flags.from, g.head) {
		if err != nil {
			return err
		}
		if g.enough(chunk.Stored) {
			break
		}
		// What was published to be understood anew, or replayed, is a copy of a reading further back.
		if chunk.Kind == call.KindRegenerate || chunk.Kind == call.KindReplay {
			continue
		}
		block = g.gather(block, chunk, mind)
		if len(block) >= lookedUpAtOnce {
			if err := g.look(ctx, block); err != nil {
				return err
			}
			block = block[:0]
		}
	}
	return g.look(ctx, block)
}

// enough tells that a chunk of a time, and every chunk before it, can have nothing that is wanted.
func (g *generation) enough(stored time.Time) bool {
	at := call.InstantOf(stored) + slack
	if g.flags.since != 0 && at < g.flags.since {
		return true
	}
	// Rows of the future have a wrong clock, which says nothing of the others.
	oldest, full := g.missing.full()
	return full && at < oldest && oldest <= call.InstantOf(time.Now())
}

// gather the rows of a chunk that were not met before. A chunk that cannot be read is parked, and nobody misses it here.
func (g *generation) gather(block []lacking, chunk *jetstream.Logged, mind *understanding) []lacking {
	r, err := chunk.Open()
	if err != nil {
		return block
	}
	clock, err := mind.clock(r.Origin.Zone)
	if err != nil {
		return block
	}
	for row := (call.Row{}); r.Next(&row); {
		id := call.ID(r.Origin.SourceNumber, row.ID)
		if !g.seen.add(id) {
			continue
		}
		c := call.Call{Source: chunk.Source}
		mind.times(r.Origin.Table, clock, &row, &c)
		if c.Calldate >= g.flags.since && g.tried.lacks(id) {
			block = append(block, lacking{source: chunk.Source, id: id, at: c.Calldate, sequence: chunk.Sequence})
		}
	}
	return block
}
