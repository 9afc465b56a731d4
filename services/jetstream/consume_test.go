package jetstream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// finished waits until a stage has nothing left.
func finished(t *testing.T, bus *jetstream.Bus, stage string) {
	t.Helper()
	servertest.Eventually(t, someTime, func() bool {
		lag, err := bus.Lag(t.Context(), stage)
		return err == nil && lag.Total() == 0
	}, "nothing is left")
}

func TestDeliveriesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	page := chunks(1, 100)
	before := time.Now().Add(-time.Minute)
	if _, err := bus.PublishPage(t.Context(), "pbx", page, call.Checkpoint{}, 0); err != nil {
		t.Fatal(err)
	}
	byPartition := map[int]call.Chunk{}
	for _, c := range page {
		byPartition[c.Partition] = c
	}
	c := join(t, bus, consume("enricher"))
	for range page {
		b := next(t, c)
		for _, d := range b.Deliveries {
			want := byPartition[d.Partition]
			if d.Kind != want.Kind || d.First != want.First || d.Last != want.Last || d.Count != want.Count || string(d.Data) != string(want.Body) ||
				d.Delivered != 1 || d.Sequence == 0 || d.Sequence > 17 || d.Stored.Before(before) || d.Generation == 0 || d.Version != 0 {
				t.Errorf("%+v", d)
			}
			delete(byPartition, d.Partition)
		}
		done(t, b)
		if len(byPartition) == 0 {
			break
		}
	}
	finished(t, bus, "enricher")
	if b, err := c.Next(t.Context()); err != nil || len(b.Deliveries) != 0 {
		t.Errorf("after all: %+v, %v; want an empty batch", b, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("under an ended context: %v", err)
	}
	c.Close(t.Context())
	if _, err := c.Next(t.Context()); !errors.Is(err, jetstream.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestBatchesHaveBounds(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 5000, 0)
	cfg := consume("enricher")
	cfg.BatchRows, cfg.BatchWait = 100, 300*time.Millisecond
	c := join(t, bus, cfg)
	seen := map[uint64]int{}
	for len(seen) < 2500 {
		b := next(t, c)
		if rows := b.Rows(); rows > 100 && len(b.Deliveries) > 1 {
			t.Errorf("%d rows in %d chunks", rows, len(b.Deliveries))
		}
		count(t, b, seen)
		done(t, b)
	}
	c.Close(t.Context())
	cfg.BatchRows, cfg.BatchBytes = 10000, 2000
	c = join(t, bus, cfg)
	for len(seen) < 5000 {
		b := next(t, c)
		size := 0
		for _, d := range b.Deliveries {
			size += len(d.Data)
		}
		if size > 2000 && len(b.Deliveries) > 1 {
			t.Errorf("%d bytes in %d chunks", size, len(b.Deliveries))
		}
		count(t, b, seen)
		done(t, b)
	}
	once(t, seen, 5000)
}

func TestWorkGivenBackComesAgain(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 300, 0)
	c := join(t, bus, consume("enricher"))
	first := map[uint64]int{}
	const delay = 800 * time.Millisecond
	var given time.Time
	for len(first) < 300 {
		b := next(t, c)
		count(t, b, first)
		b.Again(delay)
		b.Again(0) // settled already
		given = time.Now()
	}
	again := map[uint64]int{}
	for len(again) < 300 {
		b := next(t, c)
		for _, d := range b.Deliveries {
			if d.Delivered != 2 {
				t.Errorf("delivered for the %d. time", d.Delivered)
			}
		}
		count(t, b, again)
		done(t, b)
	}
	if waited := time.Since(given); waited < delay/2 {
		t.Errorf("all came again within %s, want after %s", waited, delay)
	}
	finished(t, bus, "enricher")
}

// TestWorkInHand keeps a batch for longer than the time for acknowledgements.
func TestWorkInHand(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 50, 0)
	cfg := consume("enricher")
	cfg.AckWait, cfg.BatchWait = time.Second, 300*time.Millisecond
	c := join(t, bus, cfg)
	b := next(t, c)
	for len(b.Deliveries) < len(chunks(1, 50)) {
		b.Deliveries = append(b.Deliveries, next(t, c).Deliveries...)
	}
	for range 8 {
		b.Working()
		time.Sleep(300 * time.Millisecond) // the work
	}
	done(t, b)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if again, err := c.Next(ctx); err == nil && len(again.Deliveries) > 0 {
			t.Fatalf("%d chunks came again", len(again.Deliveries))
		}
	}
	// Without a word it comes again.
	publish(t, bus, 51, 1, 51-50+uint64(len(chunks(1, 50))))
	b = next(t, c)
	if again := next(t, c); again.Deliveries[0].Sequence != b.Deliveries[0].Sequence || again.Deliveries[0].Delivered != 2 {
		t.Errorf("after %+v came %+v", b, again)
	} else {
		done(t, again)
	}
	_ = b.Done(t.Context()) // too late, and harmless
	finished(t, bus, "enricher")
}

// TestLateReader asks for nothing until everything that was fetched has been delivered anew several times.
func TestLateReader(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 2000, 0)
	cfg := consume("enricher")
	cfg.AckWait = time.Second
	c := join(t, bus, cfg)
	servertest.Eventually(t, someTime, func() bool { return len(c.Held()) == call.Partitions }, "it holds everything")
	time.Sleep(3 * time.Second) // the store is away
	seen := map[uint64]int{}
	for len(seen) < 2000 {
		b := next(t, c)
		count(t, b, seen)
		done(t, b)
	}
	finished(t, bus, "enricher")
}

