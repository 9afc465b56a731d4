package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/logsupdate"
	"github.com/cdrflow/cdrflow/services/process"
)

// source is where call events come from.
type source interface {
	Next(ctx context.Context) (jetstream.Batch, error)
}

// desk is where tickets are opened.
type desk interface {
	Open(ctx context.Context, e call.Event) error
}

// lot is where calls are parked.
type lot interface {
	Park(ctx context.Context, p jetstream.Parked) error
}

type ticketer struct {
	calls       source
	desk        desk
	lot         lot
	metrics     *metrics
	log         *slog.Logger
	turned      func()
	concurrency int
	patience    patience
	repeats     *repeats
	lastVerdict atomic.Int64 // unix seconds of the last verdict on any call
	stopAfter   time.Duration
}

// stopAfter is how long a stop waits for answers that are on their way; asking again is harmless, so not for long.
const stopAfter = 3 * time.Second

func newTicketer(cfg config, calls source, d desk, l lot, m *metrics, log *slog.Logger, turned func()) *ticketer {
	return &ticketer{
		calls: calls, desk: d, lot: l, metrics: m, log: log, turned: turned, concurrency: cfg.Concurrency,
		patience: patience{giveUpAfter: cfg.GiveUpAfter}, repeats: newRepeats(), stopAfter: stopAfter,
	}
}

// run is the loop of the stage. A call is posted before it is acknowledged: a crash between the two posts it again, with
// the same key, and LogsUpdate knows it.
func (t *ticketer) run(ctx context.Context) error {
	var (
		taking, asking process.Trouble
		backoff        process.Backoff
	)
	for ctx.Err() == nil {
		t.turned()
		batch, err := t.calls.Next(ctx) // 1 take
		if err != nil {
			if ctx.Err() == nil {
				taking.Report(t.log, "take calls", err)
				t.pause(ctx, backoff.Next())
			}
			continue
		}
		taking.Over(t.log, "take calls works again")
		if len(batch.Deliveries) == 0 {
			t.metrics.behind.Set(0)
			continue
		}
		work, done := lingering(ctx, t.stopAfter)
		release := hold(batch)
		answers := t.ask(ctx, work, batch.Deliveries) // 2 post, or park
		release()
		done()
		process.Point("ticketer.posted")
		wait, away := t.settle(context.WithoutCancel(ctx), batch, answers) // 3 acknowledge
		switch {
		case ctx.Err() != nil:
		case away != nil:
			asking.Report(t.log, "calls wait for tickets", away)
			if slices.ContainsFunc(answers, func(a answer) bool { return a.outcome == opened }) {
				backoff.Reset() // it answers now and then
			}
			t.pause(ctx, max(wait, backoff.Next()))
		default:
			asking.Over(t.log, "tickets are opened again")
			backoff.Reset()
		}
	}
	return nil
}

// answer is what became of one delivery.
type answer struct {
	outcome outcome
	err     error         // why it waits
	after   time.Duration // how long LogsUpdate asked to be left alone
	skipped bool          // nobody was asked: there was no point any more
}

// ask sees to the deliveries of a batch, several at once. Once LogsUpdate turns out to be away (as many failures in a
// row as there are askers, or a wish to be left alone), or the stage is to stop, the rest is not asked about.
func (t *ticketer) ask(ctx, work context.Context, deliveries []jetstream.Delivery) []answer {
	answers := make([]answer, len(deliveries))
	var (
		askers sync.WaitGroup
		next   atomic.Int64
		away   atomic.Int64 // failures in a row
	)
	for range min(t.concurrency, len(deliveries)) {
		askers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(deliveries); i = int(next.Add(1)) - 1 {
				if away.Load() >= int64(t.concurrency) || ctx.Err() != nil {
					answers[i] = answer{skipped: true}
					continue
				}
				t.turned()
				answers[i] = t.one(work, &deliveries[i])
				switch {
				case answers[i].after > 0:
					away.Store(int64(t.concurrency))
				case isAway(answers[i].err):
					away.Add(1)
				case answers[i].outcome == opened || answers[i].outcome == known:
					away.Store(0)
				}
			}
		})
	}
	askers.Wait()
	return answers
}

