package jetstream

import (
	"context"
	"fmt"
	"time"
)

// Batch is what a stage works on at once. It is acknowledged or given back whole.
type Batch struct {
	Deliveries []Delivery
}

// idle is how long Next waits for a first message before it returns an empty batch, so that the stage's loop turns.
const idle = time.Second

// Next gathers a batch: until it is full, or BatchWait after its first message, or empty after a second of quiet.
func (c *Consumer) Next(ctx context.Context) (Batch, error) {
	var b Batch
	quiet := time.NewTimer(idle)
	defer quiet.Stop()
	select {
	case d := <-c.deliveries:
		b.Deliveries = append(b.Deliveries, d)
	case <-quiet.C:
		return b, nil
	case <-ctx.Done():
		return b, ctx.Err()
	}
	rows, size := b.Deliveries[0].Count, len(b.Deliveries[0].Data)
	full := time.NewTimer(c.cfg.BatchWait)
	defer full.Stop()
	for rows < c.cfg.BatchRows && size < c.cfg.BatchBytes {
		select {
		case d := <-c.deliveries:
			b.Deliveries = append(b.Deliveries, d)
			rows, size = rows+d.Count, size+len(d.Data)
		case <-full.C:
			return b, nil
		case <-ctx.Done():
			return b, nil // what was taken is finished
		}
	}
	return b, nil
}

// Rows in the batch.
func (b Batch) Rows() int {
	rows := 0
	for i := range b.Deliveries {
		rows += b.Deliveries[i].Count
	}
	return rows
}

// Done acknowledges the batch. The last acknowledgement waits for the server's word, which carries those before it; even
// so a crash may lose them, and the batch comes again.
func (b Batch) Done(ctx context.Context) error {
	for i := range b.Deliveries {
		msg := b.Deliveries[i].msg
		var err error
		if i == len(b.Deliveries)-1 {
			err = msg.DoubleAck(ctx)
		} else {
			err = msg.Ack()
		}
		if err != nil {
			return fmt.Errorf("acknowledge %d of %d messages: %w", len(b.Deliveries)-i, len(b.Deliveries), err)
		}
	}
	return nil
}

// Again gives the batch back, to come again after delay. Where even that cannot be said it comes after AckWait.
func (b Batch) Again(delay time.Duration) {
	for i := range b.Deliveries {
		_ = b.Deliveries[i].msg.NakWithDelay(delay)
	}
}

// Working tells the log that the batch is still being worked on.
func (b Batch) Working() {
	for i := range b.Deliveries {
		_ = b.Deliveries[i].msg.InProgress()
	}
}
