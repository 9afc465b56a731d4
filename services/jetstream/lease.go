package jetstream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	leaseAge   = 5 * time.Second
	leaseRenew = 1500 * time.Millisecond
	leaseRetry = 250 * time.Millisecond
	// leaseSafety is given up before the server forgets the lease, for clocks that differ in speed and slow wake-ups.
	leaseSafety = 500 * time.Millisecond
)

// Lease is a right that one of several has. It says who ought to work; it protects nothing by itself, since its holder
// may sleep through its end: that is what revisions are for.
type Lease struct {
	bus   *Bus
	kv    jetstream.KeyValue
	key   string
	value []byte

	mu       sync.Mutex
	revision uint64

	lost    chan struct{}
	stop    context.CancelFunc
	stopped chan struct{}
}

// Lease waits until the key is free and takes it. It lives as long as it is renewed, which happens by itself.
func (b *Bus) Lease(ctx context.Context, key, holder string) (*Lease, error) {
	kv, err := b.bucket(ctx, bucketLeases)
	if err != nil {
		return nil, err
	}
	// The mark tells our own lease from one that the same host held before.
	value := []byte(holder + " " + rand.Text())
	for told := false; ; {
		asked := time.Now()
		revision, err := b.take(ctx, kv, key, value)
		if err == nil {
			l := &Lease{
				bus: b, kv: kv, key: key, value: value, revision: revision,
				lost: make(chan struct{}), stopped: make(chan struct{}),
			}
			var renew context.Context
			renew, l.stop = context.WithCancel(context.Background())
			go l.keep(renew, asked)
			return l, nil
		}
		if ctx.Err() == nil && !errors.Is(err, jetstream.ErrKeyExists) && !away(err) {
			return nil, fmt.Errorf("take lease %s: %w", key, err)
		}
		if !told && ctx.Err() == nil {
			b.log.Info("standing by, another holds the lease", "key", key, "holder", b.holder(ctx, kv, key))
			told = true
		}
		if !pause(ctx, leaseRetry) {
			return nil, ctx.Err()
		}
	}
}

func (b *Bus) take(ctx context.Context, kv jetstream.KeyValue, key string, value []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	revision, err := kv.Create(ctx, key, value)
	if err == nil {
		return revision, nil
	}
	// The answer to an earlier try may have been lost.
	if is, getErr := kv.Get(ctx, key); getErr == nil && string(is.Value()) == string(value) {
		return is.Revision(), nil
	}
	return 0, err
}

func (b *Bus) holder(ctx context.Context, kv jetstream.KeyValue, key string) string {
	ctx, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	is, err := kv.Get(ctx, key)
	if err != nil {
		return ""
	}
	return string(is.Value())
}

// Lost is closed when somebody else may have the lease: it could not be renewed in time, or it was taken away.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release gives the lease to whoever waits for it. A lease that was lost is left alone.
func (l *Lease) Release() {
	l.stop()
	<-l.stopped
	select {
	case <-l.lost:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaseRenew)
	defer cancel()
	l.mu.Lock()
	revision := l.revision
	l.mu.Unlock()
	err := l.kv.Delete(ctx, l.key, jetstream.LastRevision(revision))
	if conflict(err) {
		// A renewal was under way: the server has it, its answer was not waited for.
		if revision, err = l.ours(ctx); err == nil {
			err = l.kv.Delete(ctx, l.key, jetstream.LastRevision(revision))
		}
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		l.bus.log.Warn("lease not released, it ends by itself", "key", l.key, "after", leaseAge, "err", err)
	}
}

func (l *Lease) keep(ctx context.Context, renewed time.Time) {
	defer close(l.stopped)
	for wait := leaseRenew; pause(ctx, wait); {
		asked := time.Now()
		err := l.renew(ctx)
		switch {
		case err == nil:
			renewed, wait = asked, leaseRenew
		case ctx.Err() != nil:
			return
		case errors.Is(err, jetstream.ErrKeyExists), time.Since(renewed) > leaseAge-leaseSafety:
			l.bus.log.Warn("lease lost", "key", l.key, "err", err)
			close(l.lost)
			return
		default:
			wait = leaseRetry
		}
	}
}

// renew writes the key again at the revision it had; ErrKeyExists when it is not ours any more.
func (l *Lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	revision, err := l.kv.Update(ctx, l.key, l.value, l.revision)
	if conflict(err) {
		// Our own renewal whose answer was lost looks the same.
		revision, err = l.ours(ctx)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.revision = revision
	l.mu.Unlock()
	return nil
}

// ours is the revision at which the server has our lease; ErrKeyExists when it is not ours any more.
func (l *Lease) ours(ctx context.Context) (uint64, error) {
	is, err := l.kv.Get(ctx, l.key)
	switch {
	case err == nil && string(is.Value()) == string(l.value):
		return is.Revision(), nil
	case err == nil, errors.Is(err, jetstream.ErrKeyNotFound):
		return 0, fmt.Errorf("%w: %s", jetstream.ErrKeyExists, l.key)
	}
	return 0, err
}

// conflict tells that a key was not at the revision expected.
func conflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
