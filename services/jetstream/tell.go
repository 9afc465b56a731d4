package jetstream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/cdrflow/cdrflow/services/call"
)

// tellAtOnce is the size of an atomic batch.
const tellAtOnce = 1000

// Tell publishes events on the CALL stream, in atomic batches. No event has a message id: one that was told before would
// refuse the whole batch. Consumers drop repeats by identity and version.
func (b *Bus) Tell(ctx context.Context, events []call.Event) error {
	for len(events) > 0 {
		part := events[:min(tellAtOnce, len(events))]
		messages := make([]*nats.Msg, len(part))
		for i := range part {
			msg := nats.NewMsg(part[i].Subject())
			msg.Data = part[i].AppendJSON(nil)
			messages[i] = msg
		}
		if _, err := jetstreamext.PublishMsgBatch(ctx, b.js, messages); err != nil {
			if verdict := refusal(err); verdict != nil {
				err = verdict
			}
			return fmt.Errorf("tell %d events: %w", len(part), err)
		}
		events = events[len(part):]
	}
	return nil
}
