package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// wanted is a count that a page asks for.
type wanted struct {
	list   string
	scope  clickhouse.Scope
	filter *clickhouse.Filter
	exact  bool      // it is waited for
	at     time.Time // when it was asked for
}

// count is one that is done or under way.
type count struct {
	done         chan struct{}
	n            uint64
	err          error
	began, ended time.Time
}

const (
	// countKept is how long a count of a large house is good for the next page.
	countKept = 10 * time.Second
	// countGrace is how long a page of a large house waits for its count.
	countGrace = 20 * time.Millisecond
	// smallHouse has so few rows that counting takes no time: there totals are always exact.
	smallHouse = 1_000_000
	sizeKept   = time.Minute
	mostCounts = 1000
)

// of a list: how many calls or conversations the scope has that the filter leaves. known is false where the count is still
// under way; who wants it exactly waits, and in a small house everybody does. Nobody else's page fails for want of a count.
func (t *totals) of(ctx context.Context, w wanted) (n uint64, known bool, err error) {
	small, err := t.small(ctx)
	if err != nil {
		return 0, false, err
	}
	c := t.start(ctx, w, small)
	var grace <-chan time.Time // nil: for ever
	if !w.exact && !small {
		timer := time.NewTimer(countGrace)
		defer timer.Stop()
		grace = timer.C
	}
	select {
	case <-c.done:
		if c.err != nil && !w.exact {
			return 0, false, nil // trouble was told
		}
		return c.n, c.err == nil, c.err
	case <-grace:
		return 0, false, nil
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
}

// ahead begins a count while its page is read, where that takes a moment: of a list that nothing narrows down.
func (t *totals) ahead(ctx context.Context, w wanted) {
	if !w.filter.Everything() {
		return
	}
	if small, err := t.small(ctx); err == nil {
		t.start(ctx, w, small)
	}
}

// start a count, or join one that is under way or was done a moment ago. A moment is too long for an exact one.
func (t *totals) start(ctx context.Context, w wanted, small bool) *count {
	text, _ := json.Marshal(struct { // numbers and texts: cannot fail
		List   string
		Scope  clickhouse.Scope
		Filter *clickhouse.Filter
	}{w.list, w.scope, w.filter})
	key := string(text)
	t.lock.Lock()
	defer t.lock.Unlock()
	if c := t.known[key]; c != nil && (c.fresh(0) || c.fresh(countKept) && !w.exact && !small || !c.began.Before(w.at)) {
		return c
	}
	if t.known == nil {
		t.known = map[string]*count{}
	}
	if len(t.known) >= mostCounts {
		for key, c := range t.known {
			if !c.fresh(countKept) {
				delete(t.known, key)
			}
		}
	}
	c := &count{done: make(chan struct{}), began: time.Now()}
	t.known[key] = c
	of := t.house.Count
	if w.list == listOfConversations {
		of = t.house.CountConversations
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), t.within, errSlow) // whoever asked may leave
	go func() {
		defer cancel()
		n, err := of(ctx, w.scope, w.filter)
		if err != nil && errors.Is(context.Cause(ctx), errSlow) {
			err = fmt.Errorf("%w: %w", errSlow, err)
		}
		t.lock.Lock()
		defer t.lock.Unlock()
		if c.n, c.err, c.ended = n, err, time.Now(); err != nil {
			if t.known[key] == c {
				delete(t.known, key)
			}
			t.trouble(err)
		}
		close(c.done)
	}()
	return c
}

// fresh tells whether it is under way, or was done no longer ago.
func (c *count) fresh(kept time.Duration) bool {
	select {
	case <-c.done:
		return time.Since(c.ended) < kept
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
