package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Announced is one event as it stands in the CALL stream: call.Event as JSON, and where it stands.
type Announced struct {
	Sequence uint64
	Data     []byte
}

// Ends of the CALL stream. Two streams with the same birth are the same stream; one that was made anew counts from 1
// again. Without messages First is above Last.
type Ends struct {
	Born        time.Time
	First, Last uint64
}

// ErrOtherStream means that the stream was made anew: its sequences mean something else now.
var ErrOtherStream = errors.New("the stream was made anew")

// CallEnds tells what the CALL stream holds.
func (b *Bus) CallEnds(ctx context.Context) (Ends, error) {
	// Asked by name, not through a kept handle: the handle of a stream that was made anew would do, but nobody could tell.
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	s, err := b.js.Stream(ctx, StreamCALL)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return Ends{}, fmt.Errorf("%w: %s", ErrNoStream, StreamCALL)
	}
	if err != nil {
		return Ends{}, fmt.Errorf("read stream %s: %w", StreamCALL, verdict(err))
	}
	info := s.CachedInfo()
	ends := Ends{Born: info.Created, First: info.State.FirstSeq, Last: info.State.LastSeq}
	if info.State.Msgs == 0 {
		ends.First = ends.Last + 1
	}
	return ends, nil
}

// quietFollow is how long nothing may come before Follow asks whether the stream is still the same.
const quietFollow = 5 * time.Second

// Follow hands over every event of the CALL stream from a sequence on, in order and each once, until ctx ends or something
// goes wrong: a stream that was made anew is ErrOtherStream, a server that went away an error that is Away. Whoever goes on
// begins behind the last one that was handed over. Data is the taker's to keep.
func (b *Bus) Follow(ctx context.Context, from uint64, take func(Announced)) error {
	ends, err := b.CallEnds(ctx)
	if err != nil {
		return err
	}
	consumer, err := b.js.OrderedConsumer(ctx, StreamCALL, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from), InactiveThreshold: time.Minute,
		// The library waits longer from try to try than a caller shall: one try, and the error is ours.
		MaxResetAttempts: 1,
	})
	if err != nil {
		return fmt.Errorf("follow %s: %w", StreamCALL, verdict(err))
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(512), jetstream.PullExpiry(10*time.Second), jetstream.PullHeartbeat(2*time.Second))
	if err != nil {
		return fmt.Errorf("follow %s: %w", StreamCALL, verdict(err))
	}
	defer messages.Stop()
	for {
		m, err := next(ctx, messages)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout):
			now, err := b.CallEnds(ctx)
			if err != nil {
				return err
			}
			if !now.Born.Equal(ends.Born) {
				return fmt.Errorf("follow %s: %w", StreamCALL, ErrOtherStream)
			}
			continue
		case err != nil:
			return fmt.Errorf("follow %s: %w", StreamCALL, verdict(err))
		}
		about, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("follow %s: %w", StreamCALL, err)
		}
		take(Announced{Sequence: about.Sequence.Stream, Data: m.Data()})
	}
}

func next(ctx context.Context, messages jetstream.MessagesContext) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, quietFollow)
	defer cancel()
	return messages.Next(jetstream.NextContext(ctx))
}

// announcedBytes bounds what one question brings; a single message always comes.
const announcedBytes = 4 << 20

// Announced reads up to most events of the CALL stream from a sequence on, for one who fell behind; none where there are no
// more.
func (b *Bus) Announced(ctx context.Context, from uint64, most int) ([]Announced, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	answers, err := jetstreamext.GetBatch(ctx, b.js, StreamCALL, most, jetstreamext.GetBatchSeq(max(1, from)), jetstreamext.GetBatchMaxBytes(announcedBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s from %d: %w", StreamCALL, from, verdict(err))
	}
	var list []Announced
	for m, err := range answers {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s from %d: %w", StreamCALL, from, verdict(err))
		}
		list = append(list, Announced{Sequence: m.Sequence, Data: m.Data})
	}
	if len(list) == 0 || ctx.Err() != nil { // the library ends without a word when its time is up
		return list, fmt.Errorf("read %s from %d: %w", StreamCALL, from, nats.ErrTimeout)
	}
	return list, nil
}
