package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// zoneKey is beside the source's own key. A source's name has no dot.
func zoneKey(source string) string { return "zone." + source }

// Sources lists the sources that were ever read, in the order of their names.
func (b *Bus) Sources(ctx context.Context) ([]string, error) {
	kv, err := b.bucket(ctx, bucketSources)
	if err != nil {
		return nil, err
	}
	keys, err := kv.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.Contains(key, ".") })
	slices.Sort(keys)
	return keys, nil
}

// RememberZone keeps the zone that a source's poller is told the PBX writes its times in, for those who understand rows
// anew long after their chunks have aged.
func (b *Bus) RememberZone(ctx context.Context, source, zone string) error {
	if err := subjectToken("source", source); err != nil {
		return err
	}
	is, err := b.Zone(ctx, source)
	if err != nil || is == zone {
		return err
	}
	kv, err := b.bucket(ctx, bucketSources)
	if err != nil {
		return err
	}
	if _, err := kv.Put(ctx, zoneKey(source), []byte(zone)); err != nil {
		return fmt.Errorf("remember the zone of %s: %w", source, err)
	}
	return nil
}

// Zone of a source as its poller said last; empty where none has.
func (b *Bus) Zone(ctx context.Context, source string) (string, error) {
	kv, err := b.bucket(ctx, bucketSources)
	if err != nil {
		return "", err
	}
	is, err := kv.Get(ctx, zoneKey(source))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up the zone of %s: %w", source, err)
	}
	return string(is.Value()), nil
}
