package main

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cdrflow/cdrflow/services/call"
)

// happening is an event of the CALL stream as all who listen share it.
type happening struct {
	seq  uint64
	kind call.EventKind
	id   uint64
	org  uint32
	call *call.Call // nil where the call is gone from its organisation, or erased
	size int        // bytes, about

	// What each view of the call shows, made when the first of its holders asks: a thousand hear of the same call.
	shown [views]atomic.Pointer[[]byte]
}

// shownTo gives the call as the holder may see it; nobody changes the bytes.
func (x *happening) shownTo(h *holder) []byte {
	view := &x.shown[h.view()]
	if text := view.Load(); text != nil {
		return *text
	}
	text := h.appendCall(nil, x.call)
	view.Store(&text)
	return text
}

// place in the CALL stream. A stream that was made anew counts from 1 again, so its birth tells the two apart.
type place struct {
	born int64 // Unix milliseconds
	seq  uint64
}

const (
	// What the ring of a process keeps at most: seconds of a busy house, an hour of a quiet one. Who is further behind reads
	// the stream.
	ringHappenings = 8192
	ringBytes      = 32 << 20
	// atOnce is how many happenings a listener takes in one go.
	atOnce = 256
)

var (
	// errBehind means that the ring does not reach back as far.
	errBehind = errors.New("further behind than the ring")
	// errAhead means that the ring has yet to get there: its process is behind the one that the caller comes from.
	errAhead = errors.New("ahead of the ring")
	// errElsewhere means that the place is in a stream that is no more.
	errElsewhere = errors.New("a place in another stream")
)

// ring holds the newest happenings for all who listen. Nothing in it is ever changed, so that what was handed out may be
// read without a lock.
type ring struct {
	most, mostBytes int

	mu      sync.RWMutex
	born    int64  // 0: there has been no stream yet
	floor   uint64 // everything behind this place is held
	head    uint64 // the newest place
	held    []*happening
	bytes   int
	changed chan struct{} // closed when head moves
}

// begin at a place, holding nothing.
func (r *ring) begin(at place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.born, r.floor, r.head, r.held, r.bytes = at.born, at.seq, at.seq, nil, 0
	r.moved()
}

// add what happened; nil moves the head on alone.
func (r *ring) add(seq uint64, x *happening) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head = seq
	if x != nil {
		r.held, r.bytes = append(r.held, x), r.bytes+x.size
	}
	for len(r.held) > r.most || r.bytes > r.mostBytes && len(r.held) > 1 {
		r.floor, r.bytes, r.held = r.held[0].seq, r.bytes-r.held[0].size, r.held[1:]
	}
	r.moved()
}

func (r *ring) moved() {
	if r.changed != nil {
		close(r.changed)
	}
	r.changed = make(chan struct{})
}

// here is the newest place; false before there was a stream.
func (r *ring) here() (place, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return place{r.born, r.head}, r.born != 0
}

// after gives what happened behind a place, up to atOnce, the place that this leads to, and what tells that there is more.
func (r *ring) after(at place) (list []*happening, next place, changed <-chan struct{}, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	switch {
	case at.born != r.born:
		return nil, at, r.changed, errElsewhere
	case at.seq < r.floor:
		return nil, at, r.changed, errBehind
	case at.seq > r.head:
		return nil, at, r.changed, errAhead
	}
	first, _ := slices.BinarySearchFunc(r.held, at.seq+1, func(x *happening, seq uint64) int {
		return cmp.Compare(x.seq, seq)
	})
	list = r.held[first:]
	if len(list) > atOnce {
		list = list[:atOnce]
		return list, place{at.born, list[atOnce-1].seq}, r.changed, nil
	}
	return list, place{at.born, r.head}, r.changed, nil
}
