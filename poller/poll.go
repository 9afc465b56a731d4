package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// journal is the log as a session writes to it.
type journal interface {
	Checkpoint(ctx context.Context, source string) (call.Checkpoint, uint64, error)
	PublishPage(ctx context.Context, source string, chunks []call.Chunk, cp call.Checkpoint, revision uint64) (uint64, error)
	Pressure(ctx context.Context) (jetstream.Pressure, error)
}

// house is what else the log keeps: who polls, which sources there are, what was parked.
type house interface {
	AwaitStreams(ctx context.Context) error
	Lease(ctx context.Context, key, holder string) (*jetstream.Lease, error)
	SourceKnown(ctx context.Context, source string) (bool, error)
	RememberSource(ctx context.Context, source string) error
	Park(ctx context.Context, p jetstream.Parked) error
	RememberZone(ctx context.Context, source, zone string) error
	PublishChunks(ctx context.Context, source string, chunks []call.Chunk) error
	AnswerNames(ctx context.Context, source string, answer func(ctx context.Context, below uint64, limit int) (jetstream.Named, error)) error
	AnswerAgain(ctx context.Context, source string, answer func(ctx context.Context, ids []uint64) (jetstream.Again, error)) error
}

type poller struct {
	cfg     config
	table   *mariadb.Source
	log     journal
	house   house
	say     *slog.Logger
	metrics *metrics
	proc    *process.Process
	kept    *session // the last one, where this process polled before

	questions chan question // that wait for the loop
	// No two queries or publications at once: all of these belong to the one loop.
	trouble  process.Trouble
	backoff  process.Backoff
	pages    map[call.Kind]*page
	scratch  *call.Builder // for the hash of a row that may not have to travel
	scratchT *call.Table
	tight    process.Trouble // the log takes no rows
}

func newPoller(cfg config, table *mariadb.Source, bus *jetstream.Bus, p *process.Process) *poller {
	m := newMetrics(p.Registry)
	m.every.Store(int64(cfg.PollEvery))
	return &poller{
		cfg: cfg, table: table, log: bus, house: bus, say: p.Log.With("source", cfg.Source), metrics: m, proc: p,
		backoff: process.Backoff{Most: 10 * time.Second}, pages: map[call.Kind]*page{}, questions: make(chan question),
	}
}

// run polls whenever this process holds the lease of its source, until ctx ends or the table is not the one that was read
// before.
func (p *poller) run(ctx context.Context) error {
	host, _ := os.Hostname()
	holder := fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:6])
	for ctx.Err() == nil {
		err := p.hold(ctx, holder)
		var stop *stopped
		switch {
		case errors.As(err, &stop):
			return err
		case ctx.Err() != nil:
		case errors.Is(err, jetstream.ErrFenced), errors.Is(err, errLeaseLost):
			p.say.Warn("stand down", "err", err)
			p.backoff.Wait(ctx)
		case err != nil:
			p.trouble.Report(p.say, "poll", err)
			p.proc.Pause(ctx, p.backoff.Next())
		}
	}
	return nil
}

var errLeaseLost = errors.New("the lease is lost")

// hold waits for the lease and polls until it is lost or the checkpoint was moved by somebody else: the fenced checkpoint
// decides who is right, the lease only keeps two pollers from trying.
func (p *poller) hold(ctx context.Context, holder string) error {
	calm := p.keepTurning()
	err := p.house.AwaitStreams(ctx)
	if err != nil {
		calm()
		return err
	}
	lease, err := p.house.Lease(ctx, "source."+p.cfg.Source, holder)
	calm()
	if err != nil {
		return err
	}
	defer lease.Release()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-lease.Lost():
			stop(errLeaseLost)
		case <-ctx.Done():
		}
	}()

	s, err := p.begin(ctx)
	if err != nil {
		return err
	}
	if err := p.house.RememberZone(ctx, p.cfg.Source, p.cfg.SourceTimezone); err != nil {
		return err
	}
	if err := p.answers(ctx); err != nil {
		return err
	}
	p.metrics.polling.Set(1)
	defer p.metrics.polling.Set(0)
	err = s.run(ctx)
	p.kept = s
	if cause := context.Cause(ctx); errors.Is(cause, errLeaseLost) {
		return cause
	}
	return err
}

// run goes round and round. Trouble with a server is waited out here, with the checkpoint as it was: nothing is held in
// memory that is not in MariaDB too.
func (s *session) run(ctx context.Context) error {
	for ctx.Err() == nil {
		s.proc.Turned()
		wait, err := s.pollOnce(ctx)
		var stop *stopped
		switch {
		case err == nil:
			s.trouble.Over(s.say, "polling again")
			s.backoff.Reset()
		case errors.As(err, &stop), errors.Is(err, jetstream.ErrFenced):
			return err
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, jetstream.ErrFull):
			s.full(err)
			wait = fullPause
		default:
			s.trouble.Report(s.say, "poll", err)
			wait = s.backoff.Next()
		}
		s.pause(ctx, wait)
	}
	return nil
}

// pollOnce does what is due: a page of new rows, a page out of the gaps, a page of rows to be compared. It returns how long
// nothing is due; zero means that there is more to do at once.
func (s *session) pollOnce(ctx context.Context) (time.Duration, error) {
	if err := s.relieved(ctx); err != nil {
		return 0, err
	}
	if s.held {
		return pressurePause, nil
	}
	if now := time.Now(); !now.Before(s.nextPage) {
		more, err := s.forward(ctx, now)
		if err != nil {
			return 0, err
		}
		if !more {
			s.nextPage = now.Add(s.cfg.PollEvery)
			s.metrics.drained.Store(now.UnixNano())
		}
	}
	if now := time.Now(); len(s.cp.Gaps) > 0 && !now.Before(s.nextGaps) {
		more, err := s.readGaps(ctx, now)
		if err != nil {
			return 0, err
		}
		if !more {
			s.nextGaps = now.Add(gapsEvery)
		}
	}
	if err := s.lookBack(ctx, time.Now()); err != nil {
		return 0, err
	}
	if time.Since(s.cp.At) > renewEvery && s.revision != 0 {
		if err := s.publish(ctx, s.cp); err != nil {
			return 0, err
		}
	}
	return s.rest(time.Now()), nil
}

const (
	gapsEvery  = time.Second
	renewEvery = 24 * time.Hour // long before the stream's age takes the checkpoint
)

// rest is how long nothing is due.
func (s *session) rest(now time.Time) time.Duration {
	next := s.nextPage
	if len(s.cp.Gaps) > 0 && s.nextGaps.Before(next) {
		next = s.nextGaps
	}
	if s.owed > 0 || s.firstTo != 0 {
		return 0
	}
	return max(0, next.Sub(now))
}

// keepTurning tells /livez that standing by is living, until the function it returns is called.
func (p *poller) keepTurning() func() {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			p.proc.Turned()
			select {
			case <-end:
				return
			case <-time.After(5 * time.Second):
			}
		}
	}()
	return func() { close(end); <-ended }
}
