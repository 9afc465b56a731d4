package jetstream

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

const (
	// fetchMessages is the most that one request brings: enough that asking does not show, few enough to hold for every
	// partition at once.
	fetchMessages = 8
	// fetchWait is how long a request waits for messages; a partition is given away that much later at the most.
	fetchWait = time.Second
	// fetchRetry is the pause after trouble.
	fetchRetry = 500 * time.Millisecond
)

// fetcher takes the messages of one partition and hands them to Next one by one, so that no more than one request's are
// in memory while nobody asks.
type fetcher struct {
	consumer  *Consumer
	partition int
	stop      chan struct{} // closed when the partition is given away: what was fetched is still handed on
	abandon   chan struct{} // closed when nobody will ask any more: what was fetched goes back
	done      chan struct{}
	inHand    atomic.Int64 // handed to Next, not settled
	stopped   time.Time    // when it was given away
	highest   uint64       // sequence delivered for the first time
}

func (f *fetcher) run() {
	defer close(f.done)
	var source jetstream.Consumer
	for !closed(f.stop) {
		// A request that cannot be sent leaves its subscription behind in the client library (v1.55.0).
		if !f.consumer.bus.conn.IsConnected() {
			f.pause(fetchRetry)
			continue
		}
		if source == nil {
			var err error
			if source, err = f.consumer.durable(f.partition); err != nil {
				f.trouble("create the durable consumer", err)
				continue
			}
		}
		if err := f.fetch(source); err != nil {
			switch {
			case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound), away(err):
				source = nil // look again: the stream may have been made anew
			}
			// Another server may speak for the partition now, and need not know what was delivered.
			f.consumer.generation.Add(1)
			f.trouble("fetch", err)
		}
	}
}

func (f *fetcher) trouble(what string, err error) {
	f.consumer.complain(what, f.partition, err)
	f.pause(fetchRetry)
}

func (f *fetcher) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.stop:
	}
}

func (f *fetcher) fetch(source jetstream.Consumer) error {
	c := f.consumer
	session, began := c.bus.Reconnects(), time.Now()
	batch, err := source.Fetch(fetchMessages, jetstream.FetchMaxWait(c.fetchWait), jetstream.FetchMaxBytes(c.fetchBytes()))
	if err != nil {
		return err
	}
	for msg := range batch.Messages() {
		d := f.delivery(msg)
		d.held = &held{msg: msg, fetcher: f, session: session, fetched: began}
		f.inHand.Add(1)
		select {
		case c.deliveries <- d:
		case <-f.abandon:
			// Later than this request ends, or it would come to us again.
			if d.held.settle() {
				d.held.giveBack(c.fetchWait + 200*time.Millisecond)
			}
		}
	}
	return batch.Error()
}

// delivery reads a message. One that does not say what it is comes with its bytes only, and the stage parks it.
func (f *fetcher) delivery(msg jetstream.Msg) Delivery {
	d := Delivery{Subject: msg.Subject(), Partition: f.partition, Data: msg.Data()}
	if about, err := msg.Metadata(); err == nil {
		d.Sequence, d.Stored, d.Delivered = about.Sequence.Stream, about.Timestamp.UTC(), about.NumDelivered
	}
	if d.Delivered == 1 {
		if d.Sequence <= f.highest {
			f.consumer.generation.Add(1) // the server has forgotten that it delivered this
		}
		f.highest = max(f.highest, d.Sequence)
	}
	headers := msg.Headers()
	if data, err := decompress(headers.Get(headerEncoding), d.Data); err == nil {
		d.Data = data
	}
	d.Kind = call.Kind(headers.Get(headerKind))
	d.First, _ = strconv.ParseUint(headers.Get(headerFirst), 10, 64)
	d.Last, _ = strconv.ParseUint(headers.Get(headerLast), 10, 64)
	d.Count, _ = strconv.Atoi(headers.Get(headerCount))
	d.Count = max(1, d.Count)
	version, _ := strconv.ParseUint(headers.Get(headerVersion), 10, 64)
	d.Version = call.Version(version)
	return d
}

// durable makes the partition's consumer where it is absent. It outlives every process.
func (c *Consumer) durable(partition int) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWait)
	defer cancel()
	s, err := c.bus.stream(ctx, c.cfg.Stream)
	if err != nil {
		return nil, err
	}
	return s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       durableName(c.cfg.Stage, partition),
		Description:   "cdrflow: " + c.cfg.Stage + ", partition " + strconv.Itoa(partition),
		FilterSubject: filter(c.cfg.Stream, partition),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       c.cfg.AckWait,
		MaxAckPending: c.cfg.MaxAckPending,
		MaxDeliver:    -1,
	})
}

func durableName(stage string, partition int) string {
	digits := strconv.Itoa(partition)
	return stage + "-" + strings.Repeat("0", max(0, 2-len(digits))) + digits
}

// filter is what belongs to a partition of a stream.
func filter(stream string, partition int) string {
	if stream == StreamCALL {
		return "call.v1.*.*." + strconv.Itoa(partition)
	}
	return "cdr.v1.*." + strconv.Itoa(partition)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
