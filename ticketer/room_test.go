package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/logsupdate"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// room is a NATS server with its streams, and what a ticketer needs to run.
type room struct {
	t        *testing.T
	url      string
	bus      *jetstream.Bus
	registry *prometheus.Registry
	metrics  *metrics
	logged   *logged
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, url: servertest.NATS(t).URL, registry: prometheus.NewRegistry(), logged: &logged{}}
	r.metrics = newMetrics(r.registry)
	r.bus = r.connect()
	if err := r.bus.CreateStreams(t.Context(), streams(t), func(context.Context) (uint32, error) { return 0, nil }); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *room) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(r.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (r *room) connect() *jetstream.Bus {
	r.t.Helper()
	bus, err := jetstream.Connect(r.t.Context(), jetstream.Config{URL: r.url}, stage, r.log())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(bus.Close)
	return bus
}

// streams are as configured by nothing.
func streams(t *testing.T) jetstream.Streams {
	t.Helper()
	p := process.New("enricher", []string{"ADMIN_ADDR="}, &logged{})
	cfg, err := process.Config[struct{ Streams jetstream.Streams }](p)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Streams
}

func (r *room) tell(events ...call.Event) {
	r.t.Helper()
	if err := r.bus.Tell(r.t.Context(), events); err != nil {
		r.t.Fatal(err)
	}
}

// ticketer makes one that is connected but does not run.
func (r *room) ticketer(cfg config) (*ticketer, *jetstream.Consumer) {
	r.t.Helper()
	d, err := logsupdate.Open(cfg.LogsUpdate)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(d.Close)
	bus := r.connect()
	consumer, err := bus.Consume(r.t.Context(), cfg.consume())
	if err != nil {
		r.t.Fatal(err)
	}
	return newTicketer(cfg, consumer, d, bus, r.metrics, r.log(), func() {}), consumer
}

// start runs a ticketer until stop is called, which fails the test when it takes too long.
func (r *room) start(cfg config) (stop func()) {
	r.t.Helper()
	t, consumer := r.ticketer(cfg)
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() {
		err := t.run(ctx)
		consumer.Close(context.WithoutCancel(ctx))
		done <- err
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				r.t.Errorf("stopped with %v", err)
			}
		case <-time.After(15 * time.Second):
			r.t.Error("it does not stop")
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// counted reads ticketer_calls_total.
func (r *room) counted() map[outcome]int {
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Error(err)
	}
	by := map[outcome]int{}
	for _, family := range families {
		if family.GetName() == "ticketer_calls_total" {
			for _, m := range family.GetMetric() {
				by[outcome(m.GetLabel()[0].GetValue())] = int(m.GetCounter().GetValue())
			}
		}
	}
	return by
}

func (r *room) awaits(want map[outcome]int) {
	r.t.Helper()
	servertest.Eventually(r.t, 2*time.Minute, func() error {
		if got := r.counted(); !maps.Equal(got, want) {
			return fmt.Errorf("%v, want %v", got, want)
		}
		return nil
	}, "every event leaves through one exit")
}

// parked runs the command.
func (r *room) parked(args ...string) string {
	r.t.Helper()
	var out bytes.Buffer
	p := process.New(stage, []string{"NATS_URL=" + r.url, "ADMIN_ADDR=", "LOG_LEVEL=error"}, &out)
	p.Log, p.Args = slog.New(slog.DiscardHandler), args
	err := parked(r.t.Context(), p)
	p.Close()
	if err != nil {
		return out.String() + err.Error()
	}
	return out.String()
}

// logged keeps the log of a test.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
