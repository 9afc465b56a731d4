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

// crew is the members of a stage, and what they worked on.
type crew struct {
	t   *testing.T
	url string
	ctx context.Context

	work sync.WaitGroup
	mu   sync.Mutex
	seen map[uint64]int
	at   map[int]*hand // who works on a partition
	last map[int]time.Time
	both int // times that two worked on one partition
}

type hand struct {
	bus      *jetstream.Bus
	consumer *jetstream.Consumer
	stop     context.CancelFunc
	stopped  chan struct{}
	dead     bool
}

func newCrew(t *testing.T, url string) *crew {
	ctx, cancel := context.WithCancel(t.Context())
	c := &crew{t: t, url: url, ctx: ctx, seen: map[uint64]int{}, at: map[int]*hand{}, last: map[int]time.Time{}}
	t.Cleanup(func() {
		cancel()
		c.work.Wait()
	})
	return c
}

func (c *crew) join() *hand {
	c.t.Helper()
	bus := connect(c.t, c.url)
	ctx, stop := context.WithCancel(c.ctx)
	h := &hand{bus: bus, consumer: join(c.t, bus, consume("enricher")), stop: stop, stopped: make(chan struct{})}
	c.work.Go(func() {
		defer close(h.stopped)
		c.run(ctx, h)
	})
	return h
}

func (c *crew) run(ctx context.Context, h *hand) {
	for ctx.Err() == nil {
		b, err := h.consumer.Next(ctx)
		if err != nil {
			continue
		}
		c.begin(h, b)
		select {
		case <-time.After(10 * time.Millisecond): // the work
		case <-ctx.Done():
		}
		c.end(h, b)
		_ = b.Done(context.WithoutCancel(ctx))
	}
}

func (c *crew) begin(h *hand, b jetstream.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.dead {
		return // what a dead process did after its death was never done
	}
	count(c.t, b, c.seen)
	for _, d := range b.Deliveries {
		if other := c.at[d.Partition]; other != nil && other != h && !other.dead {
			c.both++
		}
		c.at[d.Partition], c.last[d.Partition] = h, time.Now()
	}
}

func (c *crew) end(h *hand, b jetstream.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range b.Deliveries {
		if c.at[d.Partition] == h {
			delete(c.at, d.Partition)
		}
	}
}

// kill ends a member without a word.
func (c *crew) kill(h *hand) {
	c.mu.Lock()
	h.dead = true
	c.mu.Unlock()
	h.bus.Close()
	h.stop()
}

func (c *crew) leave(h *hand) {
	h.stop()
	<-h.stopped
	h.consumer.Close(c.t.Context())
}

// shares waits until the members hold all partitions, each at least so many, and none twice.
func (c *crew) shares(within time.Duration, least int, members ...*hand) {
	c.t.Helper()
	began := time.Now()
	servertest.Eventually(c.t, within, func() bool {
		held := map[int]bool{}
		for _, h := range members {
			mine := h.consumer.Held()
			if len(mine) < least {
				return false
			}
			for _, p := range mine {
				if held[p] {
					return false
				}
				held[p] = true
			}
		}
		return len(held) == call.Partitions
	}, "the members share the partitions")
	c.t.Logf("%d members share after %s", len(members), time.Since(began).Round(10*time.Millisecond))
}

// trickle publishes single rows until stop, and returns the id after the last.
func trickle(t *testing.T, bus *jetstream.Bus, stop <-chan struct{}) (next uint64) {
	revision, id := uint64(0), uint64(1)
	for {
		select {
		case <-stop:
			return id
		case <-time.After(5 * time.Millisecond): // the pace of calls
		}
		r, err := bus.PublishPage(t.Context(), "pbx", chunks(id, 8), call.Checkpoint{LastID: id + 7}, revision)
		if err != nil {
			t.Error(err)
			return id
		}
		revision, id = r, id+8
	}
}

func TestMembersShareAndTakeOver(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	c := newCrew(t, server.URL)
	stop, rows := make(chan struct{}), make(chan uint64, 1)
	go func() { rows <- trickle(t, bus, stop) }()
	one, two, three := c.join(), c.join(), c.join()
	c.shares(15*time.Second, 5, one, two, three)
	four := c.join()
	c.shares(15*time.Second, 4, one, two, three, four)
	c.leave(two)
	c.shares(8*time.Second, 5, one, three, four)
	if c.both > 0 {
		t.Errorf("two members worked on one partition %d times", c.both)
	}
	c.kill(three)
	c.shares(18*time.Second, 8, one, four)
	// Every partition is served.
	c.mu.Lock()
	clear(c.last)
	c.mu.Unlock()
	servertest.Eventually(t, 10*time.Second, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.last) == call.Partitions
	}, "every partition is served")
	close(stop)
	last := <-rows
	servertest.Eventually(t, someTime, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return uint64(len(c.seen)) == last-1
	}, "every row came")
	finished(t, bus, "enricher")
}

// TestHandOverWaitsForWorkInHand: a partition is not begun by its new holder before the old one has settled.
func TestHandOverWaitsForWorkInHand(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	cfg := consume("enricher")
	cfg.AckWait, cfg.WriteTimeout = time.Minute, 3*time.Second
	old := join(t, bus, cfg)
	revision := publish(t, bus, 1, 200, 0)
	seen := map[uint64]int{}
	var inHand []jetstream.Batch
	for len(seen) < 200 {
		b := next(t, old)
		count(t, b, seen)
		inHand = append(inHand, b)
	}
	young := join(t, connect(t, server.URL), cfg)
	servertest.Eventually(t, someTime, func() bool { return len(old.Held()) == 8 }, "half is given away")
	if held := young.Held(); len(held) > 0 {
		t.Errorf("%v are begun while work on them is in hand", held)
	}
	for _, b := range inHand {
		done(t, b)
	}
	servertest.Eventually(t, 5*time.Second, func() bool { return len(young.Held()) == 8 }, "the other half is taken")
	// Work that is never settled holds a partition up for its time only.
	publish(t, bus, 201, 200, revision)
	for len(seen) < 400 {
		for _, c := range []*jetstream.Consumer{old, young} {
			b, err := c.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			count(t, b, seen)
		}
	}
	third := join(t, connect(t, server.URL), cfg)
	servertest.Eventually(t, 15*time.Second, func() bool { return len(third.Held()) >= 4 }, "a third member gets its share")
}
