package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// checkTimeout bounds one round of /readyz: a door that needs longer is not ready, and Kubernetes asks again anyway.
const checkTimeout = 2 * time.Second

type door struct {
	name    string
	check   func(context.Context) error
	trouble Trouble
}

type adminServer struct {
	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

// routes puts the three admin paths on p.Admin.
func (p *Process) routes() {
	p.Admin.HandleFunc("GET /livez", p.livez)
	p.Admin.HandleFunc("GET /readyz", p.readyz)
	p.Admin.Handle("GET /metrics", promhttp.HandlerFor(p.Registry, promhttp.HandlerOpts{}))
}

// AdminAddr is the address the admin server listens on, with the real port when ADMIN_ADDR ends in ":0"; empty when
// there is none.
func (p *Process) AdminAddr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return ""
	}
	return p.server.listener.Addr().String()
}

// startAdmin listens on addr and serves p.Admin until Close.
func (p *Process) startAdmin(addr string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if addr == "" || p.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("ADMIN_ADDR is %q, which another process listens on already: choose a free one, or none with an empty ADMIN_ADDR", addr)
	case err != nil:
		return fmt.Errorf("ADMIN_ADDR is %q, want host:port such as :9464: %w", addr, err)
	}
	s := &adminServer{
		listener: listener,
		http:     &http.Server{Handler: p.Admin, ReadHeaderTimeout: 5 * time.Second},
		done:     make(chan struct{}),
	}
	p.server = s
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.Log.Error("admin server stopped", "err", err)
		}
	}()
	p.Log.Info("admin address open", "addr", listener.Addr().String())
	return nil
}

// Close stops the admin server. [Main] calls it; a test that used [Config] with an ADMIN_ADDR does too.
func (p *Process) Close() {
	p.stopping.Store(true)
	p.mu.Lock()
	s := p.server
	p.server = nil
	p.mu.Unlock()
	if s == nil {
		return
	}
	// A scrape under way may finish; a client that hangs may not hold the process back.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	<-s.done
}

func (p *Process) livez(w http.ResponseWriter, _ *http.Request) {
	ago, ok := p.alive()
	answer(w, ok, map[string]any{"live": ok, "turned_seconds_ago": int(ago.Seconds())})
}

// readyz asks every door at once. It shows which one is shut, never why: the address may be open to strangers, and the
// reason, with its host names, is in the log.
func (p *Process) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	p.mu.Lock()
	doors := p.doors
	p.mu.Unlock()

	errs := make([]error, len(doors))
	var all sync.WaitGroup
	for i, d := range doors {
		all.Go(func() { errs[i] = d.check(ctx) })
	}
	all.Wait()

	ready := len(doors) > 0 && !p.stopping.Load()
	states := make(map[string]string, len(doors))
	for i, d := range doors {
		states[d.name] = "ok"
		if errs[i] == nil {
			d.trouble.Over(p.Log, "door answers again", "door", d.name)
			continue
		}
		ready = false
		states[d.name] = "err"
		d.trouble.Report(p.Log, "door does not answer", errs[i], "door", d.name)
	}
	answer(w, ready, map[string]any{"ready": ready, "doors": states})
}

func answer(w http.ResponseWriter, ok bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body)
}
