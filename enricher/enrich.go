package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

const stage = "enricher"

// store is where understood calls live.
type store interface {
	erasures
	Insert(ctx context.Context, calls []call.Call, token string) error
	Lookup(ctx context.Context, ids []uint64) (map[uint64][]clickhouse.Stored, error)
	Legs(ctx context.Context, keys []clickhouse.Key) ([]call.Call, error)
	Rows(ctx context.Context, ids []uint64) ([]clickhouse.Head, error)
	Crossing(ctx context.Context, source string, channels []string, from, to call.Instant) ([]call.Call, error)
	Horizon(ctx context.Context, epoch uint32) (clickhouse.Horizon, error)
	NewestConversations(ctx context.Context) (map[uint32]int64, error)
	Doubles(ctx context.Context, since time.Time) ([]uint64, error)
	Unjoined(ctx context.Context, from, to time.Time) ([]call.Call, error)
	Amend(ctx context.Context, calls []call.Call) error
}

// bus is who is told, and where indigestible rows are parked.
type bus interface {
	Tell(ctx context.Context, events []call.Event) error
	Park(ctx context.Context, p jetstream.Parked) error
	Epoch(ctx context.Context) (uint32, error)
}

// source is where rows come from.
type source interface {
	Next(ctx context.Context) (jetstream.Batch, error)
}

// enricher understands rows and keeps what it understood.
type enricher struct {
	cfg     config
	log     *slog.Logger
	metrics *metrics
	rows    source
	store   store
	bus     bus
	turned  func()
	epoch   uint32

	rules      atomic.Pointer[rules]
	thought    *understanding
	batch      understood
	horizon    clickhouse.Horizon
	generation uint64 // of the deliveries that horizon covers
	known      *acquaintance
	groups     *groups // memory of a batch's conversations
}

// mind understands with the rules of now.
func (e *enricher) mind() *understanding {
	switch r := e.rules.Load(); {
	case e.thought == nil:
		e.thought = newUnderstanding(r)
	case e.thought.rules != r:
		e.thought = e.thought.under(r)
	}
	return e.thought
}

// run is the loop of the stage. Nothing is held in memory but the batch in hand: when the store is away the batch goes
// back to the log, which keeps it.
func (e *enricher) run(ctx context.Context) error {
	var (
		trouble process.Trouble
		backoff process.Backoff
	)
	for ctx.Err() == nil {
		e.turned()
		batch, err := e.rows.Next(ctx) // 1 take
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			trouble.Report(e.log, "take rows", err)
			backoff.Wait(ctx)
			continue
		}
		if len(batch.Deliveries) == 0 {
			e.metrics.behind.Set(0)
			continue
		}
		// Stop means: finish what is in hand. So the work has a deadline of its own and does not end with ctx.
		work, done := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.WriteTimeout)
		err = e.digest(work, batch)
		if err != nil {
			done()
			e.metrics.again(&batch)
			batch.Again(time.Second)
			trouble.Report(e.log, "store and tell", err, "rows", batch.Rows())
			backoff.Wait(ctx)
			continue
		}
		process.Point("enricher.told")
		if err := batch.Done(work); err != nil { // 5 acknowledge
			// The rows are stored and told; they will come again and change nothing.
			trouble.Report(e.log, "acknowledge", err, "rows", batch.Rows())
		} else {
			trouble.Over(e.log, "store and tell works again")
		}
		done()
		backoff.Reset()
	}
	return nil
}

// digest understands, stores and tells a batch, in that order: what is told can always be found.
func (e *enricher) digest(ctx context.Context, batch jetstream.Batch) error {
	started := time.Now()
	if err := e.lookAhead(ctx, batch); err != nil {
		return err
	}
	u := e.read(batch.Deliveries, e.horizon)
	for _, p := range u.parked {
		if err := e.bus.Park(ctx, p); err != nil {
			return err
		}
		e.metrics.rows.WithLabelValues("parked").Inc()
		e.log.Warn("chunk parked", "id", p.ID, "err", p.Reason)
	}
	for _, wave := range waves(u) {
		write, tell, err := e.understand(ctx, u, wave) // 2 understand
		if err != nil {
			return err
		}
		if err := e.keep(ctx, u, write); err != nil { // 3 store
			return err
		}
		process.Point("enricher.stored")
		if err := e.tell(ctx, u, wave, tell); err != nil { // 4 tell
			return err
		}
	}
	e.metrics.stored(u, time.Since(started), oldest(batch))
	e.log.Debug("batch stored", "rows", len(u.calls), "corrected", u.corrected, "took", time.Since(started))
	return nil
}

// oldest is when the first of a batch's chunks came to the log.
func oldest(b jetstream.Batch) time.Time {
	at := b.Deliveries[0].Stored
	for i := range b.Deliveries {
		if b.Deliveries[i].Stored.Before(at) {
			at = b.Deliveries[i].Stored
		}
	}
	return at
}

// lookAhead reads the stream's epoch and the store's horizon anew whenever partitions changed hands or the connection was
// made again: only what lies beyond the horizon is provably unknown to the store.
func (e *enricher) lookAhead(ctx context.Context, batch jetstream.Batch) error {
	generation := uint64(0)
	for i := range batch.Deliveries {
		generation = max(generation, batch.Deliveries[i].Generation)
	}
	if generation == e.generation && e.horizon.OldIDs != nil {
		return nil
	}
	// The stream may have been made anew while the connection was gone: with the old epoch its versions would be lower than
	// what is stored, and its rows would be taken for overtaken ones.
	epoch, err := e.bus.Epoch(ctx)
	if err != nil {
		return err
	}
	h, err := e.store.Horizon(ctx, epoch)
	if err != nil {
		return err
	}
	newest, err := e.store.NewestConversations(ctx)
	if err != nil {
		return err
	}
	e.epoch, e.horizon, e.generation, e.known = epoch, h, generation, newAcquaintance(newest)
	return nil
}
