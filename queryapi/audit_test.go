package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// A recording is played only after it was written down who hears it; a player that seeks counts once.
func TestListeningIsAudited(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{recorded(1, "a.wav"), recorded(2, "b.wav"), recorded(3, "nowhere.wav")}}
	s := newSite(t, far, nil, nil)
	put(t, s.recordings, "a.wav", voice)
	put(t, s.recordings, "b.wav", voice)
	token := sign(t, jwt.MapClaims{"sub": "zoe@example.com", "orgs": []int{1, 2}})
	other := sign(t, jwt.MapClaims{"sub": "ravi"})
	steps := []struct {
		method, path, token, ranges string
		written                     int
	}{
		{"HEAD", "/api/v1/calls/1/recording", token, "", 0},
		{"GET", "/api/v1/calls/1/recording", token, "", 1},
		{"GET", "/api/v1/calls/1/recording", token, "bytes=0-3", 1},
		{"GET", "/api/v1/calls/1/recording", token, "bytes=4-", 1},
		{"GET", "/api/v1/calls/1/recording", token, "", 2},
		{"GET", "/api/v1/calls/1/recording", other, "bytes=4-", 3},
		{"GET", "/api/v1/calls/2/recording", token, "bytes=0-", 4},
		{"GET", "/api/v1/calls/3/recording", token, "", 4},
		{"GET", "/api/v1/calls/4/recording", token, "", 4},
	}
	for i, step := range steps {
		header := []string{"Authorization", "Bearer " + step.token, "X-Request-Id", fmt.Sprint("step-", i)}
		if step.ranges != "" {
			header = append(header, "Range", step.ranges)
		}
		s.request(t, step.method, step.path, header...)
		if n := len(far.written()); n != step.written {
			t.Fatalf("step %d: %d entries, want %d", i, n, step.written)
		}
	}
	s.request(t, http.MethodGet, "/api/v1/calls/2/recording?token="+token)
	for _, e := range far.written() {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), token[len(token)-20:]) || strings.Contains(string(text), ".wav") {
			t.Errorf("an entry holds a token or a file: %s", text)
		}
	}
	e := far.written()[0]
	if time.Since(e.At) > time.Minute || e.Entry == "" || fmt.Sprint(e.Orgs) != "[1]" || e.Subject != "zoe@example.com" || e.Role != "agent" ||
		e.Action != "recording_read" || e.Object != "1" || e.RequestID != "step-1" || e.Remote != "127.0.0.1" {
		t.Errorf("the entry is %+v", e)
	}
}

// What cannot be written down is not done.
func TestNothingIsPlayedUnaudited(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{recorded(1, "a.wav")}}
	s := newSite(t, far, nil, nil)
	put(t, s.recordings, "a.wav", voice)
	far.refuses = errors.New("disk full at /var/lib/secret")
	got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/calls/1/recording")
	got.wantProblem(t, auditUnavailable)
	if strings.Contains(got.body, "secret") || got.Header.Get("Retry-After") == "" {
		t.Errorf("%v %s", got.Header, got.body)
	}
	far.err = clickhouse.ErrAway
	s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit").wantProblem(t, historyUnavailable)
	far.refuses, far.err = nil, nil
	if got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/calls/1/recording"); got.body != voice {
		t.Errorf("after the trouble: %s %s", got.Status, got.body)
	}
	if log := s.log.String(); !strings.Contains(log, "the audit log takes no entries") || !strings.Contains(log, "takes entries again") {
		t.Errorf("the log does not tell: %s", log)
	}
}

func TestListeningAgain(t *testing.T) {
	t.Parallel()
	var l listeners
	now := time.Now()
	ask := func(token, ranges string) *http.Request {
		return &http.Request{Header: http.Header{"Authorization": {token}, "Range": {ranges}}, URL: &url.URL{Path: "/x"}}
	}
	key, on := l.listening(ask("a", "bytes=0-"), 1, now)
	if on {
		t.Error("nobody had begun")
	}
	l.began(key, now)
	for _, test := range []struct {
		token, ranges string
		id            uint64
		after         time.Duration
		want          bool
	}{
		{"a", "bytes=0-", 1, oneListening - 1, true},
		{"a", "bytes=0-", 1, oneListening, false},
		{"a", "", 1, 0, false},
		{"a", "bytes=0-", 2, 0, false},
		{"b", "bytes=0-", 1, 0, false},
	} {
		if _, on := l.listening(ask(test.token, test.ranges), test.id, now.Add(test.after)); on != test.want {
			t.Errorf("%+v: %v", test, on)
		}
	}
	for n := range mostListeners {
		l.began([32]byte{byte(n), byte(n >> 8), 1}, now.Add(2*oneListening))
	}
	if len(l.since) > mostListeners {
		t.Errorf("%d are remembered", len(l.since))
	}
	if _, on := l.listening(ask("a", "bytes=0-"), 1, now); on {
		t.Error("the oldest was not forgotten")
	}
}

