package clickhouse

import (
	"context"
	"fmt"
	"time"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/cdrflow/cdrflow/services/call"
)

// AuditEntry is one act of the holder of a token.
type AuditEntry struct {
	At        time.Time // milliseconds count
	Entry     string    // names the entry
	Orgs      []uint32  // whose data it was about
	Subject   string    // the token's sub; may be empty
	Role      string
	Action    string
	Object    string // what it was done to, the id of a call for instance; may be empty
	Detail    string // JSON; may be empty
	RequestID string
	Remote    string // address that the request came from
}

// AuditQuery asks for one page of the audit log, newest first. What is empty asks for all.
type AuditQuery struct {
	From, To                call.Instant // To excluded; 0 is open
	Subject, Action, Object string
	Limit, Offset           int
}

// WriteAudit stores entries as one block and returns when they are on disk.
func (s *Store) WriteAudit(ctx context.Context, entries []AuditEntry) error {
	type row struct {
		At        string   `json:"at"`
		Entry     string   `json:"entry"`
		Orgs      []uint32 `json:"orgs"`
		Subject   string   `json:"subject"`
		Role      string   `json:"role"`
		Action    string   `json:"action"`
		Object    string   `json:"object"`
		Detail    string   `json:"detail"`
		RequestID string   `json:"request_id"`
		Remote    string   `json:"remote"`
	}
	rows := make([]row, len(entries))
	for i, e := range entries {
		rows[i] = row{
			e.At.UTC().Format(milliseconds), e.Entry, e.Orgs, e.Subject, e.Role, e.Action, e.Object, e.Detail, e.RequestID, e.Remote,
		}
	}
	return insertRows(ctx, s, "audit_log", rows)
}

// AuditLog reads what the log holds of the scope, newest first. An entry that is about several organisations is shown to a
// scope that covers all of them: a part of it would tell of the others.
func (s *Store) AuditLog(ctx context.Context, scope Scope, q AuditQuery) ([]AuditEntry, error) {
	asked := aboutAudit(scope, &q)
	rows, err := s.conn.Query(asked.carry(ctx), fmt.Sprintf(`SELECT toUnixTimestamp64Milli(at), entry, orgs, subject, role, action, object, detail, request_id, remote
		FROM audit_log WHERE %s ORDER BY at DESC, entry DESC LIMIT %d OFFSET %d`, asked.where(), q.Limit, q.Offset))
	if err != nil {
		return nil, s.explain("read the audit log", err)
	}
	defer rows.Close()
	var entries []AuditEntry
	for rows.Next() {
		var (
			e  AuditEntry
			at int64
		)
		if err := rows.Scan(&at, &e.Entry, &e.Orgs, &e.Subject, &e.Role, &e.Action, &e.Object, &e.Detail, &e.RequestID, &e.Remote); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		e.At = time.UnixMilli(at).UTC()
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read the audit log", err)
	}
	return entries, nil
}

// CountAudit counts what AuditLog would show without limit and offset.
func (s *Store) CountAudit(ctx context.Context, scope Scope, q AuditQuery) (uint64, error) {
	asked := aboutAudit(scope, &q)
	var n uint64
	if err := s.conn.QueryRow(asked.carry(ctx), "SELECT count() FROM audit_log WHERE "+asked.where()).Scan(&n); err != nil {
		return 0, s.explain("count the audit log", err)
	}
	return n, nil
}

// aboutAudit begins a question about the log, with the scope first as about does.
func aboutAudit(scope Scope, f *AuditQuery) *question {
	q := &question{conditions: []string{scope.covers()}, bound: clickhouse.Parameters{}}
	if f.From != 0 {
		q.and("at >= " + moment(f.From))
	}
	if f.To != 0 {
		q.and("at < " + moment(f.To))
	}
	for _, c := range []struct{ column, value string }{{"subject", f.Subject}, {"action", f.Action}, {"object", f.Object}} {
		if c.value != "" {
			q.and(c.column + " = " + q.text(c.value))
		}
	}
	return q
}

// milliseconds is how a time is written for the server, in UTC.
const milliseconds = "2006-01-02 15:04:05.000"
