package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// A client that leaves and comes back again and again, while calls come in, hears each once; whether what it missed is in
// the ring or has to be read from the stream.
func TestLiveResume(t *testing.T) {
	t.Parallel()
	for _, most := range []int{20, ringHappenings} {
		t.Run(fmt.Sprint("ring of ", most), func(t *testing.T) {
			t.Parallel()
			f := newFeed(t, nil)
			f.follow(t, most)
			const count = 500
			var telling sync.WaitGroup
			defer telling.Wait()
			token := tokenOf(t, "agent", 1)
			e := f.listen(t, token, "")
			telling.Go(func() {
				for id := uint64(1); id <= count; id += 5 {
					var some []call.Event
					for i := range uint64(5) {
						some = append(some, event(call.EventNew, missed(id+i, 1), 1), event(call.EventNew, missed(count+id+i, 2), 1))
					}
					if err := f.bus.Tell(t.Context(), some); err != nil {
						t.Error(err)
						return
					}
				}
			})
			visits := 1
			for id := uint64(1); id <= count; {
				x, open := <-e.events
				if !open || x.name == "end" && strings.Contains(x.data, "too_slow") {
					place := e.place()
					e.leave()
					e = f.listen(t, token, "", "Last-Event-ID", place)
					continue
				}
				if x.name != "call" || idIn(x.data) != fmt.Sprint(id) {
					t.Fatalf("heard %s %s where call %d is due", x.name, idIn(x.data), id)
				}
				if id++; id%37 == 0 { // what is on its way to it then, it has not heard
					visits++
					e.leave()
					if visits%2 == 0 {
						e = f.listen(t, token, "?last_event_id="+x.id)
					} else {
						e = f.listen(t, token, "?last_event_id=1.1", "Last-Event-ID", x.id) // as an EventSource does
					}
				}
			}
			telling.Wait()
			if rest := f.fence(t, e, 1); len(rest) > 0 {
				t.Errorf("heard %v besides", rest)
			}
			if visits < 10 {
				t.Errorf("only %d visits", visits)
			}
		})
	}
}

// NATS may go and come back: streams stay, and hear all in the end.
func TestLiveWhileNATSRestarts(t *testing.T) {
	t.Parallel()
	f := newFeed(t, func(c *config) { c.LiveHeartbeat = 100 * time.Millisecond })
	token := tokenOf(t, "agent", 1)
	before := f.listen(t, token, "")
	f.tell(t, event(call.EventNew, missed(1, 1), 1))
	if x := before.next(t); idIn(x.data) != "1" {
		t.Fatal(x)
	}
	f.nats.Stop(t)
	beats := before.heartbeats()
	servertest.Eventually(t, time.Minute, func() bool { return before.heartbeats() > beats+2 }, "the heart beats on")
	during := f.listen(t, token, "", "Last-Event-ID", before.place())
	f.nats.Start(t)
	servertest.Eventually(t, time.Minute, func() error {
		return f.bus.Tell(t.Context(), []call.Event{event(call.EventNew, missed(2, 1), 1)})
	}, "events are told again")
	for _, e := range []*ear{before, during} {
		if x := e.next(t); x.name != "call" || idIn(x.data) != "2" {
			t.Errorf("heard %v", x)
		}
	}
	if rest := append(f.fence(t, before, 1), f.fence(t, during, 1)...); len(rest) > 0 {
		t.Errorf("heard %v besides", rest)
	}
}

// A place that is no more is told as such: the caller reads the list again.
func TestLiveReset(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	f.follow(t, 5)
	token := tokenOf(t, "agent", 1)
	first := f.listen(t, token, "").place()
	tell := func(from, to uint64) {
		t.Helper()
		for id := from; id <= to; id++ {
			f.tell(t, event(call.EventNew, missed(id, 1), 1))
		}
	}
	tell(1, 10)
	servertest.Eventually(t, time.Minute, func() bool { at, _ := f.live.here(); return at.seq == 10 }, "the hub has heard all")
	if got := f.fence(t, f.listen(t, token, "", "Last-Event-ID", first), 1); len(got) != 10 || got[0] != "call 1" {
		t.Errorf("heard %v, want all ten from the stream", got)
	}
	createStreams(t, f.bus, 32<<10) // from now on it holds a dozen
	tell(11, 60)
	servertest.Eventually(t, time.Minute, func() bool { at, _ := f.live.here(); return at.seq == 61 }, "the hub has heard all")
	began, known := f.live.places.read(first)
	if !known {
		t.Fatalf("%q is no place", first)
	}
	reset := func(why, id string) {
		t.Helper()
		e := f.listen(t, token, "", "Last-Event-ID", id)
		if x := e.next(t); x.name != "reset" || x.data != `{"code":"position_gone"}` || x.id == id {
			t.Errorf("%s: heard %v, want a reset", why, x)
		}
		if rest := f.fence(t, e, 1); len(rest) > 0 {
			t.Errorf("%s: heard %v behind the reset", why, rest)
		}
	}
	reset("aged out", first)
	reset("never there", f.live.places.id(place{began.born, 999999}))
	reset("of an older stream", f.live.places.id(place{1, 30}))
	if got := f.fence(t, f.listen(t, token, "", "Last-Event-ID", f.live.places.id(place{began.born, 52})), 1); len(got) < 9 || got[0] != "call 52" {
		t.Errorf("what is still there is told as %v", got)
	}

	// The stream is made anew under everybody's feet: here it is one on another server.
	open := f.listen(t, token, "")
	f.fence(t, open, 1)
	anew, err := jetstream.Connect(t.Context(), jetstream.Config{URL: servertest.NATS(t).URL}, "test", newTestLog(f.log))
	if err != nil {
		t.Fatal(err)
	}
	createStreams(t, anew, 1<<30)
	f.bus = anew
	f.line.bus.Swap(anew).Close()
	if x := open.next(t); x.name != "reset" {
		t.Errorf("heard %v, want a reset", x)
	}
	if rest := f.fence(t, open, 1); len(rest) > 0 {
		t.Errorf("heard %v behind the reset", rest)
	}
	reset("of the stream before", f.live.places.id(place{began.born, 60}))
}
