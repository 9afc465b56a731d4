package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// action is what somebody does that is written down before it is done.
type action string

// The actions.
const (
	actReadRecording  action = "recording_read"
	actLinkRecording  action = "recording_link"
	actEraseRecording action = "recording_erase"
	actExport         action = "export"
	actChangeTags     action = "tags_change"
	actRevokeToken    action = "token_revoke"
)

var actions = []action{actReadRecording, actLinkRecording, actEraseRecording, actExport, actChangeTags, actRevokeToken}

// act is one entry of the audit log to be.
type act struct {
	action action
	object string   // what it is done to: the id of a call, …; may be empty
	orgs   []uint32 // whose data it is about; nil: of all organisations of the token
	detail any      // what else there is to know, as JSON: nothing that opens anything; may be nil
}

// auditLog is where acts are written down.
type auditLog interface {
	WriteAudit(ctx context.Context, entries []clickhouse.AuditEntry) error
	AuditLog(ctx context.Context, scope clickhouse.Scope, q clickhouse.AuditQuery) ([]clickhouse.AuditEntry, error)
	CountAudit(ctx context.Context, scope clickhouse.Scope, q clickhouse.AuditQuery) (uint64, error)
}

// audit writes down what the holder is about to do, and returns when that is on disk. Who gets an error from it must not do
// what was to be written down.
func (a *api) audit(r *http.Request, h *holder, what act) error {
	var detail []byte
	if what.detail != nil {
		var err error
		if detail, err = json.Marshal(what.detail); err != nil {
			return fmt.Errorf("audit %s: %w", what.action, err)
		}
	}
	orgs := what.orgs
	if orgs == nil {
		orgs = h.scope.Orgs
	}
	err := a.journal.enter(r.Context(), clickhouse.AuditEntry{
		At: time.Now(), Entry: rand.Text(), Orgs: orgs, Subject: h.subject, Role: h.role, Action: string(what.action), Object: what.object,
		Detail: string(detail), RequestID: requestID(r.Context()), Remote: remote(r),
	})
	switch {
	case err == nil:
		a.auditTrouble.Over(a.log, "the audit log takes entries again")
		return nil
	case r.Context().Err() != nil:
		return r.Context().Err() // the caller left
	}
	a.auditTrouble.Report(a.log, "the audit log takes no entries", err)
	return refuse(auditUnavailable, "this is written down before it is done, and the audit log cannot be reached at the moment; nothing was done, try again")
}

// remote is the address that the request came from: a proxy's, where there is one in front.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
