// Package process is what every binary of the house does alike.
package process

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Process is one running binary: its name, its log, its metrics and its health. [Main] makes one and hands it to the
// stage; a test makes one with [New].
type Process struct {
	// Name is the stage's name: log attribute, metric prefix and durable consumer name alike.
	Name string
	// Args are the arguments after the command's name; empty for the stage itself.
	Args []string
	// Out is where a command prints its answer: standard output under [Main].
	Out io.Writer
	// Log writes to standard output for the stage, to standard error for a command. [Config] replaces it when it has
	// read LOG_LEVEL and LOG_FORMAT, so take it from here after loading the configuration, not before.
	Log *slog.Logger
	// Registry holds the stage's metrics, beside those of the Go runtime and of the process.
	Registry *prometheus.Registry
	// Admin serves /livez, /readyz and /metrics on ADMIN_ADDR from the moment [Config] returns; a stage may add paths.
	Admin *http.ServeMux

	environ map[string]string
	logs    io.Writer // where Log goes
	log     atomic.Pointer[slog.Logger]
	check   bool // -check: load the configuration, print it and stop
	command bool // a command opens no admin address: the stage beside it holds that one

	mu     sync.Mutex
	doors  []*door
	server *adminServer

	started  time.Time
	turned   atomic.Int64 // nanoseconds after started, hence monotonic
	within   time.Duration
	stopping atomic.Bool
}

// New makes a process that reads its configuration from environ ("NAME=value", as [os.Environ] gives it) and writes its
// log and its answers to out. Stage tests use it; binaries use [Main].
func New(name string, environ []string, out io.Writer) *Process {
	p := &Process{
		Name:     name,
		Out:      out,
		Registry: prometheus.NewRegistry(),
		Admin:    http.NewServeMux(),
		environ:  make(map[string]string, len(environ)),
		started:  time.Now(),
		within:   time.Minute,
	}
	for _, pair := range environ {
		if key, value, ok := strings.Cut(pair, "="); ok {
			p.environ[key] = value
		}
	}
	p.Registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	p.logTo(out, slog.LevelInfo, "auto")
	p.routes()
	return p
}

// Ready declares a door whose check (its Ping) answers for /readyz. The name is shown there, the error is not: it goes to
// the log. A process with no door declared yet counts as starting and is not ready.
func (p *Process) Ready(name string, check func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doors = append(p.doors, &door{name: name, check: check})
}

// Turned notes that the stage's loop went round once more. /livez answers 200 while the last turn (or the start) is less
// than a minute old; a loop that had nothing to do has turned too.
func (p *Process) Turned() {
	p.turned.Store(int64(time.Since(p.started)))
}

// alive reports whether the loop turned lately, and how long ago that was.
func (p *Process) alive() (time.Duration, bool) {
	ago := time.Since(p.started) - time.Duration(p.turned.Load())
	return ago, ago <= p.within
}
