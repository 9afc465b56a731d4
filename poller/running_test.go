package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
)

// running is a poller at work in this process.
type running struct {
	t    *testing.T
	p    *process.Process
	log  *lockedBuffer
	stop context.CancelFunc
	done chan struct{}
	err  error

	failed bool // as it should
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// environ of a poller on this site; what is appended wins.
func (s *site) environ(more ...string) []string {
	return append([]string{
		"MARIADB_DSN=" + s.database.ReaderDSN, "NATS_URL=" + s.url, "POLL_EVERY=1s", "GAP_TIMEOUT=2s", "ADMIN_ADDR=",
	}, more...)
}

// poll starts the poller as main does.
func (s *site) poll(env ...string) *running {
	s.t.Helper()
	log := &lockedBuffer{}
	r := &running{t: s.t, p: process.New("poller", s.environ(env...), log), log: log, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	r.stop = stop
	go func() {
		defer close(r.done)
		r.err = run(ctx, r.p)
	}()
	s.t.Cleanup(func() {
		r.end()
		if s.t.Failed() {
			s.t.Logf("a poller wrote:\n%s", log)
		}
	})
	return r
}

// end stops it; a clean stop has no error.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case <-r.done:
	case <-time.After(soon):
		r.t.Fatal("the poller does not stop")
	}
	if r.err != nil && !r.failed && !errors.Is(r.err, context.Canceled) {
		r.t.Errorf("the poller ended with %v", r.err)
	}
}

// fails waits until the poller stops by itself and gives its message.
func (r *running) fails() string {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(soon):
		r.t.Fatalf("the poller goes on:\n%s", r.log)
	}
	if r.err == nil {
		r.t.Fatal("the poller ended without an error")
	}
	r.failed = true
	return r.err.Error()
}

// metric is the sum of a metric's series that carry the label values.
func (r *running) metric(name string, values ...string) float64 {
	r.t.Helper()
	families, err := r.p.Registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			left := len(values)
			for _, l := range m.GetLabel() {
				if slices.Contains(values, l.GetValue()) {
					left--
				}
			}
			if left == 0 {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
