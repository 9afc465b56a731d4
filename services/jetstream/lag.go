package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Lag is what a stage has before it, in messages.
type Lag struct {
	Waiting uint64 // not delivered yet
	Working uint64 // delivered and not acknowledged, those included that wait to come again
}

// Total of messages that the stage has not finished.
func (l Lag) Total() uint64 { return l.Waiting + l.Working }

// Lag of a stage, over all its partitions. A stage that never ran has none.
func (b *Bus) Lag(ctx context.Context, stage string) (Lag, error) {
	var lag Lag
	for _, stream := range []string{StreamCDR, StreamCALL} {
		infos, err := b.durables(ctx, stage, stream)
		if err != nil {
			return lag, err
		}
		for _, info := range infos {
			lag.Waiting += info.NumPending
			lag.Working += uint64(max(0, info.NumAckPending))
		}
	}
	return lag, nil
}

// durables of a stage on a stream, by name.
func (b *Bus) durables(ctx context.Context, stage, stream string) (map[string]*jetstream.ConsumerInfo, error) {
	s, err := b.stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	infos := map[string]*jetstream.ConsumerInfo{}
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		if strings.HasPrefix(info.Name, stage+"-") {
			infos[info.Name] = info
		}
	}
	if err := list.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return nil, fmt.Errorf("list consumers of %s on %s: %w", stage, stream, verdict(err))
	}
	return infos, nil
}