// auditPageOf is an answer of the audit log.
type auditPageOf struct {
	Data []struct {
		Entry   string   `json:"entry"`
		OrgIDs  []uint32 `json:"org_ids"`
		Subject *string  `json:"subject"`
		Object  *string  `json:"object"`
		Detail  any      `json:"detail"`
	} `json:"data"`
	Pagination struct {
		Total   int  `json:"total"`
		HasMore bool `json:"has_more"`
	} `json:"pagination"`
}

func TestAuditIsRead(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	s := newSite(t, store, nil, nil)
	at := time.Date(2026, 11, 20, 23, 59, 59, 999e6, time.UTC)
	if err := store.WriteAudit(t.Context(), []clickhouse.AuditEntry{
		{At: at, Entry: "a", Orgs: []uint32{1}, Subject: "zoe", Role: "agent", Action: "recording_read", Object: "7", RequestID: "r"},
		{At: at.Add(time.Millisecond), Entry: "b", Orgs: []uint32{1, 2}, Subject: "zoe", Role: "admin", Action: "export", Detail: `{"format":"csv"}`},
		{At: at.Add(time.Hour), Entry: "c", Orgs: []uint32{2}, Subject: "canary", Role: "agent", Action: "recording_read", Object: "8"},
		{At: at.Add(2 * time.Hour), Entry: "d", Orgs: []uint32{1}, Role: "admin", Action: "token_revoke", Object: "jti", Detail: "{", RequestID: "r"},
	}); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"agent", "supervisor"} {
		s.get(t, tokenOf(t, role, 1), "/api/v1/audit").wantProblem(t, scopeInsufficient)
	}
	for query, want := range map[string]string{
		"":                        "d a of 2",
		"?limit=1":                "d of 2 more",
		"?limit=1&offset=1":       "a of 2",
		"?subject=zoe":            "a of 1",
		"?subject=canary":         "of 0",
		"?object=8":               "of 0",
		"?object=7":               "a of 1",
		"?action=token_revoke":    "d of 1",
		"?action=export":          "of 0",
		"?date_to=2026-11-20":     "a of 1",
		"?date_from=2026-11-21":   "d of 1",
		"?subject=%27%20OR%201=1": "of 0",
		"?object=7&action=recording_read&subject=zoe&date_from=2026-11-20&date_to=2026-11-20": "a of 1",
	} {
		if got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit"+query).audit(t).String(); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := s.get(t, tokenOf(t, "admin", 1, 2), "/api/v1/audit").audit(t).String(); got != "d c b a of 4" {
		t.Errorf("both organisations: %s", got)
	}
	if got := s.get(t, tokenOf(t, "admin", 3), "/api/v1/audit").audit(t).String(); got != "of 0" {
		t.Errorf("a third organisation: %s", got)
	}
	for query, parameter := range map[string]string{
		"?action=rm": "action", "?subject=": "subject", "?object=": "object", "?action=": "action", "?limit=0": "limit", "?limit=201": "limit",
		"?offset=-1": "offset", "?date_from=x": "date_from", "?date_to=2026-13-01": "date_to",
	} {
		if p := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit"+query).wantProblem(t, parameterInvalid); p.Parameter != parameter {
			t.Errorf("%s: names %q", query, p.Parameter)
		}
	}
	s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit?org_id=1").wantProblem(t, parameterUnknown)
	s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit?offset=10001").wantProblem(t, offsetTooDeep)
}

func (r reply) audit(t testing.TB) auditPageOf {
	t.Helper()
	var p auditPageOf
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.StatusCode != http.StatusOK || p.Data == nil {
		t.Fatalf("%s: not a page of the audit log (%v): %s", r.Status, err, r.body)
	}
	return p
}

func (p auditPageOf) String() string {
	var b strings.Builder
	for _, e := range p.Data {
		b.WriteString(e.Entry + " ")
	}
	fmt.Fprintf(&b, "of %d", p.Pagination.Total)
	if p.Pagination.HasMore {
		b.WriteString(" more")
	}
	return b.String()
}
