package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams of the log.
const (
	StreamCDR    = "CDR"    // raw rows, and how far each source was read
	StreamCALL   = "CALL"   // events of understood calls
	StreamPARKED = "PARKED" // what a stage could not digest
)

// Buckets of small state beside the log. The age of a bucket's keys is the bucket's own, so that a key that is renewed
// in any way lives on.
const (
	bucketMembers = "cdrflow_members"
	bucketLeases  = "cdrflow_leases"
	bucketSources = "cdrflow_sources"
)

var (
	allStreams = []string{StreamCDR, StreamCALL, StreamPARKED}
	allBuckets = []string{bucketMembers, bucketLeases, bucketSources}
)

func (s Streams) list() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{{
		Name: StreamCDR, Description: "cdrflow: raw rows and checkpoints",
		Subjects: []string{"cdr.v1.>", "checkpoint.v1.>"},
		Discard:  jetstream.DiscardNew, MaxAge: s.CDRAge, MaxBytes: int64(s.CDRBytes), Replicas: s.Replicas,
		AllowAtomicPublish: true, AllowDirect: true, DenyDelete: true, DenyPurge: true,
	}, {
		Name: StreamCALL, Description: "cdrflow: events of understood calls",
		Subjects: []string{"call.v1.>"},
		Discard:  jetstream.DiscardOld, MaxAge: s.CallAge, MaxBytes: int64(s.CallBytes), Replicas: s.Replicas,
		AllowAtomicPublish: true, AllowDirect: true, Compression: jetstream.S2Compression,
	}, {
		Name: StreamPARKED, Description: "cdrflow: what a stage could not digest",
		Subjects: []string{"parked.v1.>"},
		Discard:  jetstream.DiscardOld, MaxMsgsPerSubject: 1, Replicas: s.Replicas, AllowDirect: true,
	}}
}

func (s Streams) buckets() []jetstream.KeyValueConfig {
	return []jetstream.KeyValueConfig{
		{Bucket: bucketMembers, Description: "cdrflow: who consumes which partitions", TTL: memberAge, Replicas: s.Replicas},
		{Bucket: bucketLeases, Description: "cdrflow: who polls which source", TTL: leaseAge, Replicas: s.Replicas},
		{Bucket: bucketSources, Description: "cdrflow: sources that were ever read", Replicas: s.Replicas},
	}
}

// stream gives a stream's handle. The handle is kept: making one costs a question.
func (b *Bus) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	b.mu.Lock()
	s, ok := b.streams[name]
	b.mu.Unlock()
	if ok {
		return s, nil
	}
	s, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("%w: %s", ErrNoStream, name)
	}
	if err != nil {
		return nil, fmt.Errorf("look up stream %s: %w", name, err)
	}
	b.mu.Lock()
	b.streams[name] = s
	b.mu.Unlock()
	return s, nil
}

func (b *Bus) bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	b.mu.Lock()
	kv, ok := b.buckets[name]
	b.mu.Unlock()
	if ok {
		return kv, nil
	}
	kv, err := b.js.KeyValue(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, fmt.Errorf("%w: bucket %s", ErrNoStream, name)
	}
	if err != nil {
		return nil, fmt.Errorf("look up bucket %s: %w", name, err)
	}
	b.mu.Lock()
	b.buckets[name] = kv
	b.mu.Unlock()
	return kv, nil
}

// AwaitStreams waits until the enricher has created the streams.
func (b *Bus) AwaitStreams(ctx context.Context) error {
	for told := false; ; told = true {
		err := b.complete(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrNoStream) && !away(err) {
			return err
		}
		if !told {
			b.log.Info("waiting for the streams, which the enricher creates", "err", err)
		}
		if !pause(ctx, 500*time.Millisecond) {
			return ctx.Err()
		}
	}
}

func (b *Bus) complete(ctx context.Context) error {
	for _, name := range allStreams {
		if _, err := b.stream(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range allBuckets {
		if _, err := b.bucket(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func subjectToken(name, text string) error {
	ok := text != "" && len(text) <= 200 && !slices.ContainsFunc([]byte(text), func(c byte) bool { return !plainToken(c) })
	if !ok {
		return fmt.Errorf("%s is %q, want letters, digits, hyphens and underscores", name, text)
	}
	return nil
}

func plainToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
