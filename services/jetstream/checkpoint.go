package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Checkpoint tells how far a source was read, and the revision that PublishPage wants for the next page. ErrNoCheckpoint
// when there is none, ErrNoStream before the log exists.
func (b *Bus) Checkpoint(ctx context.Context, source string) (cp call.Checkpoint, revision uint64, err error) {
	if err := subjectToken("source", source); err != nil {
		return cp, 0, err
	}
	body, revision, err := b.lastCheckpoint(ctx, source)
	if err != nil {
		return cp, 0, fmt.Errorf("read checkpoint of %s: %w", source, err)
	}
	if err := json.Unmarshal(body, &cp); err != nil {
		return cp, 0, fmt.Errorf("read checkpoint of %s at %d: %w", source, revision, err)
	}
	return cp, revision, nil
}

func (b *Bus) lastCheckpoint(ctx context.Context, source string) ([]byte, uint64, error) {
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return nil, 0, err
	}
	m, err := s.GetLastMsgForSubject(ctx, checkpointSubject(source))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, 0, ErrNoCheckpoint
	}
	if err != nil {
		return nil, 0, err
	}
	return m.Data, m.Sequence, nil
}

func checkpointSubject(source string) string { return "checkpoint.v1." + source }