// isAway tells a failure that the next call would meet as well from one that may be this call's own.
func isAway(err error) bool {
	var later *logsupdate.Later
	if !errors.As(err, &later) {
		return err != nil // the lot, hence NATS
	}
	switch later.Status {
	case 0, 429, 502, 503, 504:
		return true
	}
	return later.Status/100 == 3
}

// one sees to one event.
func (t *ticketer) one(ctx context.Context, d *jetstream.Delivery) answer {
	var e call.Event
	if err := json.Unmarshal(d.Data, &e); err != nil {
		return t.park(ctx, d, call.Event{}, "not an event: "+err.Error())
	}
	switch {
	case e.Kind != call.EventNew:
		return answer{outcome: passed} // corrections, removals and erasures open nothing
	case e.ID == 0 || len(e.Call) == 0:
		return t.park(ctx, d, e, "an event of a new call without the call")
	case omitted(e.Call):
		return answer{outcome: passed}
	case t.repeats.has(e):
		return answer{outcome: known}
	}
	err := t.desk.Open(ctx, e)
	var no *logsupdate.Refused
	switch {
	case err == nil, errors.Is(err, logsupdate.ErrKnown):
		t.repeats.add(e)
		t.lastVerdict.Store(time.Now().Unix())
		if err != nil {
			return answer{outcome: known}
		}
		return answer{outcome: opened}
	case errors.As(err, &no):
		t.lastVerdict.Store(time.Now().Unix())
		return t.park(ctx, d, e, no.Error())
	case ctx.Err() != nil:
		return answer{err: err, skipped: true} // the stage stops; that says nothing about the call
	}
	sick := !isAway(err) && time.Since(time.Unix(t.lastVerdict.Load(), 0)) < longestDelay
	if waited := time.Since(d.Stored); t.patience.over(waited, d.Delivered, sick) {
		return t.park(ctx, d, e, fmt.Sprintf("gave up after %s and %d tries: %v", waited.Round(time.Second), d.Delivered, err))
	}
	a := answer{err: err}
	if later := (*logsupdate.Later)(nil); errors.As(err, &later) {
		a.after = later.After
	}
	return a
}

// park keeps an event, as it came, where `ticketer parked` shows and replays it.
func (t *ticketer) park(ctx context.Context, d *jetstream.Delivery, e call.Event, reason string) answer {
	id := strconv.FormatUint(e.ID, 10)
	if e.ID == 0 {
		id = "sequence-" + strconv.FormatUint(d.Sequence, 10)
	}
	err := t.lot.Park(ctx, jetstream.Parked{
		Stage: stage, ID: id, Reason: reason, Subject: d.Subject, Version: e.Version, At: time.Now().UTC(), Body: d.Data,
	})
	if err != nil {
		return answer{err: fmt.Errorf("park call %s: %w", id, err)}
	}
	t.log.Warn("call parked", "id", id, "err", reason)
	return answer{outcome: refused}
}

// settle acknowledges what has a verdict and gives the rest back. Away is the failure that the next call would meet as
// well, if there was one, and wait how long LogsUpdate asked to be left alone.
func (t *ticketer) settle(ctx context.Context, batch jetstream.Batch, answers []answer) (wait time.Duration, away error) {
	settled := batch
	settled.Deliveries = nil
	oldest := time.Now()
	for i, a := range answers {
		d := batch.Deliveries[i]
		if d.Stored.Before(oldest) {
			oldest = d.Stored
		}
		if a.outcome != waits {
			t.metrics.count(a.outcome)
			settled.Deliveries = append(settled.Deliveries, d)
			continue
		}
		back := batch
		back.Deliveries = []jetstream.Delivery{d}
		if a.skipped {
			back.Again(0)
			continue
		}
		t.metrics.count(waits)
		back.Again(t.patience.delay(d.Delivered, a.after))
		if isAway(a.err) {
			wait, away = max(wait, a.after), a.err
			continue
		}
		t.log.Warn("call waits, LogsUpdate breaks on it", "sequence", d.Sequence, "tries", d.Delivered, "err", a.err)
	}
	t.metrics.waiting(oldest)
	if len(settled.Deliveries) > 0 {
		ctx, cancel := context.WithTimeout(ctx, stopAfter)
		defer cancel()
		// An acknowledgement that is lost brings the call again, and then it is known.
		if err := settled.Done(ctx); err != nil && away == nil {
			away = err
		}
	}
	return wait, away
}
