package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// pbx is a source as the log sees it: its rows come in pages with a checkpoint.
type pbx struct {
	d        *desk
	cp       call.Checkpoint
	revision uint64
	settled  uint64 // rows up to it are compared no more; 0: all
}

func (d *desk) pbx() *pbx {
	d.t.Helper()
	if err := d.bus.RememberSource(d.t.Context(), "pbx"); err != nil {
		d.t.Fatal(err)
	}
	if err := d.bus.RememberZone(d.t.Context(), "pbx", "UTC"); err != nil {
		d.t.Fatal(err)
	}
	return &pbx{d: d}
}

func (p *pbx) page(lines ...line) {
	p.d.t.Helper()
	for len(lines) > 0 {
		part := lines[:min(len(lines), 1000)]
		lines = lines[len(part):]
		p.cp.Source, p.cp.LastID = "pbx", part[len(part)-1].id
		p.cp.LookBackID = p.cp.LastID
		if p.settled > 0 {
			p.cp.LookBackID = min(p.settled, p.cp.LastID)
		}
		p.cp.Page++
		var err error
		if p.revision, err = p.d.bus.PublishPage(p.d.t.Context(), "pbx", chunks(call.KindPage, part...), p.cp, p.revision); err != nil {
			p.d.t.Fatal(err)
		}
	}
}

// minutely are n rows from id on, one a minute; row 1 is of the time given.
func minutely(id uint64, n int, first time.Time) []line {
	var lines []line
	for i := id; i < id+uint64(n); i++ {
		lines = append(lines, line{id: i, account: "1", src: fmt.Sprint(i), calldate: first.Add(time.Duration(i-1) * time.Minute)})
	}
	return lines
}

// ids that live in the history.
func (d *desk) ids() []uint64 {
	d.t.Helper()
	var ids []uint64
	for q := (clickhouse.SpanQuery{Limit: 10_000}); ; {
		page, err := d.store.Span(d.t.Context(), q)
		if err != nil {
			d.t.Fatal(err)
		}
		for i := range page {
			ids = append(ids, page[i].ID)
			q.BeforeCalldate, q.BeforeID = page[i].Calldate, page[i].ID
		}
		if len(page) < q.Limit {
			slices.Sort(ids)
			return ids
		}
	}
}

func (d *desk) wants(ids []uint64) {
	d.t.Helper()
	if got := d.ids(); !slices.Equal(got, ids) {
		d.t.Errorf("%d rows live, want %d: %s, want %s", len(got), len(ids), brief(got), brief(ids))
	}
}

func ids(from, to uint64) []uint64 {
	var list []uint64
	for id := from; id <= to; id++ {
		list = append(list, id)
	}
	return list
}

func brief(ids []uint64) string {
	if len(ids) > 12 {
		return fmt.Sprintf("%v … %v", ids[:6], ids[len(ids)-6:])
	}
	return fmt.Sprint(ids)
}

// answer for a poller whose table has these rows.
type table struct {
	d     *desk
	mu    sync.Mutex
	rows  []line // ids rise
	asked int    // rows that it published
}

func (d *desk) table(ctx context.Context, rows ...line) *table {
	d.t.Helper()
	t := &table{d: d, rows: rows}
	err := d.bus.AnswerNames(ctx, "pbx", func(_ context.Context, below uint64, limit int) (jetstream.Named, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		var named jetstream.Named
		for i := len(t.rows) - 1; i >= 0; i-- {
			if r := t.rows[i]; r.id < below {
				if len(named.IDs) == limit {
					return named, nil
				}
				named.IDs, named.Times = append(named.IDs, r.id), append(named.Times, r.calldate.Unix())
			}
		}
		named.End = true
		return named, nil
	})
	if err == nil {
		err = d.bus.AnswerAgain(ctx, "pbx", func(ctx context.Context, ids []uint64) (jetstream.Again, error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			var part []line
			for _, r := range t.rows {
				if _, wanted := slices.BinarySearch(ids, r.id); wanted {
					part = append(part, r)
				}
			}
			t.asked += len(part)
			return jetstream.Again{Rows: len(part)}, d.bus.PublishChunks(ctx, "pbx", chunks(call.KindBackfill, part...))
		})
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return t
}

func (t *table) published() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}
