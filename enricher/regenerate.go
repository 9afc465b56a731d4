package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// regeneration is where the command stands, as it is kept beside the log.
type regeneration struct {
	Total    uint64       `json:"total"` // rows that there were at the start
	Rows     uint64       `json:"rows"`  // published
	Calldate call.Instant `json:"calldate"`
	ID       uint64       `json:"id"` // the last row published
	Began    time.Time    `json:"began"`
}

// regenerate is the command that has stored rows understood anew. It writes none of them: it publishes their raw rows into
// their own partitions once more, so that the worker of a partition writes all versions of its rows.
func regenerate(ctx context.Context, p *process.Process) error {
	f, err := parseRegenerate(p)
	if err != nil {
		return err
	}
	if f.dryRun {
		return dryRun(ctx, p, f)
	}
	h, err := openHistory(ctx, p)
	if err != nil {
		return err
	}
	defer h.close()

	r := &regenerator{
		bus: h.bus, store: h.store, zones: zones{bus: h.bus, given: f.zones}, flags: f, out: newProgress(p.Out),
	}
	r.feed = newFeed(h.bus, p.Log, r.out, call.KindRegenerate)
	r.feed.far = r.far
	return r.run(ctx)
}

type regenerator struct {
	bus   *jetstream.Bus
	store *clickhouse.Store
	zones zones
	flags regenerateFlags
	out   *progress
	feed  *feed
	at    regeneration
}

func (r *regenerator) run(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	for more := true; more; {
		page, err := r.page(ctx)
		if err != nil {
			return err
		}
		if more = len(page) == portionRows; len(page) == 0 {
			break
		}
		if err := r.publish(ctx, page); err != nil {
			return err
		}
		// After the publication: a crash between the two publishes a portion twice, which is harmless.
		err = persist(ctx, r.feed.log, "keep the position", func() error { return r.bus.SavePosition(ctx, r.flags.key(), r.at) })
		if err != nil {
			return err
		}
	}
	if err := r.feed.drain(ctx); err != nil {
		return err
	}
	r.out.say("%d rows understood anew in %s", r.at.Rows, time.Since(r.at.Began).Round(time.Second))
	return r.bus.ForgetPosition(ctx, r.flags.key())
}

// begin where the same command was interrupted, or at the newest row.
func (r *regenerator) begin(ctx context.Context) error {
	if r.flags.restart {
		if err := r.bus.ForgetPosition(ctx, r.flags.key()); err != nil {
			return err
		}
	}
	found, err := r.bus.Position(ctx, r.flags.key(), &r.at)
	if err != nil {
		return err
	}
	if found {
		r.out.say("going on behind row %d of %s, %d of %d rows were published; --restart starts over", r.at.ID, moment(r.at.Calldate), r.at.Rows, r.at.Total)
		return nil
	}
	total, err := r.store.CountSpan(ctx, r.flags.span())
	if err != nil {
		return err
	}
	if r.flags.last > 0 {
		total = min(total, r.flags.last)
	}
	r.at = regeneration{Total: total, Began: time.Now().UTC()}
	r.out.say("%d rows to understand anew", total)
	return nil
}

// page of stored rows behind the position.
func (r *regenerator) page(ctx context.Context) (page []call.Call, err error) {
	q := r.flags.span()
	q.BeforeCalldate, q.BeforeID, q.Limit = r.at.Calldate, r.at.ID, portionRows
	if r.flags.last > 0 {
		q.Limit = int(min(uint64(q.Limit), r.flags.last-min(r.flags.last, r.at.Rows)))
	}
	if q.Limit == 0 {
		return nil, nil
	}
	err = persist(ctx, r.feed.log, "read the history", func() error {
		page, err = r.store.Span(ctx, q)
		return err
	})
	return page, err
}

func (r *regenerator) publish(ctx context.Context, page []call.Call) error {
	for i := range page {
		if err := r.zones.feed(ctx, r.feed, &page[i]); err != nil {
			return err
		}
		if r.feed.full() || i == len(page)-1 {
			if err := r.feed.send(ctx, r.bus.PublishChunks); err != nil {
				return err
			}
		}
	}
	last := &page[len(page)-1]
	r.at.Rows += uint64(len(page))
	r.at.Calldate, r.at.ID = last.Calldate, last.ID
	return nil
}

func (r *regenerator) far() string {
	return fmt.Sprintf("%d of %d rows published (%d %%), back to %s", r.at.Rows, r.at.Total, percent(r.at.Rows, r.at.Total), moment(r.at.Calldate))
}
