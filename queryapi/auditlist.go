package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

var auditOffset = number{
	name: "offset", least: 0, most: 10_000, unset: 0,
	beyond: "read older entries by their time, with date_from and date_to",
}

// auditEntries answers GET /api/v1/audit.
func (a *api) auditEntries(w http.ResponseWriter, r *http.Request, h *holder) error {
	q, err := auditPage(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var entries []clickhouse.AuditEntry
	var p pagination
	err = a.ask(r, func(ctx context.Context) (err error) {
		more := q
		more.Limit++
		if entries, err = a.history.AuditLog(ctx, h.scope, more); err != nil {
			return err
		}
		p, err = paged(len(entries), q.Limit, q.Offset, func() (uint64, error) { return a.history.CountAudit(ctx, h.scope, q) })
		return err
	})
	if err != nil {
		return err
	}
	writePage(w, p, min(len(entries), q.Limit), func(dst []byte, i int) []byte {
		entries[i].Detail = string(h.shown([]byte(entries[i].Detail))) // an export's tells what was asked for
		return appendEntry(dst, &entries[i])
	})
	return nil
}

// auditPage reads the query string of the audit log.
func auditPage(query string) (q clickhouse.AuditQuery, err error) {
	values, err := parameters(query, limit.name, offset.name, dateFrom, dateTo, "subject", "action", "object")
	if err != nil {
		return q, err
	}
	if q.Limit, err = limit.read(values); err != nil {
		return q, err
	}
	if q.Offset, err = auditOffset.read(values); err != nil {
		return q, err
	}
	if q.From, q.To, err = period(values, time.UTC); err != nil {
		return q, err
	}
	for _, p := range []struct {
		name  string
		value *string
	}{{"subject", &q.Subject}, {"action", &q.Action}, {"object", &q.Object}} {
		if *p.value = values.Get(p.name); values.Has(p.name) && *p.value == "" {
			return q, &refusal{parameterInvalid, p.name + " is empty, want a value, or leave it out", p.name}
		}
	}
	if q.Action != "" && !slices.Contains(actions, action(q.Action)) {
		return q, &refusal{parameterInvalid, fmt.Sprintf("action is %s, want %s", quoted(q.Action), listed(words(actions))), "action"}
	}
	return q, nil
}

func words[W ~string](list []W) []string {
	texts := make([]string, len(list))
	for i, word := range list {
		texts[i] = string(word)
	}
	return texts
}

// appendEntry shows an entry.
func appendEntry(dst []byte, e *clickhouse.AuditEntry) []byte {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	detail := json.RawMessage(e.Detail)
	if !json.Valid(detail) {
		detail = nil
	}
	shown, _ := json.Marshal(struct { // texts, numbers and valid JSON: cannot fail
		Entry     string          `json:"entry"`
		At        string          `json:"at"`
		OrgIDs    []uint32        `json:"org_ids"`
		Subject   *string         `json:"subject"`
		Role      string          `json:"role"`
		Action    string          `json:"action"`
		Object    *string         `json:"object"`
		Detail    json.RawMessage `json:"detail"`
		RequestID string          `json:"request_id"`
		Remote    *string         `json:"remote"`
	}{
		e.Entry, e.At.Format("2006-01-02T15:04:05.000Z07:00"), e.Orgs, text(e.Subject), e.Role, e.Action, text(e.Object), detail, e.RequestID, text(e.Remote),
	})
	return append(dst, shown...)
}
