package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	flag.Parse()
	only := flag.Lookup("test.run").Value.String() + flag.Lookup("test.skip").Value.String() + flag.Lookup("test.list").Value.String()
	servertest.Main(suite{m, only == ""})
}

const secret = "a secret of thirty-two bytes, or more"

// sign makes a token that is good for an hour unless with says otherwise; a nil value removes a claim.
func sign(t testing.TB, with jwt.MapClaims) string {
	t.Helper()
	c := jwt.MapClaims{"orgs": []int{1}, "role": "agent", "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range with {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tokenOf(t testing.TB, role string, orgs ...int) string {
	return sign(t, jwt.MapClaims{"role": role, "orgs": orgs})
}

// site is an API under test, behind a real HTTP server.
type site struct {
	*api
	url      string
	registry *prometheus.Registry
	log      *transcript
}

func newSite(t testing.TB, h history, v vault, change func(*config)) *site {
	t.Helper()
	cfg := config{
		JWTSecret: secret, RecordingsDir: t.TempDir(), QueryTimeout: time.Minute, PagesAtOnce: 32, StatsAtOnce: 16,
		LiveStreams: 2000, LiveStreamsPerToken: 2000, LiveHeartbeat: 15 * time.Second,
		ExportsAtOnce: 100, ExportsPerToken: 100, ExportRows: 1_000_000,
	}
	if change != nil {
		change(&cfg)
	}
	s := &site{registry: prometheus.NewRegistry(), log: &transcript{}}
	s.api = newAPI(cfg, h, &line{}, v, newTestLog(s.log), newMetrics(s.registry))
	server := httptest.NewServer(watched(t, s.handler()))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func newTestLog(to *transcript) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newStore gives a real store that holds the calls.
func newStore(t testing.TB, calls ...call.Call) *clickhouse.Store {
	t.Helper()
	store, err := clickhouse.Open(clickhouse.Config{DSN: servertest.ClickHouse(t).DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(calls) > 0 {
		if err := store.Insert(t.Context(), calls, t.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

// request sends a request; header is name, value, name, value, …
func (s *site) request(t testing.TB, method, path string, header ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{response, string(body)}
}

func (s *site) get(t testing.TB, token, path string, header ...string) reply {
	t.Helper()
	return s.request(t, http.MethodGet, path, append(header, "Authorization", "Bearer "+token)...)
}

// problem reads a problem document and holds what all of them have in common.
func (r reply) problem(t testing.TB) problemDocument {
	t.Helper()
	var p problemDocument
	decoder := json.NewDecoder(strings.NewReader(r.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%s: not a problem document: %v: %s", r.Status, err, r.body)
	}
	row, known := problems[p.Code]
	switch {
	case !known || row.status != r.StatusCode || row.status != p.Status || row.title != p.Title:
		t.Errorf("status %d, problem %s: not as in the table", r.StatusCode, r.body)
	case r.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("problem %s has the type %q", p.Code, r.Header.Get("Content-Type"))
	case p.Type != "urn:cdrflow:problem:"+string(p.Code) || p.Detail == "":
		t.Errorf("problem %+v lacks its type or detail", p)
	case p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id"):
		t.Errorf("problem names request %q, the header %q", p.RequestID, r.Header.Get("X-Request-Id"))
	case r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Content-Type-Options") != "nosniff":
		t.Errorf("problem %s lacks the headers of every answer: %v", p.Code, r.Header)
	}
	return p
}

func (r reply) wantProblem(t testing.TB, want code) problemDocument {
	t.Helper()
	p := r.problem(t)
	if p.Code != want {
		t.Errorf("%s: problem %s, want %s: %s", r.Request.URL.Path, p.Code, want, p.Detail)
	}
	return p
}

// callList is an answer of the list.
type callList struct {
	Data []struct {
		ID    uint64 `json:"id"`
		OrgID uint32 `json:"org_id"`
	} `json:"data"`
	Pagination struct {
		Total   *uint64 `json:"total"`
		Limit   int     `json:"limit"`
		Offset  int     `json:"offset"`
		HasMore bool    `json:"has_more"`
	} `json:"pagination"`
}

func (r reply) list(t testing.TB) callList {
	t.Helper()
	var l callList
	if err := json.Unmarshal([]byte(r.body), &l); err != nil || r.StatusCode != http.StatusOK || l.Pagination.Total == nil || l.Data == nil {
		t.Fatalf("%s: not a list (%v): %s", r.Status, err, r.body)
	}
	return l
}

func (l callList) String() string {
	var b strings.Builder
	for _, c := range l.Data {
		fmt.Fprintf(&b, "%d ", c.ID)
	}
	return fmt.Sprintf("%sof %d, more %v", &b, *l.Pagination.Total, l.Pagination.HasMore)
}

// transcript is a log that a test reads while it is written.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *transcript) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
