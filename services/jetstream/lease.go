package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Lease says who works on something that one process does at a time. It is a courtesy that keeps standbys quiet: two may
// believe that they hold it for a moment, and the fenced checkpoint decides who is right.
type Lease struct {
	bus      *Bus
	key      string
	revision uint64
	holder   string
	lost     chan struct{}
	stop     context.CancelFunc
	done     chan struct{}
	once     sync.Once
}

// Lease takes the lease of key for holder; it waits while another holds it. A holder that dies loses it after five
// seconds.
func (b *Bus) Lease(ctx context.Context, key, holder string) (*Lease, error) {
	for said := false; ; {
		revision, err := b.takeLease(ctx, key, holder)
		if err == nil {
			run, stop := context.WithCancel(context.WithoutCancel(ctx))
			l := &Lease{
				bus: b, key: key, revision: revision, holder: holder, lost: make(chan struct{}), stop: stop, done: make(chan struct{}),
			}
			go l.renew(run)
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return nil, fmt.Errorf("take lease %s: %w", key, err)
		}
		if !said {
			b.log.Info("standing by, another one holds the lease", "key", key)
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (b *Bus) takeLease(ctx context.Context, key, holder string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	kv, err := b.js.KeyValue(ctx, bucketLeases)
	if err != nil {
		return 0, err
	}
	return kv.Create(ctx, key, []byte(holder), jetstream.KeyTTL(leaseLife))
}

// renew keeps the lease alive. KV.Update would drop the key's time to live, so the value is published with the revision
// expected and the time to live given again.
func (l *Lease) renew(ctx context.Context) {
	defer close(l.done)
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(1500 * time.Millisecond):
		}
		ask, cancel := context.WithTimeout(ctx, time.Second)
		ack, err := l.bus.js.Publish(ask, "$KV."+bucketLeases+"."+l.key, []byte(l.holder),
			jetstream.WithExpectLastSequencePerSubject(l.revision), jetstream.WithMsgTTL(leaseLife), jetstream.WithRetryAttempts(0))
		cancel()
		var api *jetstream.APIError
		switch {
		case err == nil:
			l.revision, renewed = ack.Sequence, time.Now()
		case errors.As(err, &api) && api.ErrorCode == codeWrongLastSequence:
			// Also where our own renewal was stored and its answer lost; taking the lease again costs five seconds.
			l.once.Do(func() { close(l.lost) })
			return
		case time.Since(renewed) > leaseLife:
			l.once.Do(func() { close(l.lost) })
			return
		}
	}
}

// Lost is closed when the lease is no longer ours.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release gives the lease back, so that a standby need not wait for it to age.
func (l *Lease) Release() {
	l.stop()
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if kv, err := l.bus.js.KeyValue(ctx, bucketLeases); err == nil {
		// A lease that is not ours any more has another revision and stays.
		_ = kv.Delete(ctx, l.key, jetstream.LastRevision(l.revision))
	}
}

// SourceKnown tells whether a source was ever polled.
func (b *Bus) SourceKnown(ctx context.Context, source string) (bool, error) {
	kv, err := b.js.KeyValue(ctx, bucketSources)
	if err != nil {
		return false, fmt.Errorf("look source %s up: %w", source, err)
	}
	_, err = kv.Get(ctx, source)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look source %s up: %w", source, err)
	}
	return true, nil
}

// RememberSource that a source was polled, so that its lost checkpoint is noticed.
func (b *Bus) RememberSource(ctx context.Context, source string) error {
	kv, err := b.js.KeyValue(ctx, bucketSources)
	if err == nil {
		_, err = kv.Create(ctx, source, []byte(time.Now().UTC().Format(time.RFC3339)))
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("remember source %s: %w", source, err)
	}
	return nil
}