func TestDoneUnderAnEndedContext(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 200, 0)
	c := join(t, bus, consume("enricher"))
	seen := map[uint64]int{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for len(seen) < 200 {
		b := next(t, c)
		count(t, b, seen)
		if err := b.Done(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	}
	finished(t, bus, "enricher")
	once(t, seen, 200)
	if err := (jetstream.Batch{}).Done(ctx); err != nil {
		t.Errorf("nothing to acknowledge: %v", err)
	}
}

func TestServerRestart(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	revision := publish(t, bus, 1, 300, 0)
	c := join(t, bus, consume("enricher"))
	seen := map[uint64]int{}
	var generation uint64
	for len(seen) < 300 {
		b := next(t, c)
		count(t, b, seen)
		generation = max(generation, b.Deliveries[0].Generation)
		done(t, b)
	}
	held := len(c.Held())
	server.Stop(t)
	server.Start(t)
	servertest.Eventually(t, someTime, func() error { return bus.Ping(t.Context()) }, "the connection is back")
	publish(t, bus, 301, 300, revision)
	again := map[uint64]int{}
	for {
		for id := uint64(301); id <= 600 && again[id] > 0; id++ {
			if id == 600 {
				finished(t, bus, "enricher")
				if held != call.Partitions || len(c.Held()) != call.Partitions {
					t.Errorf("held %d partitions before and %v after", held, c.Held())
				}
				return
			}
		}
		b := next(t, c)
		for _, d := range b.Deliveries {
			if d.Generation <= generation || d.Generation != b.Deliveries[0].Generation {
				t.Errorf("generation %d after %d, in a batch of %d", d.Generation, generation, b.Deliveries[0].Generation)
			}
		}
		count(t, b, again)
		done(t, b)
	}
}

// TestServerAwayForLong outlasts what everybody knows of the members.
func TestServerAwayForLong(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	other := connect(t, server.URL)
	one, two := join(t, bus, consume("enricher")), join(t, other, consume("enricher"))
	shared := func() bool { return len(one.Held()) == 8 && len(two.Held()) == 8 }
	servertest.Eventually(t, someTime, shared, "two members share")
	server.Stop(t)
	time.Sleep(11 * time.Second) // the age at which members are forgotten
	server.Start(t)
	servertest.Eventually(t, someTime, func() error { return bus.Ping(t.Context()) }, "the connection is back")
	publish(t, bus, 1, 1000, 0)
	seen := map[uint64]int{}
	for len(seen) < 1000 {
		for _, c := range []*jetstream.Consumer{one, two} {
			b, err := c.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			count(t, b, seen)
			done(t, b)
		}
	}
	once(t, seen, 1000)
	servertest.Eventually(t, someTime, shared, "two members share again")
}

// TestForgottenDeliveries: a server that lost a consumer's state delivers as if for the first time, and the generation
// says so.
func TestForgottenDeliveries(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	publish(t, bus, 1, 100, 0)
	c := join(t, bus, consume("enricher"))
	seen := map[uint64]int{}
	first := map[uint64]uint64{}
	for len(seen) < 100 {
		b := next(t, c)
		count(t, b, seen)
		for _, d := range b.Deliveries {
			first[d.Sequence] = d.Generation
		}
		done(t, b)
	}
	js := client(t, server.URL)
	for p := range call.Partitions {
		name := jetstream.DurableName("enricher", p)
		if err := js.DeleteConsumer(t.Context(), jetstream.StreamCDR, name); err != nil {
			t.Fatal(err)
		}
	}
	again := map[uint64]int{}
	for len(again) < 100 {
		b := next(t, c)
		count(t, b, again)
		for _, d := range b.Deliveries {
			if d.Delivered != 1 || d.Generation <= first[d.Sequence] {
				t.Errorf("delivered %d times in generation %d, before that in %d", d.Delivered, d.Generation, first[d.Sequence])
			}
		}
		done(t, b)
	}
}

func TestNothingPilesUp(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	publish(t, bus, 1, 40_000, 0)
	cfg := consume("enricher")
	cfg.AckWait = time.Minute
	c := join(t, bus, cfg)
	servertest.Eventually(t, someTime, func() bool {
		lag, err := bus.Lag(t.Context(), "enricher")
		return err == nil && lag.Working == call.Partitions*jetstream.FetchMessages
	}, "each partition holds one request's messages")
	for range 15 {
		lag, err := bus.Lag(t.Context(), "enricher")
		if err != nil || lag.Working > call.Partitions*jetstream.FetchMessages {
			t.Fatalf("%+v in hand while nobody asks, %v", lag, err)
		}
		time.Sleep(100 * time.Millisecond) // the pace of looking
	}
	// What waited is still good.
	seen := map[uint64]int{}
	for len(seen) < 40_000 {
		b := next(t, c)
		count(t, b, seen)
		done(t, b)
	}
	once(t, seen, 40_000)
}

// TestQuietIsCheap counts what a consumer sends while there is nothing to do.
func TestQuietIsCheap(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	c := join(t, bus, consume("enricher"))
	servertest.Eventually(t, someTime, func() bool { return len(c.Held()) == call.Partitions }, "it holds everything")
	spent := func() uint64 {
		before := bus.Conn().Stats().OutMsgs
		for range 3 {
			if b, err := c.Next(t.Context()); err != nil || len(b.Deliveries) > 0 {
				t.Errorf("%+v, %v", b, err)
			}
		}
		return bus.Conn().Stats().OutMsgs - before
	}
	if n := spent(); n > 3*40 {
		t.Errorf("%d messages in three seconds of quiet", n)
	}
	subscriptions := bus.Conn().NumSubscriptions()
	server.Stop(t)
	if n := spent(); n > 3*10 {
		t.Errorf("%d messages in three seconds without a server", n)
	}
	server.Start(t)
	servertest.Eventually(t, someTime, func() bool { return bus.Conn().NumSubscriptions() <= subscriptions }, "no subscription is left behind")
}
