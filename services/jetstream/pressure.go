package jetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Pressure is how near the CDR stream is to losing what was not read, or to refusing what comes.
type Pressure struct {
	Bytes    uint64        // stored
	MaxBytes uint64        // 0: unbounded
	MaxAge   time.Duration // age at which rows leave the log; 0: never
	// Oldest is when the oldest chunk came that the enrichers have not acknowledged; zero where there is none.
	Oldest time.Time
}

// storing is the stage whose acknowledgement means that a row is safe.
const storing = "enricher"

// Pressure on the CDR stream.
func (b *Bus) Pressure(ctx context.Context) (Pressure, error) {
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return Pressure{}, err
	}
	info, err := s.Info(ctx)
	if err != nil {
		return Pressure{}, fmt.Errorf("read stream %s: %w", StreamCDR, verdict(err))
	}
	p := Pressure{Bytes: info.State.Bytes, MaxBytes: uint64(max(0, info.Config.MaxBytes)), MaxAge: info.Config.MaxAge}
	behind, err := b.behind(ctx)
	if err != nil {
		return p, err
	}
	// The oldest floor need not belong to the oldest chunk: a quiet partition's floor stays behind. But no chunk of a
	// partition is older than its floor, so the search ends early.
	best := ^uint64(0)
	for _, f := range behind {
		if f.sequence >= best {
			break
		}
		m, err := s.GetMsg(ctx, f.sequence+1, jetstream.WithGetMsgSubject(f.filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // acknowledged meanwhile, or nothing there
		}
		if err != nil {
			return p, fmt.Errorf("read the oldest chunk: %w", err)
		}
		if m.Sequence < best {
			best, p.Oldest = m.Sequence, m.Time.UTC()
		}
	}
	return p, nil
}

type floor struct {
	sequence uint64 // everything up to it is acknowledged
	filter   string
}

// behind lists the partitions that have something unacknowledged, the lowest floor first.
func (b *Bus) behind(ctx context.Context) ([]floor, error) {
	infos, err := b.durables(ctx, storing, StreamCDR)
	if err != nil {
		return nil, err
	}
	var list []floor
	for p := range call.Partitions {
		info := infos[durableName(storing, p)]
		switch {
		case info == nil: // nobody has ever read it
			list = append(list, floor{0, filter(StreamCDR, p)})
		case info.NumPending > 0 || info.NumAckPending > 0:
			list = append(list, floor{info.AckFloor.Stream, filter(StreamCDR, p)})
		}
	}
	slices.SortFunc(list, func(a, b floor) int { return cmp.Compare(a.sequence, b.sequence) })
	return list, nil
}
