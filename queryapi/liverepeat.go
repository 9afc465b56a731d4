package main

import (
	"github.com/cdrflow/cdrflow/services/call"
)

// repeats knows what was told lately, so that an event which was told twice, as happens when an enricher is killed, is
// handed on once; and that one which was overtaken by a newer reading of the same row is not handed on at all.
type repeats struct {
	told  map[uint64]*reading
	order []uint64 // ids, the oldest first
}

// reading of a row: the newest version that was told, and of which subjects.
type reading struct {
	version  call.Version
	subjects []subject
}

// subject is what a version was told of: one that moves is told as gone where it was and as there where it is.
type subject struct {
	org       uint32
	direction call.Direction
	gone      bool
}

// mostRemembered rows are remembered: some megabytes.
const mostRemembered = 1 << 16

// known tells whether the event says nothing new, and remembers it.
func (r *repeats) known(e *call.Event) bool {
	of := subject{e.OrgID, e.Direction, e.Kind == call.EventRemoved || e.Kind == call.EventErased}
	last := r.told[e.ID]
	switch {
	case last == nil:
		r.remember(e.ID, &reading{e.Version, []subject{of}})
	case e.Version < last.version:
		return true
	case e.Version > last.version:
		last.version, last.subjects = e.Version, []subject{of}
	default:
		for _, s := range last.subjects {
			if s == of {
				return true
			}
		}
		last.subjects = append(last.subjects, of)
	}
	return false
}

func (r *repeats) remember(id uint64, x *reading) {
	if r.told == nil {
		r.told = map[uint64]*reading{}
	}
	if len(r.order) >= mostRemembered {
		delete(r.told, r.order[0])
		r.order = r.order[1:]
	}
	r.told[id], r.order = x, append(r.order, id)
}
