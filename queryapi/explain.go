package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// enrichers know why a call is understood as it is: the rules themselves tell, so nobody else can.
type enrichers interface {
	Ask(ctx context.Context, subject string, question []byte) ([]byte, error)
}

// explainCall answers GET /api/v1/calls/{id}/explain.
func (a *api) explainCall(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	c, err := a.find(r, h.scope)
	if err != nil {
		return err
	}
	return a.explain(w, r, h, call.Explain{ID: c.ID, OrgID: c.OrgID})
}

// explain asks an enricher about what was found within the caller's scope, and hands its answer on.
func (a *api) explain(w http.ResponseWriter, r *http.Request, h *holder, q call.Explain) error {
	question, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("ask for an explanation: %w", err)
	}
	// The look-up has taken its share of the time that an answer may take.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.queryTimeout + a.patience))
	ctx, cancel := context.WithTimeout(r.Context(), a.queryTimeout)
	defer cancel()
	answer, err := a.enrichers.Ask(ctx, call.AskExplain, question)
	if err != nil {
		if r.Context().Err() != nil {
			return r.Context().Err() // the caller left
		}
		return a.unexplained(ctx, err)
	}
	a.explainTrouble.Over(a.log, "enrichers explain again")
	if err := meant(answer, q.OrgID); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(h.shown(answer))
	return nil
}

// unexplained says what the caller may know of a question that got no answer.
func (a *api) unexplained(ctx context.Context, err error) error {
	var no *jetstream.Refusal
	if errors.As(err, &no) && strings.HasPrefix(no.Text, call.Gone) {
		return clickhouse.ErrNotFound // it left the organisation since it was found
	}
	a.explainTrouble.Report(a.log, "enrichers do not explain", err)
	if no == nil && ctx.Err() != nil {
		return refuse(explanationTimeout, "no enricher answered in time; try again")
	}
	return refuse(explanationUnavailable, "there is no enricher that can explain at the moment; try again")
}

// meant holds an answer to the question: a call that changed its organisation in between is none of the caller's business.
func meant(answer []byte, org uint32) error {
	var of struct {
		OrgID *uint32 `json:"org_id"`
	}
	if err := json.Unmarshal(answer, &of); err != nil {
		return fmt.Errorf("read an explanation: %w", err)
	}
	if of.OrgID == nil {
		return errors.New("an explanation does not say whose it is")
	}
	if *of.OrgID != org {
		return clickhouse.ErrNotFound
	}
	return nil
}
