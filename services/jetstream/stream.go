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

// The streams of the house.
const (
	StreamCDR    = "CDR"    // raw rows: cdr.v1.<source>.<partition>, and checkpoint.v1.<source>
	StreamCALL   = "CALL"   // understood calls: call.v1.<org>.<direction>.<partition>
	StreamPARKED = "PARKED" // what could not be digested: parked.v1.<stage>.<id>
)

const (
	bucketMembers = "cdrflow_members" // who works: <stage>.<member>, gone ten seconds after the last sign of life
	bucketLeases  = "cdrflow_leases"  // who polls: source.<name>
	bucketSources = "cdrflow_sources" // sources that were polled once: <name>
)

const (
	memberLife = 10 * time.Second
	leaseLife  = 5 * time.Second
	epochKey   = "cdrflow_epoch"
)

// CreateStreams creates what is absent and adjusts limits that were configured anew. highestEpoch is asked only where the
// CDR stream has to be made. Several callers at once agree: one creates the stream, the others find it.
func (b *Bus) CreateStreams(ctx context.Context, s Streams, highestEpoch func(context.Context) (uint32, error)) error {
	for _, cfg := range []jetstream.KeyValueConfig{
		{Bucket: bucketMembers, TTL: memberLife, History: 1, Replicas: s.Replicas},
		{Bucket: bucketLeases, LimitMarkerTTL: time.Minute, History: 1, Replicas: s.Replicas},
		{Bucket: bucketSources, History: 1, Replicas: s.Replicas},
	} {
		if _, err := b.js.CreateOrUpdateKeyValue(ctx, cfg); err != nil {
			return fmt.Errorf("create bucket %s: %w", cfg.Bucket, err)
		}
	}
	for _, cfg := range []jetstream.StreamConfig{
		{
			Name: StreamCALL, Subjects: []string{"call.v1.>"}, Storage: jetstream.FileStorage, Replicas: s.Replicas, MaxAge: s.CallAge, MaxBytes: s.CallBytes,
			AllowAtomicPublish: true, AllowDirect: true, Discard: jetstream.DiscardOld, Compression: jetstream.S2Compression,
		},
		{
			Name: StreamPARKED, Subjects: []string{"parked.v1.>"}, Storage: jetstream.FileStorage, Replicas: s.Replicas, MaxMsgsPerSubject: 1, AllowDirect: true,
		},
		{
			// Discard=New: a full log refuses the poller's page, whose rows are still in MariaDB. It never drops one.
			Name: StreamCDR, Subjects: []string{"cdr.v1.>", "checkpoint.v1.>"}, Storage: jetstream.FileStorage, Replicas: s.Replicas,
			MaxAge: s.CDRAge, MaxBytes: s.CDRBytes, Discard: jetstream.DiscardNew, AllowAtomicPublish: true, AllowDirect: true,
		},
	} {
		if err := b.createStream(ctx, cfg, highestEpoch); err != nil {
			return fmt.Errorf("create stream %s: %w", cfg.Name, err)
		}
	}
	return nil
}

func (b *Bus) createStream(ctx context.Context, cfg jetstream.StreamConfig, highestEpoch func(context.Context) (uint32, error)) error {
	stream, err := b.js.Stream(ctx, cfg.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if cfg.Name == StreamCDR {
			highest, err := highestEpoch(ctx)
			if err != nil {
				return err
			}
			cfg.Metadata = map[string]string{epochKey: strconv.FormatUint(uint64(call.NextEpoch(time.Now(), highest)), 10)}
		}
		// Another enricher may have been faster, with another epoch; then its stream is the one.
		_, err = b.js.CreateStream(ctx, cfg)
		if !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return err
		}
		return nil
	}
	if err != nil {
		return err
	}
	have := stream.CachedInfo().Config
	if have.MaxAge == cfg.MaxAge && have.MaxBytes == cfg.MaxBytes && have.Replicas == cfg.Replicas {
		return nil
	}
	have.MaxAge, have.MaxBytes, have.Replicas = cfg.MaxAge, cfg.MaxBytes, cfg.Replicas
	_, err = b.js.UpdateStream(ctx, have)
	return err
}

// Epoch of the CDR stream: what makes versions rise across a stream that was lost and made again.
func (b *Bus) Epoch(ctx context.Context) (uint32, error) {
	stream, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return 0, err
	}
	text := stream.CachedInfo().Config.Metadata[epochKey]
	epoch, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("stream %s: its metadata %s is %q, want a number: it was not created by an enricher", StreamCDR, epochKey, text)
	}
	return uint32(epoch), nil
}

func (b *Bus) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	stream, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("%s: %w", name, ErrNoStream)
	}
	if err != nil {
		return nil, fmt.Errorf("look stream %s up: %w", name, err)
	}
	return stream, nil
}

// AwaitStreams waits until an enricher has created the streams.
func (b *Bus) AwaitStreams(ctx context.Context) error {
	for said := false; ; {
		_, err := b.stream(ctx, StreamCDR) // the last one to be created
		if err == nil {
			return nil
		}
		if !said {
			b.log.Info("waiting for the streams, which an enricher creates", "err", err)
			said = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
