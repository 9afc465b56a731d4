package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestAddressesAndMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{missed(1, 1)}}, nil, nil)
	bearer := []string{"Authorization", "Bearer " + tokenOf(t, "agent", 1)}
	for _, path := range []string{"/", "/api/v1", "/api/v1/calls/", "/api/v1/calls/1/", "/api/v1/calls/1/recording/x", "/api/v1/calls/1/explain/", "/api/v1/conversations/", "/api/v1/conversations/pbx:1.1/", "/api/v1/conversations/pbx:1.1/recording", "/api/v1/conversations/a/b:c", "/api/v2/calls", "/metrics", "/livez", "//api/v1/calls", "/api/v1/calls/..%2f1"} {
		if got := s.request(t, http.MethodGet, path, bearer...); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, got.Status)
		} else {
			got.problem(t)
		}
	}
	for path, allowed := range map[string]string{
		"/api/v1/calls": "GET, HEAD", "/api/v1/calls/1": "GET, HEAD", "/api/v1/calls/1/recording": "GET, HEAD, DELETE",
		"/api/v1/conversations": "GET, HEAD", "/api/v1/conversations/pbx:1.1/explain": "GET, HEAD", "/api/v1/tokens/revoke": "POST",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			if slices.Contains(strings.Split(allowed, ", "), method) {
				continue
			}
			got := s.request(t, method, path, bearer...)
			if got.Header.Get("Allow") != allowed {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, got.Header.Get("Allow"), allowed)
			}
			if method != http.MethodHead {
				got.wantProblem(t, methodNotAllowed)
			}
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	for given, kept := range map[string]bool{
		"5f0c-abc_1.2": true, "": false, "a b": false, "a\"b": false, strings.Repeat("x", 65): false, "é": false,
	} {
		var header []string
		if given != "" {
			header = []string{"X-Request-Id", given}
		}
		got := s.request(t, http.MethodGet, "/api/v1/calls", header...)
		got.wantProblem(t, tokenMissing)
		if id := got.Header.Get("X-Request-Id"); (id == given) != kept || len(id) == 0 {
			t.Errorf("request id %q became %q", given, id)
		}
	}
}

