package jetstream_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestEpochIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	if _, err := bus.Epoch(t.Context()); !errors.Is(err, jetstream.ErrNoStream) {
		t.Errorf("an epoch of no stream: %v", err)
	}
	awaited := make(chan error, 1)
	go func() { awaited <- bus.AwaitStreams(t.Context()) }()
	var wait sync.WaitGroup
	epochs := make([]uint32, 6)
	for i := range epochs {
		bus := connect(t, server.URL)
		wait.Go(func() {
			if err := bus.CreateStreams(t.Context(), limits, func(context.Context) (uint32, error) { return uint32(900_000 + i), nil }); err != nil {
				t.Error(err)
				return
			}
			epoch, err := bus.Epoch(t.Context())
			if err != nil {
				t.Error(err)
			}
			epochs[i] = epoch
		})
	}
	wait.Wait()
	if epochs[0] <= 900_000 || slices.Max(epochs) != slices.Min(epochs) {
		t.Errorf("epochs %v, want one above what is stored", epochs)
	}
	if err := <-awaited; err != nil {
		t.Error(err)
	}
	// Neither a restart nor new limits touch it, and nobody asks the store again.
	server.Stop(t)
	server.Start(t)
	more := limits
	more.CDRBytes, more.CDRAge = 2<<30, 2*time.Hour
	if err := connect(t, server.URL).CreateStreams(t.Context(), more, func(context.Context) (uint32, error) { return 0, errors.New("asked") }); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, someTime, func() error { return bus.Ping(t.Context()) }, "the connection is back")
	if epoch, err := bus.Epoch(t.Context()); err != nil || epoch != epochs[0] {
		t.Errorf("epoch %d, %v; want %d", epoch, err, epochs[0])
	}
	if p, err := bus.Pressure(t.Context()); err != nil || p.MaxBytes != 2<<30 || p.MaxAge != 2*time.Hour {
		t.Errorf("pressure %+v, %v: the new limits do not show", p, err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := jetstream.Connect(t.Context(), jetstream.Config{URL: "nats://user:secret@127.0.0.1:1"}, "test", slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "nats://127.0.0.1:1") || !strings.Contains(err.Error(), "NATS_URL") || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error does not say where and what: %v", err)
	}
	if took := time.Since(began); took < 3*time.Second || took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := jetstream.Connect(ctx, jetstream.Config{URL: "nats://127.0.0.1:1"}, "test", slog.New(slog.DiscardHandler)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped while connecting: %v", err)
	}
}

func TestConnectionComesBack(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	if err := bus.Ping(t.Context()); err != nil || bus.Reconnects() != 0 {
		t.Errorf("%v, %d reconnections", err, bus.Reconnects())
	}
	server.Stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := bus.Ping(ctx); err == nil {
		t.Error("a server that is away answers")
	}
	server.Start(t)
	servertest.Eventually(t, 20*time.Second, func() error { return bus.Ping(t.Context()) }, "the server answers again")
	if bus.Reconnects() != 1 {
		t.Errorf("%d reconnections, want 1", bus.Reconnects())
	}
}

func TestSourcesAreRemembered(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	for _, want := range []bool{false, true, true} {
		if known, err := bus.SourceKnown(t.Context(), "pbx-1"); err != nil || known != want {
			t.Errorf("known %v, %v; want %v", known, err, want)
		}
		if err := bus.RememberSource(t.Context(), "pbx-1"); err != nil {
			t.Error(err)
		}
	}
	server.Stop(t)
	server.Start(t)
	if known, err := connect(t, server.URL).SourceKnown(t.Context(), "pbx-1"); err != nil || !known {
		t.Errorf("after a restart: %v, %v", known, err)
	}
}
