package main

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestDelay(t *testing.T) {
	t.Parallel()
	var p patience
	for _, test := range []struct {
		delivered   uint64
		asked, want time.Duration
	}{
		{0, 0, time.Second}, // a server that does not count
		{1, 0, time.Second},
		{2, 0, 2 * time.Second},
		{5, 0, 16 * time.Second},
		{9, 0, 256 * time.Second},
		{10, 0, longestDelay},
		{1 << 40, 0, longestDelay},
		{1, 17 * time.Second, 17 * time.Second},
		{9, 17 * time.Second, 256 * time.Second},
		{1, time.Hour, time.Hour},
	} {
		if got := p.delay(test.delivered, test.asked); got != test.want {
			t.Errorf("delivered %d times, asked for %s: %s, want %s", test.delivered, test.asked, got, test.want)
		}
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	p := patience{giveUpAfter: 72 * time.Hour}
	for _, test := range []struct {
		waited    time.Duration
		delivered uint64
		sick      bool
		want      bool
	}{
		{71 * time.Hour, 1000, false, false}, // LogsUpdate is away: the call waits
		{72 * time.Hour, 1, false, true},
		{2 * time.Hour, 9, true, false},
		{2 * time.Hour, 10, true, true},
		{59 * time.Minute, 100, true, false},
	} {
		if got := p.over(test.waited, test.delivered, test.sick); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	r := newRepeats()
	event := func(id uint64, version call.Version) call.Event { return call.Event{ID: id, Version: version} }
	r.add(event(1, 1))
	for range len(r.order) { // the same again takes no room
		r.add(event(2, 1))
	}
	if !r.has(event(1, 1)) || !r.has(event(2, 1)) || r.has(event(1, 2)) || r.has(event(3, 1)) {
		t.Error("it remembers something else than it was told")
	}
	for i := range uint64(len(r.order)) {
		r.add(event(i+10, 1))
	}
	if r.has(event(1, 1)) || len(r.known) != len(r.order) {
		t.Errorf("it remembers %d, and the oldest: %v", len(r.known), r.has(event(1, 1)))
	}
}
