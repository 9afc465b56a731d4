package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Delivery is one message of a batch: a chunk of CDR or an event of CALL.
type Delivery struct {
	Subject   string
	Partition int
	Data      []byte // decompressed; as it came where that is not possible
	Kind      call.Kind
	First     uint64 // lowest and highest row id; 0 for an event
	Last      uint64
	Count     int       // of rows; 1 for an event
	Sequence  uint64    // in the stream
	Stored    time.Time // when the stream took it
	Delivered uint64    // 1 the first time, as far as the server remembers
	// Generation rises whenever a partition changes hands, the connection is made again or the server has forgotten
	// deliveries: what was delivered for the first time then need not be new. A batch has one generation.
	Generation uint64
	Version    call.Version // of replayed rows only

	held *held
}

// held is a message that was handed out, until it is settled.
type held struct {
	msg     jetstream.Msg
	fetcher *fetcher
	session uint64    // of the connection that brought it
	fetched time.Time // no later than the server's time for its acknowledgement began
	settled atomic.Bool
}

// settle counts the message out; it is false when that was done before.
func (h *held) settle() bool {
	if h == nil || h.settled.Swap(true) {
		return false
	}
	h.fetcher.inHand.Add(-1)
	return true
}

// Batch is what Next gathered. Each delivery must come to Done or Again, in this batch or in one made of some of its
// deliveries.
type Batch struct {
	Deliveries []Delivery
}

// Rows in the batch.
func (b Batch) Rows() int {
	n := 0
	for i := range b.Deliveries {
		n += b.Deliveries[i].Count
	}
	return n
}

// Done acknowledges all deliveries and waits until the server has read that. What is not acknowledged after an error, or
// after a crash of the server within a tenth of a second, comes again. A context that has ended does not keep the
// acknowledgements from being sent.
func (b Batch) Done(ctx context.Context) error {
	var errs []error
	var bus *Bus
	for i := range b.Deliveries {
		h := b.Deliveries[i].held
		if !h.settle() {
			continue
		}
		bus = h.fetcher.consumer.bus
		if err := h.msg.Ack(); err != nil && len(errs) == 0 {
			errs = append(errs, err) // the others fail alike
		}
	}
	if bus != nil && len(errs) == 0 {
		flush, cancel := context.WithTimeout(ctx, askWait)
		defer cancel()
		if err := bus.conn.FlushWithContext(flush); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("acknowledge %d messages: %w", len(b.Deliveries), err)
	}
	return nil
}

// Again gives all deliveries back to the log, which delivers them anew after the delay. When that cannot be said they
// come again after the time for acknowledgements.
func (b Batch) Again(delay time.Duration) {
	for i := range b.Deliveries {
		if h := b.Deliveries[i].held; h.settle() {
			h.giveBack(delay)
		}
	}
}

// Working says that the batch is still in hand: the time for acknowledgements begins anew.
func (b Batch) Working() {
	for i := range b.Deliveries {
		if h := b.Deliveries[i].held; h != nil && !h.settled.Load() {
			_ = h.msg.InProgress()
		}
	}
}

func (h *held) giveBack(delay time.Duration) {
	if delay > 0 {
		_ = h.msg.NakWithDelay(delay)
		return
	}
	_ = h.msg.Nak()
}
