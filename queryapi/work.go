package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// class of work: what is dear must not keep what is cheap waiting.
type class string

// The classes. A page is anything that is answered from a few rows.
const (
	pageWork   class = "pages"
	statsWork  class = "statistics"
	exportWork class = "exports"      // these have seats of their own
	liveWork   class = "live streams" // and so have these
)

// classOf an operation, by the right that it needs. A list becomes an export only when its form is known.
func classOf(op route) class {
	switch op.need {
	case readStats:
		return statsWork
	case streamCalls:
		return liveWork
	}
	return pageWork
}

// budget is what the callers of a role may have of the history, and what all of them together do at once.
type budget struct {
	rows     map[string]uint64 // that one query may read
	timeouts map[string]time.Duration
	memory   uint64 // of one query, in bytes
	gates    map[class]*gate
}

// waitWithin is how long work waits for its turn before the caller is told to come back.
const waitWithin = 5 * time.Second

func newBudget(cfg config) (budget, error) {
	b := budget{memory: uint64(max(0, cfg.QueryMemory)), gates: map[class]*gate{
		pageWork:  newGate(max(1, cfg.PagesAtOnce), 8, waitWithin),
		statsWork: newGate(max(1, cfg.StatsAtOnce), max(1, cfg.StatsAtOnce/2), waitWithin),
	}}
	var err1, err2 error
	b.rows, err1 = byRole("QUERY_ROWS", cfg.QueryRows, "a number of rows such as 200M", readCount)
	b.timeouts, err2 = byRole("QUERY_TIMEOUTS", cfg.QueryTimeouts, "a time from 100ms to 5m such as 5s", readTimeout)
	return b, errors.Join(err1, err2)
}

// limits of one query of a role in a class.
func (b *budget) limits(role string, of class) clickhouse.Limits {
	l := clickhouse.Limits{Rows: b.rows[role], Memory: b.memory, Priority: 1}
	switch of {
	case statsWork:
		l.Threads = 4 // more make one answer faster, and all others slower
	case exportWork:
		// An export is read as fast as its caller takes it, and gives way to whoever waits for an answer.
		l.Threads, l.Priority = 2, 10
	}
	return l
}

// task is what a request is, for the history.
type task struct {
	of     class
	holder *holder
}

type taskKey struct{}

// engage marks a request with what it is; all its queries stay within the limits of that.
func (a *api) engage(r *http.Request, op route, h *holder) *http.Request {
	t := task{classOf(op), h}
	ctx := clickhouse.Within(r.Context(), a.budget.limits(h.role, t.of))
	return r.WithContext(context.WithValue(ctx, taskKey{}, t))
}

func taskOf(ctx context.Context) (t task, known bool) {
	t, known = ctx.Value(taskKey{}).(task)
	return t, known
}

// turn waits until it is the turn of a request; leave lets the next one in.
func (a *api) turn(ctx context.Context) (leave func(), err error) {
	t, known := taskOf(ctx)
	gate := a.budget.gates[t.of]
	if !known || gate == nil {
		return func() {}, nil
	}
	leave, err = gate.enter(ctx, t.holder.key)
	switch {
	case err == nil:
		return leave, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errCrowded):
		return nil, refuse(serverBusy, fmt.Sprintf("as many %s as this server does at once are under way; try again", t.of))
	}
	return nil, refuse(tooManyAtOnce, fmt.Sprintf("this token has %d %s under way and others waiting; ask for fewer at once", gate.mostEach, t.of))
}

// timeout of a query: what the role has, and QUERY_TIMEOUT at most.
func (a *api) timeout(ctx context.Context) time.Duration {
	if t, known := taskOf(ctx); known {
		if own, has := a.budget.timeouts[t.holder.role]; has {
			return min(own, a.queryTimeout)
		}
	}
	return a.queryTimeout
}
