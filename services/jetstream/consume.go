package jetstream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Consume says what a stage takes from the log.
type Consume struct {
	Stage  string // its name is the first half of its durable consumers' names
	Stream string // StreamCDR or StreamCALL

	BatchRows  int           // most rows in a batch; a single larger message comes alone
	BatchBytes int           // most bytes of data in a batch, likewise
	BatchWait  time.Duration // how long the first row of a batch waits for others

	// AckWait is how long a message may stay unsettled before it is delivered again.
	AckWait time.Duration
	// WriteTimeout is how long the stage may work on a batch: a partition that is given away waits for it.
	WriteTimeout time.Duration
	// MaxAckPending is how many messages of a partition may be unsettled, those that wait to come again included; 0 means
	// 64 of CDR and 1,024 of CALL.
	MaxAckPending int
}

func (c *Consume) complete() error {
	if err := subjectToken("stage", c.Stage); err != nil {
		return err
	}
	if c.Stream != StreamCDR && c.Stream != StreamCALL {
		return fmt.Errorf("consume stream %q: want %s or %s", c.Stream, StreamCDR, StreamCALL)
	}
	if c.BatchRows < 1 || c.BatchBytes < 1 || c.BatchWait <= 0 || c.AckWait <= c.BatchWait {
		return fmt.Errorf("consume %d rows or %d bytes in %s, to be acknowledged in %s: want more than nothing, and longer than the batch waits",
			c.BatchRows, c.BatchBytes, c.BatchWait, c.AckWait)
	}
	if c.MaxAckPending == 0 {
		c.MaxAckPending = 64
		if c.Stream == StreamCALL {
			// Calls that wait for their ticket must not stand in the way of their neighbours.
			c.MaxAckPending = 1024
		}
	}
	return nil
}

// Consumer is this process's part of a stage's consumption. Next is for one goroutine.
type Consumer struct {
	bus       *Bus
	cfg       Consume
	id        string // as a member
	fetchWait time.Duration

	deliveries chan Delivery
	carry      *Delivery // taken, and kept for the next batch
	session    uint64    // of the connection, as Next saw it last
	generation atomic.Uint64
	closing    chan struct{}
	stopped    chan struct{} // closed when the membership has ended
	closeOnce  sync.Once

	membership membership

	mu         sync.Mutex
	fetchers   map[int]*fetcher // of partitions held, or given away and not finished
	complained map[string]time.Time
}

// Consume joins the stage's members. The partitions that fall to this one are taken over within seconds, and Next
// delivers what is in them.
func (b *Bus) Consume(ctx context.Context, cfg Consume) (*Consumer, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := b.complete(ctx); err != nil {
		return nil, fmt.Errorf("consume %s: %w", cfg.Stream, err)
	}
	c := &Consumer{
		bus: b, cfg: cfg, id: rand.Text(), fetchWait: min(fetchWait, cfg.AckWait/4), session: b.Reconnects(),
		deliveries: make(chan Delivery), closing: make(chan struct{}), stopped: make(chan struct{}),
		fetchers: map[int]*fetcher{}, complained: map[string]time.Time{},
	}
	for p := range call.Partitions {
		if _, err := c.durable(p); err != nil {
			return nil, fmt.Errorf("create durable consumer %s: %w", durableName(cfg.Stage, p), err)
		}
	}
	go c.attend()
	return c, nil
}

// quiet is how long Next waits for a first message before it returns an empty batch.
const quiet = time.Second

// Next gathers deliveries from all partitions held here until the batch has its rows or bytes, or its first row waited
// long enough. After a second of quiet it returns an empty batch. When the context ends, what was gathered so far is
// returned, and the context's error when that is nothing. ErrClosed after Close.
func (c *Consumer) Next(ctx context.Context) (Batch, error) {
	var batch Batch
	rows, size := 0, 0
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		d, err := c.take(ctx, timer.C)
		if err != nil && len(batch.Deliveries) == 0 {
			return batch, err
		}
		if d == nil {
			return batch, nil
		}
		n := d.Count
		if first := len(batch.Deliveries) == 0; first {
			timer.Reset(c.cfg.BatchWait)
		} else if rows+n > c.cfg.BatchRows || size+len(d.Data) > c.cfg.BatchBytes || d.Generation != batch.Deliveries[0].Generation {
			c.carry = d
			return batch, nil
		}
		batch.Deliveries = append(batch.Deliveries, *d)
		rows, size = rows+n, size+len(d.Data)
		if rows >= c.cfg.BatchRows || size >= c.cfg.BatchBytes {
			return batch, nil
		}
	}
}

// take gives the next delivery that is good, or nil when time is up.
func (c *Consumer) take(ctx context.Context, until <-chan time.Time) (*Delivery, error) {
	for {
		var d *Delivery
		if d = c.carry; d != nil {
			c.carry = nil
		} else {
			select {
			case got := <-c.deliveries:
				d = &got
			case <-until:
				return nil, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-c.closing:
				return nil, ErrClosed
			}
		}
		if c.admit(d) {
			return d, nil
		}
	}
}

// admit decides whether a message that may have waited for its turn is still ours. One from before a reconnection goes
// back: the server may have forgotten that it was delivered, and would deliver it as if for the first time beside us.
func (c *Consumer) admit(d *Delivery) bool {
	if session := c.bus.Reconnects(); session != c.session {
		c.session = session
		c.generation.Add(1)
	}
	waited := time.Since(d.held.fetched)
	switch {
	case d.held.session != c.session:
		if d.held.settle() {
			d.held.giveBack(0)
		}
		return false
	case waited > c.cfg.AckWait*9/10: // it is delivered again already
		d.held.settle()
		return false
	case waited > c.cfg.AckWait/3:
		_ = d.held.msg.InProgress()
	}
	d.Generation = c.generation.Load()
	return true
}

// Held lists the partitions that this process takes messages from, in order.
func (c *Consumer) Held() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []int
	for p, f := range c.fetchers {
		if !closed(f.stop) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// Close leaves the membership: what was fetched and not handed out goes back, and others take the partitions over. It
// waits for that as long as the context allows.
func (c *Consumer) Close(ctx context.Context) {
	c.closeOnce.Do(func() { close(c.closing) })
	select {
	case <-c.stopped:
	case <-ctx.Done():
	}
}

// fetchBytes bounds one request's messages; a single message always fits.
func (c *Consumer) fetchBytes() int { return int(c.bus.conn.MaxPayload()) + 64<<10 }

// complain logs trouble with a partition, once a minute for each kind.
func (c *Consumer) complain(what string, partition int, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.complained[what]) < time.Minute {
		return
	}
	c.complained[what] = time.Now()
	c.bus.log.Warn("partition cannot be read for now", "doing", what, "stream", c.cfg.Stream, "partition", partition, "err", err)
}
