package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// line is the connection to the enrichers. It is made in the background, however long that takes: the history answers
// without NATS, so neither the start nor /readyz waits for it.
type line struct{ bus atomic.Pointer[jetstream.Bus] }

// errNoLine means that NATS has not answered since the start.
var errNoLine = errors.New("not connected to NATS yet")

// dial begins to connect; hangUp ends the attempt or the connection.
func dial(ctx context.Context, cfg jetstream.Config, name string, log *slog.Logger) (l *line, hangUp func()) {
	l = &line{}
	ctx, cancel := context.WithCancel(ctx)
	var dialling sync.WaitGroup
	dialling.Go(func() { l.connect(ctx, cfg, name, log) })
	return l, func() {
		cancel()
		dialling.Wait()
		if bus := l.bus.Load(); bus != nil {
			bus.Close()
		}
	}
}

// connect tries until it works. From then on the connection is kept by the door itself.
func (l *line) connect(ctx context.Context, cfg jetstream.Config, name string, log *slog.Logger) {
	var trouble process.Trouble
	backoff := process.Backoff{Most: 2 * time.Second} // callers are told to come back after retryAfter
	for {
		bus, err := jetstream.Connect(ctx, cfg, name, log)
		if err == nil {
			l.bus.Store(bus)
			trouble.Over(log, "connected to NATS, calls can be explained")
			return
		}
		if ctx.Err() != nil {
			return
		}
		trouble.Report(log, "calls cannot be explained", err)
		if !backoff.Wait(ctx) {
			return
		}
	}
}

// Ask puts a question to whichever enricher takes it.
func (l *line) Ask(ctx context.Context, subject string, question []byte) ([]byte, error) {
	bus := l.bus.Load()
	if bus == nil {
		return nil, errNoLine
	}
	return bus.Ask(ctx, subject, question)
}

// CallEnds tells what the CALL stream holds.
func (l *line) CallEnds(ctx context.Context) (jetstream.Ends, error) {
	bus := l.bus.Load()
	if bus == nil {
		return jetstream.Ends{}, errNoLine
	}
	return bus.CallEnds(ctx)
}

// Follow hands over the events of the CALL stream.
func (l *line) Follow(ctx context.Context, from uint64, take func(jetstream.Announced)) error {
	bus := l.bus.Load()
	if bus == nil {
		return errNoLine
	}
	return bus.Follow(ctx, from, take)
}

// Announced reads a page of the CALL stream.
func (l *line) Announced(ctx context.Context, from uint64, most int) ([]jetstream.Announced, error) {
	bus := l.bus.Load()
	if bus == nil {
		return nil, errNoLine
	}
	return bus.Announced(ctx, from, most)
}
