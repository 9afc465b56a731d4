package jetstream

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

const (
	fetchMessages = 8       // in flight for one partition
	fetchBytes    = 2 << 20 // bounds them where rows are long
	fetchWait     = 5 * time.Second
)

// Delivery is one message of the log.
type Delivery struct {
	Subject   string
	Partition int
	Data      []byte // uncompressed
	Kind      call.Kind
	First     uint64
	Last      uint64
	Count     int    // rows in it; 1 on CALL
	Sequence  uint64 // of the message in its stream
	Stored    time.Time
	Delivered uint64 // 1: for the first time, as far as the log knows
	// Generation rises whenever this process took partitions over or made its connection anew: what it knew of the world
	// before may be out of date.
	Generation uint64
	Version    call.Version // of replayed rows; otherwise 0

	msg jetstream.Msg
}

// fetcher pulls one partition and hands each message over as it comes. It holds at most one small pull, so nothing piles
// up while the stage is busy.
type fetcher struct {
	consumer  *Consumer
	source    jetstream.Consumer
	stream    jetstream.Stream
	partition int
	stop      context.CancelFunc
	done      chan struct{}
}

// take a partition over.
func (c *Consumer) take(ctx context.Context, partition int) (*fetcher, error) {
	ask, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	stream, err := c.bus.js.Stream(ask, c.cfg.Stream)
	if err != nil {
		return nil, err
	}
	source, err := stream.CreateOrUpdateConsumer(ask, c.durable(partition))
	if err != nil {
		return nil, err
	}
	// An owner that died stays pinned until its time is up; one that lives pins itself again or has let go.
	if groups := source.CachedInfo().PriorityGroups; len(groups) > 0 && groups[0].PinnedClientID != "" {
		if err := stream.UnpinConsumer(ask, consumerName(c.cfg.Stage, partition), pinned); err != nil {
			return nil, err
		}
	}
	c.generation.Add(1)
	run, stop := context.WithCancel(ctx)
	f := &fetcher{consumer: c, source: source, stream: stream, partition: partition, stop: stop, done: make(chan struct{})}
	go f.run(run)
	c.bus.log.Debug("partition taken", "partition", partition)
	return f, nil
}

// end the fetcher; what it holds goes back to the log. The pin is given up so that the next owner need not wait.
func (f *fetcher) end() {
	f.stop()
	<-f.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = f.stream.UnpinConsumer(ctx, consumerName(f.consumer.cfg.Stage, f.partition), pinned)
}

func (f *fetcher) run(ctx context.Context) {
	defer close(f.done)
	for ctx.Err() == nil {
		wait, cancel := context.WithTimeout(ctx, fetchWait)
		batch, err := f.source.Fetch(fetchMessages, jetstream.FetchContext(wait), jetstream.FetchMaxBytes(fetchBytes), jetstream.FetchPriorityGroup(pinned))
		if err != nil {
			cancel()
			f.pause(ctx)
			continue
		}
		came := 0
		for msg := range batch.Messages() {
			came++
			f.hand(ctx, msg)
		}
		cancel()
		if err := batch.Error(); err != nil && ctx.Err() == nil && came == 0 && wait.Err() == nil {
			f.consumer.bus.log.Debug("fetch", "partition", f.partition, "err", err)
			f.pause(ctx) // the server is away or another one is pinned
		}
	}
}

func (f *fetcher) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
}

// hand a message over, or back if the fetcher ends first. A message that cannot be read is handed over as it is: the
// stage parks it.
func (f *fetcher) hand(ctx context.Context, msg jetstream.Msg) {
	if ctx.Err() != nil {
		_ = msg.Nak()
		return
	}
	d, err := f.delivery(msg)
	if err != nil {
		f.consumer.bus.log.Warn("message without metadata", "subject", msg.Subject(), "err", err)
		return
	}
	select {
	case f.consumer.deliveries <- d:
	case <-ctx.Done():
		_ = msg.Nak()
	}
}

func (f *fetcher) delivery(msg jetstream.Msg) (Delivery, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Delivery{}, fmt.Errorf("read metadata: %w", err)
	}
	header := msg.Headers()
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(header.Get(name), 10, 64)
		return n
	}
	d := Delivery{
		Subject: msg.Subject(), Partition: f.partition, Data: msg.Data(), Kind: call.Kind(header.Get(headerKind)),
		First: number(headerFirst), Last: number(headerLast), Count: max(1, int(number(headerCount))),
		Sequence: meta.Sequence.Stream, Stored: meta.Timestamp, Delivered: meta.NumDelivered,
		Version: call.Version(number(headerVersion)), msg: msg,
		Generation: f.consumer.generation.Load() + f.consumer.bus.Reconnects(),
	}
	if strings.EqualFold(header.Get(headerEncoding), "s2") {
		if body, err := s2.Decode(nil, d.Data); err == nil {
			d.Data = body
		}
	}
	return d, nil
}
