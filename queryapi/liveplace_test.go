package main

import (
	"strings"
	"testing"
)

// An id leads back to its place, at every process with the secret; it tells nothing, and nobody else can make one.
func TestPlaceIDs(t *testing.T) {
	t.Parallel()
	p, at := newPlaceIDs(secret), place{1795275062792, 41}
	id := p.id(at)
	for _, other := range []placeIDs{p, newPlaceIDs(secret)} {
		if got, known := other.read(id); !known || got != at {
			t.Errorf("%q leads to %v, %v", id, got, known)
		}
	}
	if again := p.id(at); again == id || len(again) != len(id) || len(p.id(place{1, 1 << 60})) != len(id) {
		t.Errorf("%q and %q can be compared", id, again)
	}
	for _, stranger := range []placeIDs{newPlaceIDs(secret + "x"), newPlaceIDs(""), newPlaceIDs("")} {
		if got, known := stranger.read(id); known {
			t.Errorf("another secret reads %v", got)
		}
	}
	for _, wrong := range []string{"", "1.1", id[:len(id)-1], id + "A", strings.ToLower(id), id[1:], "\x00", strings.Repeat("A", len(id))} {
		if got, known := p.read(wrong); known {
			t.Errorf("%q is read as %v", wrong, got)
		}
	}
}
