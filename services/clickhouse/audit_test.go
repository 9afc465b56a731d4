package clickhouse_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// An entry is shown to a scope that has all its organisations, and comes back as it was written.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	store := open(t)
	at := time.Date(2026, 11, 21, 10, 0, 0, 123e6, time.UTC)
	entry := func(n int, action string, orgs ...uint32) clickhouse.AuditEntry {
		return clickhouse.AuditEntry{
			At: at.Add(time.Duration(n) * time.Second), Entry: fmt.Sprintf("e%02d", n), Orgs: orgs, Subject: `o'brien "\` + "\n📞", Role: "agent",
			Action: action, Object: fmt.Sprint(n), Detail: `{"n":"` + fmt.Sprint(n) + `"}`, RequestID: "r", Remote: "::1",
		}
	}
	written := []clickhouse.AuditEntry{
		entry(1, "recording_read", 1), entry(2, "export", 1, 2), entry(3, "export", 2), entry(4, "recording_read", 1), entry(5, "nobody"),
		entry(6, "recording_read", 0),
	}
	if err := store.WriteAudit(t.Context(), written); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteAudit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		orgs []uint32
		q    clickhouse.AuditQuery
		want []string
	}{
		{[]uint32{1}, clickhouse.AuditQuery{}, []string{"e04", "e01"}},
		{[]uint32{2}, clickhouse.AuditQuery{}, []string{"e03"}},
		{[]uint32{1, 2, 3}, clickhouse.AuditQuery{}, []string{"e04", "e03", "e02", "e01"}},
		{[]uint32{0, 1}, clickhouse.AuditQuery{}, []string{"e06", "e04", "e01"}},
		{nil, clickhouse.AuditQuery{}, nil},
		{[]uint32{1, 2}, clickhouse.AuditQuery{Action: "export"}, []string{"e03", "e02"}},
		{[]uint32{1}, clickhouse.AuditQuery{Object: "4"}, []string{"e04"}},
		{[]uint32{1}, clickhouse.AuditQuery{Object: "3"}, nil},
		{[]uint32{1}, clickhouse.AuditQuery{Subject: written[0].Subject}, []string{"e04", "e01"}},
		{[]uint32{1}, clickhouse.AuditQuery{Subject: "' OR 1=1 --"}, nil},
		{[]uint32{1}, clickhouse.AuditQuery{From: call.InstantOf(at.Add(2 * time.Second))}, []string{"e04"}},
		{[]uint32{1}, clickhouse.AuditQuery{To: call.InstantOf(at.Add(4 * time.Second))}, []string{"e01"}},
		{[]uint32{1, 2}, clickhouse.AuditQuery{Limit: 2, Offset: 1}, []string{"e03", "e02"}},
	} {
		scope := clickhouse.Scope{Orgs: test.orgs}
		n, err := store.CountAudit(t.Context(), scope, test.q)
		if err != nil {
			t.Fatal(err)
		}
		if test.q.Limit == 0 {
			if n != uint64(len(test.want)) {
				t.Errorf("%v, %+v: %d counted, want %d", test.orgs, test.q, n, len(test.want))
			}
			test.q.Limit = 100
		}
		found, err := store.AuditLog(t.Context(), scope, test.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range found {
			got = append(got, e.Entry)
			if was := written[slices.IndexFunc(written, func(w clickhouse.AuditEntry) bool { return w.Entry == e.Entry })]; fmt.Sprint(was) != fmt.Sprint(e) {
				t.Errorf("%+v came back as %+v", was, e)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v, %+v: %v, want %v", test.orgs, test.q, got, test.want)
		}
	}
}