func TestHistoryAway(t *testing.T) {
	t.Parallel()
	server := servertest.ClickHouseChild(t)
	store, err := clickhouse.Open(clickhouse.Config{DSN: server.DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	s := newSite(t, store, nil, func(c *config) { c.QueryTimeout = 5 * time.Second })
	token := tokenOf(t, "agent", 1)
	away := func(how string, want code) {
		t.Helper()
		for _, path := range []string{
			"/api/v1/calls", "/api/v1/calls/1", "/api/v1/calls/1/recording", "/api/v1/calls/1/explain",
			"/api/v1/conversations", "/api/v1/conversations/pbx:1.1", "/api/v1/conversations/pbx:1.1/explain",
		} {
			got := s.get(t, token, path)
			p := got.wantProblem(t, want)
			if got.Header.Get("Retry-After") != "5" {
				t.Errorf("%s: Retry-After is %q", how, got.Header.Get("Retry-After"))
			}
			if strings.Contains(got.body, "127.0.0.1") || strings.Contains(p.Detail, "ClickHouse") {
				t.Errorf("%s: the answer tells too much: %s", how, got.body)
			}
		}
	}
	away("without tables", historyUnavailable)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Insert(t.Context(), []call.Call{talked(1, 1, 1)}, "a"); err != nil {
		t.Fatal(err)
	}
	if got := s.get(t, token, "/api/v1/calls").list(t).String(); got != "1 of 1, more false" {
		t.Errorf("with tables: %s", got)
	}
	server.Kill()
	away("killed", historyUnavailable)
	server.Restart(t)
	servertest.Eventually(t, time.Minute, func() bool { return s.get(t, token, "/api/v1/calls/1").StatusCode == http.StatusOK }, "the history answers again")

	s.queryTimeout = 500 * time.Millisecond
	server.Signal(t, syscall.SIGSTOP)
	away("hanging", queryTimeout)
	server.Signal(t, syscall.SIGCONT)
	servertest.Eventually(t, time.Minute, func() bool { return s.get(t, token, "/api/v1/calls/1").StatusCode == http.StatusOK }, "the history answers again")
	if log := s.log.String(); !strings.Contains(log, "call history does not answer") || !strings.Contains(log, "call history answers again") {
		t.Errorf("the log lacks the trouble:\n%s", log)
	}
}

func TestErrorsThatAreNotTheCallersOwn(t *testing.T) {
	t.Parallel()
	far := &fixed{err: errors.New("column 7 of /var/lib is broken")}
	s := newSite(t, far, nil, nil)
	token := tokenOf(t, "agent", 1)
	got := s.get(t, token, "/api/v1/calls")
	p := got.wantProblem(t, internalError)
	if strings.Contains(got.body, "column") {
		t.Errorf("the answer tells too much: %s", got.body)
	}
	if log := s.log.String(); !strings.Contains(log, "column 7") || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, p.RequestID) {
		t.Errorf("the log lacks the error or the request id:\n%s", log)
	}

	far.before = func(context.Context) { panic("out of paper") }
	got = s.get(t, token, "/api/v1/calls/1")
	p = got.wantProblem(t, internalError)
	if log := s.log.String(); !strings.Contains(log, "out of paper") || !strings.Contains(log, "serve_test.go") || strings.Contains(got.body, "paper") || !strings.Contains(log, p.RequestID) {
		t.Errorf("a panic was answered with %s and logged as\n%s", got.body, log)
	}
	far.before, far.err = nil, nil
	if got := s.get(t, token, "/api/v1/calls"); got.StatusCode != http.StatusOK {
		t.Errorf("after a panic: %s", got.Status)
	}
}

func TestCallerWhoLeaves(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan struct{})
	s := newSite(t, &fixed{err: errors.New("interrupted"), before: func(ctx context.Context) {
		close(entered)
		<-ctx.Done()
		close(left)
	}}, nil, nil)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/calls/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	<-entered
	leave()
	<-left
	<-done
	servertest.Eventually(t, 10*time.Second, func() bool {
		return testutil.ToFloat64(s.metrics.requests.WithLabelValues("/api/v1/calls/{id}", "499")) == 1
	}, "the request is counted")
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("a caller who left is logged as an error:\n%s", log)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{missed(1, 1)}}, nil, nil)
	token := tokenOf(t, "agent", 1)
	for range 3 {
		s.get(t, token, "/api/v1/calls")
	}
	for id := range 4 {
		s.get(t, token, fmt.Sprintf("/api/v1/calls/%d", id+1))
		s.get(t, token, fmt.Sprintf("/nothing/%d", id))
	}
	s.get(t, token, "/api/v1/calls/1/recording")
	s.request(t, "POST", "/api/v1/calls")
	s.request(t, http.MethodGet, "/api/v1/calls")
	// The last answers may be on their way here before they are counted.
	servertest.Eventually(t, 10*time.Second, func() bool {
		return testutil.ToFloat64(s.metrics.requests.WithLabelValues("/api/v1/calls", "401")) == 1
	}, "the last request is counted")
	const want = `
# HELP queryapi_requests_total Requests answered, by route and status; route other is what no route matches, status 499 a caller who left before the answer.
# TYPE queryapi_requests_total counter
queryapi_requests_total{route="/api/v1/calls",status="200"} 3
queryapi_requests_total{route="/api/v1/calls",status="401"} 1
queryapi_requests_total{route="/api/v1/calls/{id}",status="200"} 1
queryapi_requests_total{route="/api/v1/calls/{id}",status="404"} 3
queryapi_requests_total{route="/api/v1/calls/{id}/recording",status="404"} 1
queryapi_requests_total{route="other",status="404"} 4
queryapi_requests_total{route="other",status="405"} 1
`
	if err := testutil.GatherAndCompare(s.registry, strings.NewReader(want), "queryapi_requests_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(s.metrics.seconds); n != 4 {
		t.Errorf("%d histograms, want one a route", n)
	}
}

// largeCalls are so many of 64 KiB each.
func largeCalls(n uint64) (calls []call.Call) {
	for id := uint64(1); id <= n; id++ {
		c := missed(id, 1)
		c.Lastdata = strings.Repeat("x", 64<<10)
		calls = append(calls, c)
	}
	return calls
}

// A large page leaves in pieces, and is whole.
func TestLargePage(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: largeCalls(201)}, nil, nil)
	l := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls?limit=200").list(t)
	if len(l.Data) != 200 || *l.Pagination.Total != 201 || !l.Pagination.HasMore {
		t.Errorf("%d calls of %d", len(l.Data), *l.Pagination.Total)
	}
	for i, c := range l.Data {
		if c.ID != uint64(i)+1 {
			t.Fatalf("call %d has id %d", i, c.ID)
		}
	}
}

// What a slow or odd client sends holds nothing up.
func TestOddClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	token := tokenOf(t, "agent", 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/calls", io.LimitReader(iotest.HalfReader(zeros{}), 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if response, err := http.DefaultClient.Do(request); err == nil { // or cut off while it still sends
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("GET with a body: %s", response.Status)
		}
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n", token)
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		t.Errorf("a body that never comes: %v, %.60s", err, answer)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
