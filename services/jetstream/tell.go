package jetstream

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/cdrflow/cdrflow/services/call"
)

// Tell publishes events; it returns when all are stored. Up to MaxTogether events are stored all or not at all. After an
// error any of them may be stored: tell all again, whoever listens drops repeats by id and version.
func (b *Bus) Tell(ctx context.Context, events []call.Event) error {
	for piece := range slices.Chunk(events, MaxTogether) {
		if err := b.tell(ctx, piece); err != nil {
			return fmt.Errorf("tell %d events: %w", len(events), err)
		}
	}
	return nil
}

func (b *Bus) tell(ctx context.Context, events []call.Event) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	_, err := b.together(ctx, len(events), func(i int) *nats.Msg {
		*buffer = events[i].AppendJSON((*buffer)[:0])
		return &nats.Msg{Subject: events[i].Subject(), Data: *buffer}
	})
	return err
}
