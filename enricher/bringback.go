package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// publish missing rows, the newest first.
func (g *generation) publish(ctx context.Context, list []lacking) error {
	all, done := len(list), 0
	g.feed.far = func() string {
		return fmt.Sprintf("%d of %d missing rows published (%d %%)", done, all, percent(uint64(done), uint64(all)))
	}
	for len(list) > 0 {
		part := list[:min(len(list), portionRows)]
		list = list[len(part):]
		rest, err := g.fromLog(ctx, part)
		if err != nil {
			return err
		}
		for source, rows := range rest {
			if err := g.fromTable(ctx, source, rows); err != nil {
				return err
			}
		}
		done += len(part)
		if g.out.due() {
			g.feed.report(ctx)
		}
	}
	return nil
}

// fromLog publishes those rows that the log holds and that their poller does not compare any more; it returns the others
// by their source. While a poller compares a row it may publish a newer reading of it at any moment, which a reading
// published from here would hide: the poller itself cannot do that.
func (g *generation) fromLog(ctx context.Context, rows []lacking) (map[string][]lacking, error) {
	rest := map[string][]lacking{}
	var held []lacking
	for _, a := range rows {
		if a.sequence == 0 || g.watched(a) {
			rest[a.source] = append(rest[a.source], a)
			continue
		}
		held = append(held, a)
	}
	gone, err := g.fill(ctx, held, g.bus.PublishChunks)
	if err != nil {
		return nil, err
	}
	for _, a := range gone {
		rest[a.source] = append(rest[a.source], a)
	}
	return rest, g.feed.send(ctx, g.bus.PublishChunks)
}

// watched tells whether the row's poller compares it, or would if it ran.
func (g *generation) watched(a lacking) bool {
	number, row := call.SplitID(a.id)
	mark := g.sources[a.source]
	return mark != nil && number == mark.SourceNumber && row > mark.LookBackID
}

// fill the feed with rows out of their chunks. It returns those whose chunk has aged away meanwhile.
func (g *generation) fill(ctx context.Context, rows []lacking, publish publishes) (gone []lacking, err error) {
	slices.SortStableFunc(rows, func(a, b lacking) int { return int(int64(b.sequence) - int64(a.sequence)) })
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].sequence == rows[0].sequence {
			n++
		}
		left, err := g.unpack(ctx, rows[:n])
		if err != nil {
			return nil, err
		}
		gone, rows = append(gone, left...), rows[n:]
		if g.feed.full() {
			if err := g.feed.send(ctx, publish); err != nil {
				return nil, err
			}
		}
	}
	return gone, nil
}

// unpack rows of one chunk.
func (g *generation) unpack(ctx context.Context, rows []lacking) (gone []lacking, err error) {
	var chunk *jetstream.Logged
	var there bool
	err = persist(ctx, g.log, "read the log", func() error {
		chunk, there, err = g.bus.Chunk(ctx, rows[0].sequence)
		return err
	})
	if err != nil || !there {
		return rows, err
	}
	r, err := chunk.Open()
	if err != nil {
		return nil, err
	}
	wanted := make(map[uint64]bool, len(rows))
	for _, a := range rows {
		wanted[a.id] = true
	}
	for row := (call.Row{}); r.Next(&row); {
		if wanted[call.ID(r.Origin.SourceNumber, row.ID)] {
			g.feed.add(r.Origin, chunk.Partition, &row)
		}
	}
	return nil, nil
}

// fromTable has the poller of a source publish rows.
func (g *generation) fromTable(ctx context.Context, source string, rows []lacking) error {
	slices.SortFunc(rows, func(a, b lacking) int { return int(int64(a.id) - int64(b.id)) })
	for len(rows) > 0 {
		part := rows[:min(len(rows), jetstream.MostAgain)]
		ids := make([]uint64, len(part))
		for i := range part {
			_, ids[i] = call.SplitID(part[i].id)
		}
		if err := g.feed.room(ctx); err != nil {
			return err
		}
		again, err := askPoller(ctx, g, source, func() (jetstream.Again, error) { return g.bus.PublishAgain(ctx, source, ids) })
		switch {
		case errors.Is(err, errSilent):
			return g.unpolled(ctx, source, rows)
		case err != nil:
			return err
		case again.Full:
			g.out.say("waiting until the log has room for the poller of %s", source)
			if !process.Pause(ctx, roomEvery) {
				return ctx.Err()
			}
			continue
		}
		read := len(part)
		if again.Next > 0 {
			read, _ = slices.BinarySearch(ids, again.Next)
		}
		rows = rows[read:]
		if err := g.feed.sent(ctx); err != nil {
			return err
		}
	}
	return nil
}

// unpolled publishes rows of a source whose poller gives no answer from the log, on condition that none publishes
// meanwhile: each portion goes together with the checkpoint as it was, and not at all where that has moved.
func (g *generation) unpolled(ctx context.Context, source string, rows []lacking) error {
	rows = slices.DeleteFunc(rows, func(a lacking) bool { return a.sequence == 0 })
	mark := g.sources[source]
	fenced := func(ctx context.Context, source string, chunks []call.Chunk) error {
		cp := mark.Checkpoint
		cp.Page++
		revision, err := g.bus.PublishPage(ctx, source, chunks, cp, mark.revision)
		if errors.Is(err, jetstream.ErrFenced) {
			return errMoved
		}
		if err == nil {
			mark.Checkpoint, mark.revision = cp, revision
		}
		return err
	}
	if _, err := g.fill(ctx, rows, fenced); err != nil {
		return err
	}
	return g.feed.send(ctx, fenced)
}
