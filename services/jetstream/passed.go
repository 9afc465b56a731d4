package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Newest is the sequence of the newest message of the CDR stream, 0 before the first.
func (b *Bus) Newest(ctx context.Context) (uint64, error) {
	_, last, err := b.ends(ctx)
	return last, err
}

func (b *Bus) ends(ctx context.Context) (first, last uint64, err error) {
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return 0, 0, err
	}
	info, err := s.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read stream %s: %w", StreamCDR, verdict(err))
	}
	return info.State.FirstSeq, info.State.LastSeq, nil
}

// Passed tells whether the enrichers have acknowledged every chunk up to a sequence. Under live traffic their lag is
// never nothing; this is what whoever published something waits for.
func (b *Bus) Passed(ctx context.Context, sequence uint64) (bool, error) {
	behind, err := b.behind(ctx)
	if err != nil {
		return false, err
	}
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return false, err
	}
	for _, f := range behind {
		if f.sequence >= sequence {
			break // the lowest floor comes first
		}
		m, err := s.GetMsg(ctx, f.sequence+1, jetstream.WithGetMsgSubject(f.filter))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // acknowledged meanwhile, or nothing there
		case err != nil:
			return false, fmt.Errorf("read the oldest chunk: %w", verdict(err))
		case m.Sequence <= sequence:
			return false, nil
		}
	}
	return true, nil
}
