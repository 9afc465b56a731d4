package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
)

// api answers the requests.
type api struct {
	history          history
	enrichers        enrichers
	vault            vault  // nil where no MinIO is configured
	recordings       string // directory; empty: none
	recordingsSource string // whose recordings lie there; empty: anybody's
	tokens           *tokens
	organisations    *organisations
	totals           *totals
	links            links
	revoked          revoked
	queryTimeout     time.Duration
	patience         time.Duration // how long a caller may take to receive a piece of an answer
	log              *slog.Logger
	metrics          *metrics
	journal          *journal
	listeners        listeners
	live             *hub
	seats            seats
	rates            *rates
	budget           budget
	heartbeat        time.Duration // of live streams
	exports          exports

	historyTrouble, detailTrouble, explainTrouble, diskTrouble, vaultTrouble, cutTrouble, auditTrouble, eraseTrouble process.Trouble
}

// exchange is what comes by the one connection to NATS.
type exchange interface {
	enrichers
	announcements
}

func newAPI(cfg config, h history, x exchange, v vault, log *slog.Logger, m *metrics) *api {
	budget, _ := newBudget(cfg) // what could be wrong with them was told by Validate
	rates, _ := newRates(cfg)
	a := &api{
		budget: budget, rates: rates,
		live: newHub(x, h.Amend, log), seats: seats{most: cfg.LiveStreams, mostEach: cfg.LiveStreamsPerToken}, heartbeat: cfg.LiveHeartbeat,
		history: h, enrichers: x, vault: v, recordings: cfg.RecordingsDir, recordingsSource: cfg.Source,
		tokens: newTokens(cfg), links: newLinks(cfg), queryTimeout: cfg.QueryTimeout, patience: 30 * time.Second,
		organisations: &organisations{from: h}, totals: &totals{house: h, within: cfg.QueryTimeout}, log: log, metrics: m,
		exports: exports{seats: seats{most: cfg.ExportsAtOnce, mostEach: cfg.ExportsPerToken}, most: cfg.ExportRows},
		journal: &journal{write: h.WriteAudit, within: cfg.QueryTimeout},
	}
	a.live.places = newPlaceIDs(cfg.linkSecret())
	a.totals.trouble = func(err error) { a.historyTrouble.Report(a.log, "a total could not be counted", err) }
	return a
}

// serve until ctx ends, then let requests under way finish within STOP_TIMEOUT.
func (a *api) serve(ctx context.Context, cfg config, turned func()) error {
	listener, err := net.Listen("tcp", cfg.HTTPAddr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("HTTP_ADDR is %q, which another process listens on already: choose a free one", cfg.HTTPAddr)
	case err != nil:
		return fmt.Errorf("HTTP_ADDR is %q, want host:port such as 127.0.0.1:8080: %w", cfg.HTTPAddr, err)
	}
	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    longestHead,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		// Not ctx: a stop does not cut off who is being answered.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	following, stopFollowing := context.WithCancel(ctx)
	var follower sync.WaitGroup
	follower.Go(func() { a.live.run(following) })
	defer follower.Wait()
	defer stopFollowing()

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	a.log.Info("api address open", "addr", listener.Addr().String())

	beat := time.NewTicker(10 * time.Second)
	defer beat.Stop()
	for ctx.Err() == nil {
		turned()
		select {
		case err := <-failed:
			return err
		case <-beat.C:
		case <-ctx.Done():
		}
	}
	// The stop has begun: from here on ctx bounds nothing. A live stream would never end by itself.
	close(a.live.leaving)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.StopTimeout)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		a.log.Warn("requests cut off", "after", cfg.StopTimeout)
		_ = server.Close()
	}
	return nil
}
