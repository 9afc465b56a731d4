package main

import (
	"sync"

	"github.com/cdrflow/cdrflow/services/call"
)

// repeats remembers the calls that were settled lately, so that an event that comes again because an acknowledgement was
// lost is not posted again. It may forget: the idempotency key is what counts.
type repeats struct {
	mu    sync.Mutex
	known map[told]struct{}
	order [8192]told // oldest at next
	next  int
}

// told names one telling of one call.
type told struct {
	id      uint64
	version call.Version
}

func newRepeats() *repeats { return &repeats{known: map[told]struct{}{}} }

func (r *repeats) has(e call.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.known[told{e.ID, e.Version}]
	return ok
}

func (r *repeats) add(e call.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := told{e.ID, e.Version}
	if _, ok := r.known[one]; ok {
		return
	}
	delete(r.known, r.order[r.next])
	r.order[r.next], r.known[one] = one, struct{}{}
	r.next = (r.next + 1) % len(r.order)
}
