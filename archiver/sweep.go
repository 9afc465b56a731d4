package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/process"
)

// tornFor is how long a recording must have been at rest when its header disagrees with its length: its writer was
// killed, and what there is of it is kept. No call is silent for so long.
const tornFor = 6 * time.Hour

// sweeper holds what a sweep needs.
type sweeper struct {
	config
	store   *minio.Store
	metrics *metrics
	log     *slog.Logger
	turned  func()
	writers writers
	tornFor time.Duration
}

func newSweeper(cfg config, store *minio.Store, m *metrics, log *slog.Logger, turned func()) *sweeper {
	return &sweeper{config: cfg, store: store, metrics: m, log: log, turned: turned, tornFor: tornFor}
}

// run sweeps every ARCHIVE_EVERY, or once. A sweep that broke off is tried again sooner.
func (s *sweeper) run(ctx context.Context, p *process.Process) error {
	var trouble process.Trouble
	backoff := process.Backoff{First: 5 * time.Second, Most: s.Every}
	for {
		_, err := s.sweep(ctx)
		wait := s.Every
		switch {
		case s.Every == 0:
			return err
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errSomeFailed):
			backoff.Reset() // each was logged, and no hurry helps it
		case err != nil:
			trouble.Report(s.log, "sweep broke off", err)
			wait = backoff.Next()
		default:
			trouble.Over(s.log, "sweeps go through again")
			backoff.Reset()
		}
		if !p.Pause(ctx, wait) {
			return nil
		}
	}
}

// errSomeFailed is a sweep that went through, though not every recording could be archived.
var errSomeFailed = errors.New("some recordings could not be archived")

// tally counts what one sweep did.
type tally struct {
	mu       sync.Mutex
	by       map[outcome]int
	removed  int
	unlisted int // directories that could not be read
}

// sweep goes through the directory once: numbers in comments are the steps of a recording's way. It ends early when the
// store is away; nothing is removed from the disk then, and the next sweep begins anew.
func (s *sweeper) sweep(ctx context.Context) (*tally, error) {
	t := &tally{by: map[outcome]int{}}
	started := time.Now()
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		s.metrics.sweeps.WithLabelValues("broken").Inc()
		return t, fmt.Errorf("open RECORDINGS_DIR, which should be where the PBX writes its recordings: %w", err)
	}
	defer func() { _ = root.Close() }()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	files := make(chan string)
	var workers sync.WaitGroup
	for range s.Concurrency {
		workers.Go(func() {
			for file := range files {
				s.turned()
				s.one(ctx, recording{root: root, path: file}, t, stop)
			}
		})
	}
	walk(root, func(file string) bool {
		select {
		case files <- file:
			return true
		case <-ctx.Done():
			return false
		}
	}, func(dir string, err error) bool {
		t.unlisted++
		s.log.Error("directory not read", "dir", withoutNumbers(dir), "err", withoutPath(err))
		return ctx.Err() == nil
	})
	close(files)
	workers.Wait()
	return t, s.conclude(ctx, t, started)
}

// conclude says how the sweep went.
func (s *sweeper) conclude(ctx context.Context, t *tally, started time.Time) error {
	took := time.Since(started).Round(time.Millisecond)
	attrs := []any{
		"moved", t.by[moved], "known", t.by[known], "unfinished", t.by[unfinished], "empty", t.by[empty], "erased", t.by[erased],
		"failed", t.by[failed], "removed", t.removed, "took", took,
	}
	if ctx.Err() != nil {
		s.metrics.sweeps.WithLabelValues("broken").Inc()
		return context.Cause(ctx)
	}
	level := slog.LevelDebug
	if t.by[moved]+t.by[failed]+t.removed > 0 {
		level = slog.LevelInfo
	}
	s.log.Log(ctx, level, "sweep done", attrs...)
	if t.unlisted > 0 {
		s.metrics.sweeps.WithLabelValues("broken").Inc()
		return fmt.Errorf("read RECORDINGS_DIR: %d directories below it are closed to this process", t.unlisted)
	}
	s.metrics.sweeps.WithLabelValues("complete").Inc()
	s.metrics.lastSuccess.SetToCurrentTime()
	if n := t.by[failed]; n > 0 {
		return fmt.Errorf("%w: %d of %d", errSomeFailed, n, n+t.by[moved]+t.by[known])
	}
	return nil
}

// one archives one recording and counts it. An error of its own never stops the others; a store that is away does.
func (s *sweeper) one(ctx context.Context, r recording, t *tally, stop context.CancelCauseFunc) {
	what, removed, err := s.archive(ctx, &r)
	if err != nil && ctx.Err() != nil {
		return // the sweep is over; the error says no more than that
	}
	if err != nil {
		what = failed
		if away := s.store.Ping(ctx); away != nil {
			stop(away)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if what != gone {
		t.by[what]++
		s.metrics.recordings.WithLabelValues(string(what)).Inc()
	}
	if removed {
		t.removed++
		s.metrics.removed.Inc()
	}
	if err != nil {
		const most = 20 // a full disk or a wrong owner fails them all
		if n := t.by[failed]; n <= most {
			s.log.Error("recording not archived", "file", withoutNumbers(r.path), "err", withoutPath(err))
		} else if n == most+1 {
			s.log.Error("more recordings not archived; the sweep's last line counts them")
		}
	}
}
