package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// bucketPositions is made by the first command that needs it: no stage waits for it.
	bucketPositions = "cdrflow_positions"
	// positionAge is how long a command that was interrupted can be gone on with.
	positionAge = 30 * 24 * time.Hour
)

// Position reads where a long command stood into v; false where it never began, or ended.
func (b *Bus) Position(ctx context.Context, key string, v any) (bool, error) {
	kv, err := b.positions(ctx)
	if err != nil {
		return false, err
	}
	is, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read position %s: %w", key, err)
	}
	if err := json.Unmarshal(is.Value(), v); err != nil {
		return false, fmt.Errorf("read position %s: %w", key, err)
	}
	return true, nil
}

// SavePosition keeps where a long command stands, as JSON of at most a megabyte.
func (b *Bus) SavePosition(ctx context.Context, key string, v any) error {
	kv, err := b.positions(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("save position %s: %w", key, err)
	}
	if _, err := kv.Put(ctx, key, body); err != nil {
		return fmt.Errorf("save position %s: %w", key, err)
	}
	return nil
}

// ForgetPosition of a command that has ended.
func (b *Bus) ForgetPosition(ctx context.Context, key string) error {
	kv, err := b.positions(ctx)
	if err != nil {
		return err
	}
	if err := kv.Purge(ctx, key); err != nil {
		return fmt.Errorf("forget position %s: %w", key, err)
	}
	return nil
}

func (b *Bus) positions(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := b.bucket(ctx, bucketPositions)
	if !errors.Is(err, ErrNoStream) {
		return kv, err
	}
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return nil, err
	}
	kv, err = b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucketPositions, Description: "cdrflow: where long commands stand", TTL: positionAge,
		Replicas: s.CachedInfo().Config.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("create bucket %s: %w", bucketPositions, verdict(err))
	}
	return kv, nil
}
