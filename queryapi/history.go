package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// history is the store of understood calls. Every question carries the scope that the answer must stay within.
type history interface {
	auditLog
	tagging
	erasing
	blocklist
	exporting

	List(ctx context.Context, scope clickhouse.Scope, q clickhouse.ListQuery) ([]call.Call, error)
	Count(ctx context.Context, scope clickhouse.Scope, f *clickhouse.Filter) (uint64, error)
	Size(ctx context.Context) (uint64, error)
	Get(ctx context.Context, scope clickhouse.Scope, id uint64) (call.Call, error)

	// Amend adds what people did to calls that were not read here.
	Amend(ctx context.Context, calls []call.Call) error

	Conversations(ctx context.Context, scope clickhouse.Scope, q clickhouse.ConversationQuery) ([]clickhouse.Head, error)
	CountConversations(ctx context.Context, scope clickhouse.Scope, f *clickhouse.Filter) (uint64, error)
	Conversation(ctx context.Context, scope clickhouse.Scope, key clickhouse.Key) ([]clickhouse.Head, []call.Call, error)

	statistics

	Organisations(ctx context.Context) ([]clickhouse.Organisation, error)
}

// errSlow ends a query that takes longer than QUERY_TIMEOUT.
var errSlow = errors.New("the query took longer than QUERY_TIMEOUT")

// ask puts one question to the history when it is the caller's turn, within QUERY_TIMEOUT.
func (a *api) ask(r *http.Request, question func(context.Context) error) error {
	leave, err := a.turn(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeoutCause(r.Context(), a.timeout(r.Context()), errSlow)
	defer cancel()
	started := time.Now()
	err = question(ctx)
	a.metrics.queries.Observe(time.Since(started).Seconds())
	switch {
	case err == nil, errors.Is(err, clickhouse.ErrNotFound):
		a.historyTrouble.Over(a.log, "call history answers again")
		return err
	case r.Context().Err() != nil:
		return r.Context().Err() // the caller left: no trouble of the history
	case errors.Is(context.Cause(ctx), errSlow):
		err = fmt.Errorf("%w: %w", errSlow, err)
	}
	if code := refusalOf(err).code; code == historyUnavailable || code == queryTimeout {
		a.historyTrouble.Report(a.log, "call history does not answer", err)
	}
	return err
}
