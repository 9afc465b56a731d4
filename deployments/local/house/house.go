package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// House is a running house.
type House struct {
	Ports                                             Ports
	NATSURL, ClickHouseDSN, MariaDBDSN, LogsUpdateURL string
	OwnerDSN                                          string // of the house's own MariaDB, to write as a PBX; else empty
	JWTSecret                                         string

	config  Config
	console *Console
	secrets embedded.Secrets
	unlock  func()

	mu      sync.Mutex
	keepers map[string]*keeper
	later   sync.WaitGroup // what is still being started
	quit    context.CancelFunc

	settled atomic.Bool
	failed  chan error
}

// ClickHouseDatabase is the database of the call history.
const ClickHouseDatabase = "cdrflow"

// Open takes the data directory and starts the servers; nothing reads the PBX's table yet. Close must be called when it
// returns without an error.
func Open(ctx context.Context, cfg Config, console *Console) (*House, error) {
	if err := cfg.prepare(); err != nil {
		return nil, err
	}
	unlock, err := embedded.LockDir(cfg.Dir)
	if errors.Is(err, embedded.ErrLocked) {
		return nil, fmt.Errorf("another cdrflow runs in %s: stop it, or choose another directory with DATA_DIR", cfg.Dir)
	}
	if err != nil {
		return nil, fmt.Errorf("take DATA_DIR: %w", err)
	}
	// After the lock: who starts a house a second time should hear that, not that its address is taken.
	if err := cfg.addrFree(); err != nil {
		unlock()
		return nil, err
	}
	h := &House{config: cfg, console: console, unlock: unlock, keepers: map[string]*keeper{}, failed: make(chan error, 1)}
	if err := h.open(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (h *House) open(ctx context.Context) error {
	var err error
	if h.Ports, err = claimPorts(h.config.Dir); err != nil {
		return err
	}
	if h.secrets, err = embedded.LoadSecrets(h.config.Dir); err != nil {
		return err
	}
	if err := makeDir(h.config.Recordings); err != nil {
		return err
	}
	h.JWTSecret = h.secrets.JWT
	if h.config.JWTSecret != "" {
		h.JWTSecret = h.config.JWTSecret
	}
	or := func(given, own string) string {
		if given != "" {
			return given
		}
		return own
	}
	h.NATSURL = or(h.config.NATS, "nats://"+h.Ports.NATS)
	h.ClickHouseDSN = or(h.config.ClickHouse, h.engine().DSN(ClickHouseDatabase))
	h.LogsUpdateURL = or(h.config.LogsUpdate, "http://"+h.Ports.LogsUpdate)
	h.MariaDBDSN = h.config.MariaDB
	return h.startServers(ctx)
}

// Start starts the stages, and MinIO with the archiver as soon as that can be.
func (h *House) Start(ctx context.Context) error {
	background, quit := context.WithCancel(context.WithoutCancel(ctx))
	h.quit = quit
	h.later.Go(func() {
		if err := h.startArchiver(background); err != nil && background.Err() == nil {
			h.console.Say("%v", err)
		}
	})
	return h.startStages(ctx, "queryapi", "enricher", "ticketer", "poller")
}

// Settle waits for the house to do its work, as ready tells by returning nil. A child that ends by itself until then will
// not do better the next time, as with a password that is refused: that is an error. Afterwards it is started again.
func (h *House) Settle(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- ready(ctx) }()
	select {
	case err := <-done:
		h.settled.Store(true)
		return err
	case err := <-h.failed:
		cancel()
		<-done
		return err
	}
}

// endedEarly tells whether the end of a child ends the start.
func (h *House) endedEarly(err error) bool {
	if h.settled.Load() {
		return false
	}
	select {
	case h.failed <- err:
	default: // another one was first
	}
	return true
}

func (h *House) startArchiver(ctx context.Context) error {
	if h.config.MinIO == "" {
		if err := h.startMinIO(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return h.startStage(ctx, "archiver")
}

const (
	// stopTime is what all of Close may take; what has not ended by then is killed, which loses nothing.
	stopTime = 9 * time.Second
	// stagesTime is the stages' part of it, stageTime what one of them may take of that.
	stagesTime = 6 * time.Second
	stageTime  = 2 * time.Second
)

// Close stops the stages one after the other, then the servers. Everything has ended when it returns, within ten seconds.
func (h *House) Close() {
	defer h.unlock()
	if h.quit != nil {
		h.quit()
	}
	h.later.Wait()
	all, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	stages, cancelStages := context.WithTimeout(all, stagesTime)
	defer cancelStages()
	for _, name := range Stages {
		one, cancel := context.WithTimeout(stages, stageTime)
		h.end(one, name)
		cancel()
	}
	var rest sync.WaitGroup
	for name := range h.keepers {
		rest.Go(func() { h.end(all, name) })
	}
	rest.Wait()
}

// end stops one child, where there is one.
func (h *House) end(ctx context.Context, name string) {
	h.mu.Lock()
	k := h.keepers[name]
	h.mu.Unlock()
	if k == nil {
		return
	}
	if err := k.end(ctx); err != nil {
		h.console.Say("%v", err)
	}
}

// Remove removes the data of a house that does not run.
func Remove(dir string) error {
	unlock, err := embedded.LockDir(dir)
	if errors.Is(err, embedded.ErrLocked) {
		return fmt.Errorf("another cdrflow runs in %s: stop it, or choose another directory with DATA_DIR", dir)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	defer unlock()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// answers asks for a page that must be there.
func answers(ctx context.Context, url string) error {
	response, err := get(ctx, url, "")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}

// get asks on a connection of its own.
func get(ctx context.Context, url, token string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(request)
}
