package jetstream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Lag is how much a stage has before it.
type Lag struct {
	Waiting uint64 // messages not yet delivered
	Working uint64 // messages delivered and not acknowledged
}

// Lag of a stage on a stream.
func (b *Bus) Lag(ctx context.Context, stage, stream string) (Lag, error) {
	var lag Lag
	infos, err := b.consumers(ctx, stage, stream)
	for _, info := range infos {
		lag.Waiting += info.NumPending
		lag.Working += uint64(info.NumAckPending)
	}
	return lag, err
}

func (b *Bus) consumers(ctx context.Context, stage, stream string) ([]*jetstream.ConsumerInfo, error) {
	s, err := b.stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	var infos []*jetstream.ConsumerInfo
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		if strings.HasPrefix(info.Name, stage+"-") {
			infos = append(infos, info)
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("list consumers of %s: %w", stage, err)
	}
	return infos, nil
}

// Pressure is what a poller looks at before it publishes more.
type Pressure struct {
	Bytes, MaxBytes uint64        // of the CDR stream; MaxBytes 0: unbounded
	MaxAge          time.Duration // age at which rows leave the log
	Oldest          time.Time     // when the oldest chunk came that an enricher has not acknowledged; zero: none
}

// Pressure on the CDR stream. Age never deletes what is unread, because the poller stops before.
func (b *Bus) Pressure(ctx context.Context) (Pressure, error) {
	stream, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return Pressure{}, err
	}
	info := stream.CachedInfo()
	p := Pressure{Bytes: info.State.Bytes, MaxAge: info.Config.MaxAge, MaxBytes: uint64(max(0, info.Config.MaxBytes))}
	infos, err := b.consumers(ctx, "enricher", StreamCDR)
	if err != nil {
		return p, err
	}
	if len(infos) == 0 && info.State.Msgs > 0 {
		p.Oldest = info.State.FirstTime // nobody has ever read
		return p, nil
	}
	for _, c := range infos {
		if c.NumPending == 0 && c.NumAckPending == 0 {
			continue
		}
		msg, err := stream.GetMsg(ctx, c.AckFloor.Stream+1, jetstream.WithGetMsgSubject(c.Config.FilterSubject))
		if err != nil {
			continue // acknowledged meanwhile
		}
		if p.Oldest.IsZero() || msg.Time.Before(p.Oldest) {
			p.Oldest = msg.Time
		}
	}
	return p, nil
}
