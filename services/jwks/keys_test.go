package jwks

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// provider publishes keys as a test wants it to.
type provider struct {
	*httptest.Server
	asked  atomic.Int64
	answer atomic.Value // http.HandlerFunc
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{}
	p.publish()
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.answer.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) publish(keys ...string) {
	p.does(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, strings.Join(keys, ",")) })
}

func (p *provider) does(answer http.HandlerFunc) { p.answer.Store(answer) }

func (p *provider) open(t testing.TB, change func(*Keys)) *Keys {
	t.Helper()
	k := Open(Config{URL: p.URL, Timeout: 20 * time.Second})
	t.Cleanup(k.Close)
	if change != nil {
		change(k)
	}
	return k
}

func newEd(t testing.TB, id string) (ed25519.PublicKey, string) {
	t.Helper()
	key, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key, public(t, key, map[string]any{"kid": id})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	keyA, a := newEd(t, "a")
	keyB, b := newEd(t, "b")
	p.publish(a)
	k := p.open(t, func(k *Keys) { k.soonest = 0 })
	want := func(id string, key ed25519.PublicKey) {
		t.Helper()
		got, err := k.Key(t.Context(), EdDSA, id)
		if err != nil || !key.Equal(got) {
			t.Errorf("key %q: %v, %v", id, got, err)
		}
	}
	want("a", keyA)
	want("a", keyA)
	want("", keyA) // it is the only one
	if n := p.asked.Load(); n != 1 {
		t.Errorf("a known key was fetched %d times, want 1", n)
	}
	p.publish(a, b)
	want("b", keyB)
	want("a", keyA)
	if _, err := k.Key(t.Context(), EdDSA, ""); !errors.Is(err, ErrUnknown) {
		t.Errorf("no name among two: %v", err)
	}
	if _, err := k.Key(t.Context(), RS256, "a"); !errors.Is(err, ErrUnknown) {
		t.Errorf("the name of a key of another algorithm: %v", err)
	}
	p.publish(b)
	if err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Key(t.Context(), EdDSA, "a"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a key that was rotated out: %v", err)
	}
	want("b", keyB)
	p.publish()
	if err := k.Refresh(t.Context()); err != nil || k.Len() != 0 {
		t.Errorf("a provider that withdraws all keys leaves %d, %v", k.Len(), err)
	}
}

// Whatever goes wrong with the provider, the keys that are there stay.
func TestProviderInTrouble(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	elsewhere := newProvider(t)
	for name, answer := range map[string]http.HandlerFunc{
		"error":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"nothing":  func(http.ResponseWriter, *http.Request) {},
		"no set":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"key":[]}`) },
		"cut off":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"keys":[],"note":"%s"}`, strings.Repeat("x", longest))
		},
		"huge header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Note", strings.Repeat("x", 1<<20))
			fmt.Fprint(w, `{"keys":[]}`)
		},
		"hanging": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		},
		"trickling": func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			fmt.Fprint(w, `{"keys":[`)
			for r.Context().Err() == nil && control.Flush() == nil {
				fmt.Fprint(w, " ")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			key, text := newEd(t, "a")
			p.publish(text)
			k := p.open(t, func(k *Keys) { k.soonest = 0 })
			if err := k.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.does(answer)
			k.client.Timeout = 500 * time.Millisecond
			if err := k.Refresh(t.Context()); !errors.Is(err, ErrAway) || strings.Contains(err.Error(), p.URL) {
				t.Errorf("refresh: %v, want that it is away, without its address", err)
			}
			if got, err := k.Key(t.Context(), EdDSA, "a"); err != nil || !key.Equal(got) {
				t.Errorf("the key from before: %v, %v", got, err)
			}
			if _, err := k.Key(t.Context(), EdDSA, "b"); !errors.Is(err, ErrAway) {
				t.Errorf("a key that nobody can look up: %v", err)
			}
			k.client.Timeout = 20 * time.Second
			p.publish(text)
			if _, err := k.Key(t.Context(), EdDSA, "b"); !errors.Is(err, ErrUnknown) {
				t.Errorf("a key that is not there, once it is over: %v", err)
			}
		})
	}
	if n := elsewhere.asked.Load(); n != 0 {
		t.Errorf("redirects were followed %d times", n)
	}
}

// A provider that refuses connections at the start is asked again later.
func TestProviderAwayAtTheStart(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	_, text := newEd(t, "a")
	p.publish(text)
	k := p.open(t, func(k *Keys) { k.soonest = 0; k.url = "http://127.0.0.1:1" })
	if _, err := k.Key(t.Context(), EdDSA, "a"); !errors.Is(err, ErrAway) {
		t.Errorf("while it refuses: %v", err)
	}
	k.url = p.URL
	if _, err := k.Key(t.Context(), EdDSA, "a"); err != nil {
		t.Error(err)
	}
}

// Made-up names do not have the set fetched again and again, and those who ask at once share one fetch.
func TestUnknownKeysAreRateLimited(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	_, text := newEd(t, "a")
	var entered sync.Once
	begun, goOn := make(chan struct{}), make(chan struct{})
	p.does(func(w http.ResponseWriter, _ *http.Request) {
		entered.Do(func() { close(begun) })
		<-goOn
		fmt.Fprintf(w, `{"keys":[%s]}`, text)
	})
	k := p.open(t, func(k *Keys) { k.soonest = time.Hour })
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := k.Key(ctx, EdDSA, "a")
		left <- err
	}()
	<-begun
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who leaves: %v", err)
	}
	var waiting sync.WaitGroup
	for i := range 20 {
		waiting.Go(func() {
			if _, err := k.Key(t.Context(), EdDSA, "a"); err != nil {
				t.Errorf("waiter %d: %v", i, err)
			}
		})
	}
	close(goOn)
	waiting.Wait()
	for i := range 100 {
		if _, err := k.Key(t.Context(), EdDSA, fmt.Sprintf("../%d", i)); !errors.Is(err, ErrUnknown) {
			t.Errorf("made-up name: %v", err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}
