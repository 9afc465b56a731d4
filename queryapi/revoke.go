package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// revokeToken answers POST /api/v1/tokens/revoke. It tells nothing of the token, not even whether there is one.
func (a *api) revokeToken(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	var body struct {
		JTI     string  `json:"jti"`
		Expires *string `json:"expires"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if body.JTI == "" || len(body.JTI) > longestName {
		return &refusal{parameterInvalid, fmt.Sprintf("jti has %d bytes, want the jti claim of the token, 1 to %d bytes", len(body.JTI), longestName), "jti"}
	}
	of := clickhouse.Revocation{JTI: body.JTI, Orgs: h.scope.Orgs, By: h.subject}
	if body.Expires != nil {
		at, err := time.Parse(time.RFC3339, *body.Expires)
		if err != nil || !at.After(time.Now()) || at.After(lastDay) {
			return &refusal{parameterInvalid, fmt.Sprintf("expires is %s, want an instant to come, such as the token's own end, 2026-11-21T08:30:00Z", quoted(*body.Expires)), "expires"}
		}
		of.Expires = at.UTC()
	}
	if err := a.audit(r, h, act{action: actRevokeToken, object: of.JTI, detail: map[string]*string{"expires": body.Expires}}); err != nil {
		return err
	}
	if err := a.ask(r, func(ctx context.Context) error { return a.history.Revoke(ctx, of) }); err != nil {
		return err
	}
	a.revoked.add(of)
	answer := struct {
		JTI     string  `json:"jti"`
		Expires *string `json:"expires"`
	}{JTI: of.JTI}
	if !of.Expires.IsZero() {
		text := of.Expires.Format(time.RFC3339)
		answer.Expires = &text
	}
	return writeCreated(w, answer)
}

// writeCreated answers 201.
func writeCreated(w http.ResponseWriter, answer any) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(append(text, '\n'))
	return nil
}
