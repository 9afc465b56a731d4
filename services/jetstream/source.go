package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// SourceKnown tells whether a source was ever read. One that is known and has no checkpoint must not silently begin from
// zero again.
func (b *Bus) SourceKnown(ctx context.Context, source string) (bool, error) {
	kv, err := b.bucket(ctx, bucketSources)
	if err != nil {
		return false, err
	}
	_, err = kv.Get(ctx, source)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up source %s: %w", source, err)
	}
	return true, nil
}

// RememberSource makes a source known, with the time of now as the time it was first seen.
func (b *Bus) RememberSource(ctx context.Context, source string) error {
	if err := subjectToken("source", source); err != nil {
		return err
	}
	kv, err := b.bucket(ctx, bucketSources)
	if err != nil {
		return err
	}
	_, err = kv.Create(ctx, source, []byte(time.Now().UTC().Format(time.RFC3339)))
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("remember source %s: %w", source, err)
	}
	return nil
}
