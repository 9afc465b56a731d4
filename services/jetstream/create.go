package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

const metadataEpoch = "epoch"

// createWait is how long a server that has just started may take until it creates streams.
const createWait = 30 * time.Second

// CreateStreams creates what is absent and applies changed limits. A CDR stream that is made anew begins a new epoch,
// above highestEpoch, which is the highest one that the store holds; it is asked only then. Of several that create at
// the same time one wins, and all see its epoch.
func (b *Bus) CreateStreams(ctx context.Context, s Streams, highestEpoch func(context.Context) (uint32, error)) error {
	end := time.Now().Add(createWait)
	for {
		err := b.createStreams(ctx, s, highestEpoch)
		if err == nil || !away(err) || time.Now().After(end) || !pause(ctx, 500*time.Millisecond) {
			return err
		}
	}
}

func (b *Bus) createStreams(ctx context.Context, s Streams, highestEpoch func(context.Context) (uint32, error)) error {
	for _, cfg := range s.list() {
		there, err := b.js.Stream(ctx, cfg.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			if cfg.Name == StreamCDR {
				highest, err := highestEpoch(ctx)
				if err != nil {
					return fmt.Errorf("find the highest epoch stored: %w", err)
				}
				cfg.Metadata = map[string]string{metadataEpoch: strconv.FormatUint(uint64(call.NextEpoch(time.Now(), highest)), 10)}
			}
			there, err = b.js.CreateStream(ctx, cfg)
			if err == nil {
				b.log.Info("stream created", "stream", cfg.Name, "metadata", cfg.Metadata)
			} else if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				there, err = b.js.Stream(ctx, cfg.Name) // another was faster
			}
		}
		if err == nil {
			err = b.adjust(ctx, there.CachedInfo().Config, cfg)
		}
		if err != nil {
			return fmt.Errorf("create stream %s with at most %s: %w", cfg.Name, Size(max(0, cfg.MaxBytes)), verdict(err))
		}
	}
	for _, cfg := range s.buckets() {
		if _, err := b.js.CreateOrUpdateKeyValue(ctx, cfg); err != nil {
			return fmt.Errorf("create bucket %s: %w", cfg.Bucket, verdict(err))
		}
	}
	return b.complete(ctx)
}

// adjust applies limits that were configured anew. Everything else, the epoch above all, stays as it is.
func (b *Bus) adjust(ctx context.Context, is, want jetstream.StreamConfig) error {
	bytes := want.MaxBytes
	if bytes == 0 {
		bytes = -1
	}
	if is.MaxAge == want.MaxAge && is.MaxBytes == bytes && is.Replicas == want.Replicas {
		return nil
	}
	is.MaxAge, is.MaxBytes, is.Replicas = want.MaxAge, bytes, want.Replicas
	if is.Duplicates > is.MaxAge && is.MaxAge > 0 {
		is.Duplicates = is.MaxAge
	}
	if _, err := b.js.UpdateStream(ctx, is); err != nil {
		return fmt.Errorf("apply new limits: %w", err)
	}
	b.log.Info("stream limits changed", "stream", is.Name, "max_age", is.MaxAge, "max_bytes", is.MaxBytes, "replicas", is.Replicas)
	return nil
}

// Epoch of the CDR stream: all versions of rows made from it carry it. ErrNoStream when there is none yet.
func (b *Bus) Epoch(ctx context.Context) (uint32, error) {
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return 0, err
	}
	info, err := s.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("read stream %s: %w", StreamCDR, verdict(err))
	}
	epoch, err := strconv.ParseUint(info.Config.Metadata[metadataEpoch], 10, 20)
	if err != nil || epoch == 0 {
		return 0, fmt.Errorf("stream %s has epoch %q in its metadata, want a number: it was not created by the enricher",
			StreamCDR, info.Config.Metadata[metadataEpoch])
	}
	return uint32(epoch), nil
}
