package jetstream_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// publish rows id to id+n-1 in pages of 500.
func publish(t testing.TB, bus *jetstream.Bus, id, n int, revision uint64) uint64 {
	t.Helper()
	for n > 0 {
		part := min(n, 500)
		r, err := bus.PublishPage(t.Context(), "pbx", page(uint64(id), part), call.Checkpoint{LastID: uint64(id + part - 1), Page: revision}, revision)
		if err != nil {
			t.Fatal(err)
		}
		revision, id, n = r, id+part, n-part
	}
	return revision
}

// worker takes and acknowledges until ctx ends.
func worker(ctx context.Context, t testing.TB, c *jetstream.Consumer, lock *sync.Mutex, seen map[uint64]int) {
	for ctx.Err() == nil {
		b, err := c.Next(ctx)
		if err != nil {
			continue
		}
		lock.Lock()
		count(t, b, seen)
		lock.Unlock()
		if len(b.Deliveries) > 0 {
			_ = b.Done(context.WithoutCancel(ctx))
		}
	}
}

func TestMembersShareAndTakeOver(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	if err := bus.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var (
		wait    sync.WaitGroup
		lock    sync.Mutex
		seen    = map[uint64]int{}
		members []*jetstream.Consumer
		buses   []*jetstream.Bus
	)
	defer wait.Wait()
	defer cancel()
	join := func() {
		own := connect(t, server.URL)
		c, err := own.Consume(ctx, consume("enricher"))
		if err != nil {
			t.Fatal(err)
		}
		members, buses = append(members, c), append(buses, own)
		wait.Go(func() { worker(ctx, t, c, &lock, seen) })
	}
	for range 3 {
		join()
	}
	shares := func(among []*jetstream.Consumer, least int) func() bool {
		return func() bool {
			total := 0
			for _, m := range among {
				if len(m.Held()) < least {
					return false
				}
				total += len(m.Held())
			}
			return total == call.Partitions
		}
	}
	servertest.Eventually(t, 15*time.Second, shares(members, 4), "three members share the partitions")
	revision := publish(t, bus, 1, 5000, 0)
	join()
	servertest.Eventually(t, 15*time.Second, shares(members, 3), "a fourth member gets its share")
	revision = publish(t, bus, 5001, 5000, revision)
	buses[0].Close() // dies without a word
	servertest.Eventually(t, 25*time.Second, shares(members[1:], 4), "a dead member's partitions are taken over")
	publish(t, bus, 10001, 5000, revision)
	servertest.Eventually(t, 40*time.Second, func() bool {
		lock.Lock()
		defer lock.Unlock()
		return len(seen) == 15000
	}, "every row came")
	servertest.Eventually(t, 20*time.Second, func() bool {
		lag, err := bus.Lag(t.Context(), "enricher")
		return err == nil && lag == jetstream.Lag{}
	}, "nothing is left")
	cancel()
	for _, m := range members[1:] {
		m.Close(t.Context())
	}
	buses[0].Close()
	members[0].Close(t.Context())
}

func TestWorkThatGoesBackComesAgain(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	publish(t, bus, 1, 300, 0)
	c, err := bus.Consume(t.Context(), consume("enricher"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close(t.Context()) }()
	first := map[uint64]int{}
	for len(first) < 300 {
		b, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count(t, b, first)
		if len(b.Deliveries) > 0 {
			b.Again(100 * time.Millisecond)
		}
	}
	// The log restarts while the work is out.
	before := uint64(0)
	server.Stop(t)
	server.Start(t)
	again, redelivered := map[uint64]int{}, false
	for len(again) < 300 {
		b, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count(t, b, again)
		for _, d := range b.Deliveries {
			redelivered = redelivered || d.Delivered > 1
			before = max(before, d.Generation)
		}
		if len(b.Deliveries) > 0 {
			if err := b.Done(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !redelivered {
		t.Error("nothing says that it was delivered before")
	}
	if before <= call.Partitions {
		t.Errorf("generation %d, want more than the %d partitions taken: the connection was made again", before, call.Partitions)
	}
}

func TestNothingPilesUp(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 50_000, 0)
	c, err := bus.Consume(t.Context(), consume("enricher"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close(t.Context()) }()
	var most uint64
	servertest.Eventually(t, 10*time.Second, func() bool {
		lag, err := bus.Lag(t.Context(), "enricher")
		most = max(most, lag.Working)
		return err == nil && lag.Working == 16*8
	}, "each partition holds one small pull")
	if most > 16*8 {
		t.Errorf("%d messages in hand while nobody asked", most)
	}
}

func TestParkedComesAgain(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	ctx := t.Context()
	chunk := page(7, 1)[0]
	for _, id := range []string{"7", "odd id.with *> signs", ""} {
		p := jetstream.Parked{Stage: "enricher", ID: id, Reason: "two\nlines", Source: "pbx", Version: 77, At: time.Now().UTC(), Body: chunk.Body}
		for range 2 { // the same id replaces
			if err := bus.Park(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	var all []jetstream.Parked
	list := func() {
		all = nil
		if err := bus.ListParked(ctx, "enricher", func(p jetstream.Parked) error { all = append(all, p); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if list(); len(all) != 3 || all[0].ID != "7" || all[0].Reason != "two lines" || all[0].Version != 77 || string(all[0].Body) != string(chunk.Body) {
		t.Fatalf("parked %+v", all)
	}
	for range 2 { // twice is harmless
		if err := bus.Replay(ctx, all[0]); err != nil {
			t.Fatal(err)
		}
	}
	if list(); len(all) != 2 {
		t.Errorf("%d are still parked, want 2", len(all))
	}
	c, err := bus.Consume(ctx, consume("enricher"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close(ctx) }()
	for got := 0; got < 2; {
		b, err := c.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range b.Deliveries {
			got++
			if d.Kind != call.KindReplay || d.Version != 77 || d.First != 7 || d.Partition != chunk.Partition {
				t.Errorf("replayed as %+v", d)
			}
		}
	}
}

func TestTellComesToThePartition(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	var events []call.Event
	for i := range 2500 {
		c := call.Call{OrgID: 3, ID: uint64(i), Direction: call.Inbound, Linkedid: "17." + string(rune('a'+i%26)), Table: table, Answer: call.NoInstant, End: call.NoInstant}
		events = append(events, call.NewEvent(call.EventNew, &c))
	}
	for range 2 { // told twice: repeats are no error
		if err := bus.Tell(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	cfg := consume("ticketer")
	cfg.Stream = jetstream.StreamCALL
	c, err := bus.Consume(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close(t.Context()) }()
	for got := 0; got < 5000; {
		b, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got += len(b.Deliveries)
		if len(b.Deliveries) > 0 {
			if err := b.Done(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
