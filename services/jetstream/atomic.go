package jetstream

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// MaxTogether is what one atomic batch may hold; the server refuses more.
const MaxTogether = 1000

const (
	// commitWait is how long the server may take to store a batch.
	commitWait = 15 * time.Second
	// acknowledgeEvery keeps a sender from running far ahead of the server.
	acknowledgeEvery = 128
)

const (
	headerBatch       = "Nats-Batch-Id"
	headerBatchNumber = "Nats-Batch-Sequence"
	headerBatchCommit = "Nats-Batch-Commit"
)

var errConnectionLost = errors.New("connection lost")

// together publishes count messages that are stored all or not at all, and returns the sequence of the last. message is
// asked for each in turn, and is done with one when it is asked for the next. errUnknown when the last message was sent
// and no answer came.
//
// The library's own batches wait for their time to pass where the connection is lost, which this notices.
func (b *Bus) together(ctx context.Context, count int, message func(i int) *nats.Msg) (uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commitWait, nats.ErrTimeout)
	defer cancel()
	ctx, stop := b.whileConnected(ctx)
	defer stop()
	id := rand.Text()
	for i := range count {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("send message %d of %d: %w", i+1, count, context.Cause(ctx))
		}
		m := message(i)
		if m.Header == nil {
			m.Header = nats.Header{}
		}
		m.Header[headerBatch] = []string{id}
		m.Header[headerBatchNumber] = []string{strconv.Itoa(i + 1)}
		switch {
		case i == count-1:
			m.Header[headerBatchCommit] = []string{"1"}
			sequence, err := b.commit(ctx, m, count)
			if err != nil {
				return 0, fmt.Errorf("commit %d messages: %w", count, err)
			}
			return sequence, nil
		case i%acknowledgeEvery == 0: // the first tells whether the batch is welcome at all
			answer, err := b.conn.RequestMsgWithContext(ctx, m)
			if err == nil {
				_, err = stored(answer)
			}
			if err != nil {
				return 0, fmt.Errorf("send message %d of %d: %w", i+1, count, cause(ctx, verdict(err)))
			}
		default:
			if err := b.conn.PublishMsg(m); err != nil {
				return 0, fmt.Errorf("send message %d of %d: %w", i+1, count, verdict(err))
			}
		}
	}
	return 0, errors.New("a batch of nothing")
}

func (b *Bus) commit(ctx context.Context, m *nats.Msg, count int) (uint64, error) {
	answer, err := b.conn.RequestMsgWithContext(ctx, m)
	switch {
	case err == nil:
	case unsent(err):
		return 0, verdict(err)
	default:
		return 0, fmt.Errorf("%w: %w", errUnknown, cause(ctx, err))
	}
	ack, err := stored(answer)
	if err == nil && (ack.Sequence == 0 || ack.Count != count) {
		err = fmt.Errorf("%w: it speaks of %d messages", errUnknown, ack.Count)
	}
	return ack.Sequence, err
}

type stamp struct {
	Sequence uint64              `json:"seq"`
	Count    int                 `json:"count"`
	Error    *jetstream.APIError `json:"error"`
}

// stored reads the server's answer, which is empty before the last message.
func stored(answer *nats.Msg) (stamp, error) {
	var ack stamp
	if len(answer.Data) == 0 {
		return ack, nil
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return ack, fmt.Errorf("%w: %w", errUnknown, err)
	}
	if ack.Error != nil {
		return ack, verdict(ack.Error)
	}
	return ack, nil
}

// whileConnected ends the context when the connection is lost: an answer to what was sent over it cannot come any more.
func (b *Bus) whileConnected(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	changed := b.conn.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	if !b.conn.IsConnected() {
		cancel(errConnectionLost)
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-changed:
			cancel(errConnectionLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		<-finished
		b.conn.RemoveStatusListener(changed)
	}
}

// cause says why a context ended, where that is what the error is about.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}

// unsent tells errors that come before the message leaves, or instead of it.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrMaxPayload) ||
		errors.Is(err, nats.ErrBadSubject)
}
