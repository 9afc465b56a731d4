package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// published is a row as it lies on the log.
type published struct {
	sequence  uint64
	partition int
	kind      call.Kind
	origin    call.Origin
	row       call.Row
}

func (p *published) text(column string) string {
	v, ok := p.row.Value(p.origin.Table, column)
	if !ok {
		return "NULL"
	}
	return v
}

// reader gathers all that is on the log.
type reader struct {
	t    *testing.T
	mu   sync.Mutex
	rows []published
	seen map[uint64]bool
}

// read starts reading the log from its beginning.
func (s *site) read() *reader {
	s.t.Helper()
	r := &reader{t: s.t, seen: map[uint64]bool{}}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	c, err := s.bus.Consume(ctx, jetstream.Consume{
		Stage: "reader", Stream: jetstream.StreamCDR, BatchRows: 50_000, BatchBytes: 64 << 20, BatchWait: 20 * time.Millisecond, AckWait: time.Minute,
	})
	if err != nil {
		stop()
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			batch, err := c.Next(ctx)
			if err != nil {
				continue
			}
			for i := range batch.Deliveries {
				r.take(&batch.Deliveries[i])
			}
			_ = batch.Done(ctx)
		}
	}()
	s.t.Cleanup(func() {
		stop()
		<-done
		c.Close(context.Background())
	})
	return r
}

func (r *reader) take(d *jetstream.Delivery) {
	reader, err := call.NewReader(d.Data)
	if err != nil {
		r.t.Errorf("chunk %d: %v", d.Sequence, err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[d.Sequence] {
		return
	}
	r.seen[d.Sequence] = true
	var row call.Row
	count := 0
	for reader.Next(&row) {
		r.rows = append(r.rows, published{d.Sequence, d.Partition, d.Kind, reader.Origin, call.CloneRow(&row)})
		count++
	}
	if reader.Err() != nil || count != d.Count || d.Kind != reader.Origin.Kind {
		r.t.Errorf("chunk %d: %d rows, header says %d; kind %s and %s; %v", d.Sequence, count, d.Count, d.Kind, reader.Origin.Kind, reader.Err())
	}
}

// all rows so far, in the order of the log.
func (r *reader) all() []published {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := slices.Clone(r.rows)
	slices.SortStableFunc(rows, func(a, b published) int { return int(a.sequence) - int(b.sequence) })
	return rows
}

// ids of a kind, sorted.
func (r *reader) ids(kind call.Kind) []uint64 {
	var ids []uint64
	for _, row := range r.all() {
		if row.kind == kind {
			ids = append(ids, row.row.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// last is the newest reading of a row; nil where there is none.
func (r *reader) last(id uint64) *published {
	rows := r.all()
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].row.ID == id {
			return &rows[i]
		}
	}
	return nil
}

func span(from, to uint64) []uint64 {
	var ids []uint64
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// wants waits until the rows of a kind are exactly these.
func (r *reader) wants(kind call.Kind, ids []uint64) {
	r.t.Helper()
	servertest.Eventually(r.t, soon, func() error {
		if got := r.ids(kind); !slices.Equal(got, ids) {
			return fmt.Errorf("%d rows of kind %s, want %d: got %s, want %s", len(got), kind, len(ids), brief(got), brief(ids))
		}
		return nil
	}, "rows of kind "+string(kind))
}

func brief(ids []uint64) string {
	if len(ids) > 20 {
		return fmt.Sprintf("%v … %v", ids[:10], ids[len(ids)-10:])
	}
	return fmt.Sprint(ids)
}
