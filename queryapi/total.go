package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// totals counts what lists have in all. A count reads the whole time of a list, a page only its end, so a page of a large
// house does not wait for its count: it goes on, and who asks next finds it.
type totals struct {
	house   history
	within  time.Duration // how long a count may take
	trouble func(error)   // hears of a count that failed when nobody waited for it

	lock  sync.Mutex
	known map[string]*count
	size  uint64 // rows of the house
	asked time.Time
}

// count is one that is done or under way.
type count struct {
	done  chan struct{}
	n     uint64
	err   error
	ended time.Time // when it was done
}

const (
	// countKept is how long a count is good for the next page.
	countKept = 10 * time.Second
	// countGrace is how long a page of a large house waits for its count.
	countGrace = 20 * time.Millisecond
	// smallHouse has so few rows that counting takes no time: there totals are always exact.
	smallHouse = 1_000_000
	sizeKept   = time.Minute
	mostCounts = 1000
)

// of a list: how many calls or conversations the scope has that the filter leaves. known is false where the count is still
// under way; with wait it is waited for, and in a small house always.
func (t *totals) of(ctx context.Context, list string, scope clickhouse.Scope, f *clickhouse.Filter, wait bool) (n uint64, known bool, err error) {
	small, err := t.small(ctx)
	if err != nil {
		return 0, false, err
	}
	c := t.start(ctx, list, scope, f)
	var grace <-chan time.Time // nil: for ever
	if !wait && !small {
		timer := time.NewTimer(countGrace)
		defer timer.Stop()
		grace = timer.C
	}
	select {
	case <-c.done:
		return c.n, c.err == nil, c.err
	case <-grace:
		return 0, false, nil
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
}

// ahead begins a count while its page is read, where that takes a moment: of a list that nothing narrows down.
func (t *totals) ahead(ctx context.Context, list string, scope clickhouse.Scope, f *clickhouse.Filter) {
	if f.Everything() {
		t.start(ctx, list, scope, f)
	}
}

// start a count, or join one that is under way or was done a moment ago.
func (t *totals) start(ctx context.Context, list string, scope clickhouse.Scope, f *clickhouse.Filter) *count {
	text, _ := json.Marshal(struct { // numbers and texts: cannot fail
		List   string
		Scope  clickhouse.Scope
		Filter *clickhouse.Filter
	}{list, scope, f})
	t.lock.Lock()
	defer t.lock.Unlock()
	if c := t.known[string(text)]; c != nil && c.fresh() {
		return c
	}
	if t.known == nil {
		t.known = map[string]*count{}
	}
	if len(t.known) >= mostCounts {
		for key, c := range t.known {
			if !c.fresh() {
				delete(t.known, key)
			}
		}
	}
	c := &count{done: make(chan struct{})}
	t.known[string(text)] = c
	of := t.house.Count
	if list == listOfConversations {
		of = t.house.CountConversations
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), t.within, errSlow) // whoever asked may leave
	go func() {
		defer cancel()
		n, err := of(ctx, scope, f)
		t.lock.Lock()
		defer t.lock.Unlock()
		if c.n, c.err, c.ended = n, err, time.Now(); err != nil {
			delete(t.known, string(text))
			t.trouble(err)
		}
		close(c.done)
	}()
	return c
}

func (c *count) fresh() bool {
	select {
	case <-c.done:
		return time.Since(c.ended) < countKept
	default:
		return true
	}
}

// small tells whether the house is.
func (t *totals) small(ctx context.Context) (bool, error) {
	t.lock.Lock()
	size, known := t.size, time.Since(t.asked) < sizeKept
	t.lock.Unlock()
	if !known {
		var err error
		if size, err = t.house.Size(ctx); err != nil {
			return false, err
		}
		t.lock.Lock()
		t.size, t.asked = size, time.Now()
		t.lock.Unlock()
	}
	return size <= smallHouse, nil
}
