package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// MaxTogether is what one atomic batch may hold; the server refuses more.
const MaxTogether = 1000

// commitWait is how long the server may take to store a batch.
const commitWait = 15 * time.Second

// together publishes count messages that are stored all or not at all, and returns the sequence of the last. make is
// asked for each in turn; a message is not touched any more once the next is asked for. errUnknown when the last message
// was sent and nothing came back.
func (b *Bus) together(ctx context.Context, count int, message func(i int) *nats.Msg) (uint64, error) {
	batch, err := jetstreamext.NewBatchPublisher(b.js, jetstreamext.BatchFlowControl{
		AckFirst: count > 1, AckEvery: 128, AckTimeout: askWait,
	})
	if err != nil {
		return 0, fmt.Errorf("begin batch: %w", err)
	}
	for i := range count - 1 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := batch.AddMsg(message(i)); err != nil {
			return 0, fmt.Errorf("add message %d of %d: %w", i+1, count, verdict(err))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	last := message(count - 1)
	ack, err := batch.CommitMsg(ctx, last)
	switch {
	case err == nil:
		return ack.Sequence, nil
	case refused(err):
		return 0, fmt.Errorf("commit %d messages: %w", count, verdict(err))
	case unsent(err):
		return 0, fmt.Errorf("commit %d messages: %w", count, err)
	}
	return 0, fmt.Errorf("commit %d messages: %w: %w", count, errUnknown, err)
}

// unsent tells errors that come before the message leaves, or instead of it.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrMaxPayload) ||
		errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubject)
}
