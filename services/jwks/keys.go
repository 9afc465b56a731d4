package jwks

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ErrUnknown is returned for a key that is not in the set.
var ErrUnknown = errors.New("no such key")

// ErrAway wraps every error that says the set could not be fetched, so that nobody can tell whether a key is in it.
var ErrAway = errors.New("the key set is away")

// soonest is the pause between two fetches that unknown keys ask for: whoever makes up names of keys shall not make us
// besiege the provider.
const soonest = 10 * time.Second

// Keys are the keys as they were fetched last. They stay while the provider is away. They are safe for concurrent use.
type Keys struct {
	url     string
	client  *http.Client
	soonest time.Duration

	living context.Context // ends with Close
	end    context.CancelFunc
	under  sync.WaitGroup

	mu      sync.Mutex
	keys    map[name]crypto.PublicKey
	tried   time.Time // end of the last fetch
	failed  error     // what it ended with
	current *fetch
}

// fetch is one under way; whoever wants another waits for it instead.
type fetch struct {
	done chan struct{}
	err  error
}

// Open the door. It does not wait for the provider: the first use or Refresh fetches.
func Open(cfg Config) *Keys {
	k := &Keys{url: cfg.URL, client: newClient(cfg.Timeout), soonest: soonest}
	k.living, k.end = context.WithCancel(context.Background())
	return k
}

// Close ends what is under way.
func (k *Keys) Close() {
	k.end()
	k.under.Wait()
	k.client.CloseIdleConnections()
}

// Key gives the key that verifies signatures of the algorithm and goes by the id, exactly. A token without an id means the
// one key of its algorithm where there is no other. A key that is not known has the set fetched, unless that was done
// just now. The error is ErrUnknown, wraps ErrAway, or is that of ctx.
func (k *Keys) Key(ctx context.Context, algorithm, id string) (crypto.PublicKey, error) {
	if key, found := k.find(algorithm, id); found {
		return key, nil
	}
	if err, fresh := k.lately(); fresh {
		return nil, err
	}
	if err := k.Refresh(ctx); err != nil {
		return nil, err
	}
	if key, found := k.find(algorithm, id); found {
		return key, nil
	}
	return nil, ErrUnknown
}

func (k *Keys) find(algorithm, id string) (crypto.PublicKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, found := k.keys[name{algorithm, id}]; found || id != "" {
		return key, found
	}
	var only crypto.PublicKey
	for n, key := range k.keys {
		if n.algorithm != algorithm {
			continue
		}
		if only != nil {
			return nil, false
		}
		only = key
	}
	return only, only != nil
}

// lately tells what the last fetch said of a key that is not there, where that is not long ago.
func (k *Keys) lately() (error, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil || k.tried.IsZero() || time.Since(k.tried) >= k.soonest {
		return nil, false
	}
	if k.failed != nil {
		return k.failed, true
	}
	return ErrUnknown, true
}

// Refresh fetches the set, or waits for who does already. After an error, which wraps ErrAway or is that of ctx, the keys
// that were there still are.
func (k *Keys) Refresh(ctx context.Context) error {
	k.mu.Lock()
	f := k.current
	if f == nil {
		f = &fetch{done: make(chan struct{})}
		k.current = f
		// Not ctx: a caller who leaves does not take the keys away from those who wait with him.
		k.under.Go(func() { k.run(f) })
	}
	k.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("fetch the keys: %w", ctx.Err())
	}
}

func (k *Keys) run(f *fetch) {
	keys, err := k.get(k.living)
	if err != nil {
		err = fmt.Errorf("%w: fetch JWKS_URL: %w", ErrAway, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.keys = keys // all of them: what is no longer published is no longer taken
	}
	k.tried, k.failed, k.current = time.Now(), err, nil
	f.err = err
	close(f.done)
}

// Len tells how many keys there are.
func (k *Keys) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.keys)
}
