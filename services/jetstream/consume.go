package jetstream

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Consume says what a stage consumes and how much at once.
type Consume struct {
	Stage, Stream string
	BatchRows     int           // a batch is full at so many rows (messages of CALL count one)
	BatchBytes    int           // or at so many bytes
	BatchWait     time.Duration // or so long after its first chunk
	AckWait       time.Duration // an unacknowledged chunk comes again after this
	WriteTimeout  time.Duration // how long the stage may work on a batch
}

// Consumer takes a stage's share of a stream. The members of a stage share the partitions evenly; one that comes or goes
// changes everybody's share within seconds.
//
// Nothing depends on a partition having one taker: versions decide what is stored. That is why a hand-over may overlap.
type Consumer struct {
	bus        *Bus
	cfg        Consume
	member     string
	deliveries chan Delivery
	generation atomic.Uint64
	held       atomic.Pointer[[]int]
	fetchers   map[int]*fetcher // only attend touches it until attended is closed
	stop       context.CancelFunc
	attended   chan struct{}
}

// Consume joins the members of a stage. The first call creates the durable consumers, one a partition.
func (b *Bus) Consume(ctx context.Context, cfg Consume) (*Consumer, error) {
	host, _ := os.Hostname()
	c := &Consumer{
		bus: b, cfg: cfg, member: strings.NewReplacer(".", "-", " ", "-").Replace(host) + "-" + nuid.Next()[12:],
		deliveries: make(chan Delivery), fetchers: map[int]*fetcher{}, attended: make(chan struct{}),
	}
	c.held.Store(&[]int{})
	if _, err := b.stream(ctx, cfg.Stream); err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	go c.attend(run)
	return c, nil
}

// Held is the partitions that this member has now.
func (c *Consumer) Held() []int { return *c.held.Load() }

// Close gives the partitions back and leaves the membership. Batches that are not acknowledged come again elsewhere.
func (c *Consumer) Close(ctx context.Context) {
	c.stop()
	<-c.attended
	for _, f := range c.fetchers {
		f.end()
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := c.leave(ctx); err != nil {
		c.bus.log.Debug("leave", "err", err)
	}
}

// consumerName of a stage's partition: "enricher-07".
func consumerName(stage string, partition int) string {
	return fmt.Sprintf("%s-%02d", stage, partition)
}

// pinned is the one priority group of every consumer.
const pinned = "owner"

func (c *Consumer) durable(partition int) jetstream.ConsumerConfig {
	filter := fmt.Sprintf("cdr.v1.*.%d", partition)
	if c.cfg.Stream == StreamCALL {
		filter = fmt.Sprintf("call.v1.*.*.%d", partition)
	}
	return jetstream.ConsumerConfig{
		Durable: consumerName(c.cfg.Stage, partition), FilterSubject: filter, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.cfg.AckWait,
		MaxAckPending: 64, MaxDeliver: -1,
		// A guard, not the way the work is shared: while one member pulls, another one that believes the partition to be
		// its own gets nothing.
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{pinned}, PinnedTTL: c.cfg.AckWait,
	}
}
