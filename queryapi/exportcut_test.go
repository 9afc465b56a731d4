package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// manyCalls are enough for an export to begin before it ends.
func manyCalls(n int) []call.Call {
	calls := make([]call.Call, n)
	for i := range calls {
		calls[i] = talked(uint64(i+1), 1, i/10)
	}
	return calls
}

// staged is a history whose stream does something before a call.
type staged struct {
	history
	at int
	do func() error
}

func (s *staged) Stream(ctx context.Context, snapshot *clickhouse.Snapshot, each func(*call.Call) error) error {
	n := 0
	return s.history.Stream(ctx, snapshot, func(c *call.Call) error {
		if n == s.at {
			if err := s.do(); err != nil {
				return err
			}
		}
		n++
		return each(c)
	})
}

// open begins an export and leaves its body to be read.
func (s *site) open(ctx context.Context, t *testing.T, token, path string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept-Encoding", "identity") // compressed, all of it fits into what lies between the two ends
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// A history that fails midway cuts the connection, in every format; nobody takes what came for the whole.
func TestExportThatFailsMidway(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("read calls: %w", clickhouse.ErrAway)
	for _, err := range []error{away, clickhouse.ErrChanged} {
		s := newSite(t, &fixed{calls: manyCalls(3000), err: err}, nil, nil)
		for _, f := range fileFormats {
			response := s.open(t.Context(), t, tokenOf(t, "supervisor", 1), "/api/v1/calls?format="+f.name)
			body, err := io.ReadAll(response.Body)
			if response.StatusCode != http.StatusOK || len(body) == 0 && f.name != "parquet" || !errors.Is(err, io.ErrUnexpectedEOF) || response.Trailer.Get("X-Rows") != "" {
				t.Errorf("%s: %s, %d bytes, %v, trailer %v", f.name, response.Status, len(body), err, response.Trailer)
			}
			if got := testutil.ToFloat64(s.metrics.exports.WithLabelValues(f.name, "cut")); got != 1 {
				t.Errorf("%s: %v exports counted as cut", f.name, got)
			}
		}
		if !strings.Contains(s.log.String(), "export cut off") {
			t.Error("the log says nothing of it")
		}
	}
}

// What fails before anything is sent is a problem.
func TestExportThatFailsAtOnce(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]code{
		fmt.Errorf("read calls: %w", clickhouse.ErrAway): historyUnavailable, clickhouse.ErrChanged: exportUnsettled, errors.New("?"): internalError,
	} {
		s := newSite(t, &fixed{calls: manyCalls(20), err: err}, nil, nil)
		for _, f := range fileFormats {
			got := s.get(t, tokenOf(t, "supervisor", 1), "/api/v1/calls?format="+f.name)
			got.wantProblem(t, want)
			if got.Header.Get("Content-Disposition") != "" || got.Header.Get("Trailer") != "" {
				t.Errorf("%s: %v", f.name, got.Header)
			}
		}
	}
}

// A call that changes while an export begins is no reason to refuse it.
func TestExportBeginsAnew(t *testing.T) {
	t.Parallel()
	times := 0
	s := newSite(t, &staged{newStore(t, manyCalls(1500)...), 700, func() error {
		if times++; times < 3 {
			return clickhouse.ErrChanged
		}
		return nil
	}}, nil, nil)
	got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls?format=csv")
	if lines := strings.Count(got.body, "\r\n"); lines != 1501 || times != 3 || got.Trailer.Get("X-Rows") != "1500" {
		t.Errorf("%s, %d lines, %d times, trailer %v", got.Status, lines, times, got.Trailer)
	}
}

// A ClickHouse that is killed midway, or stops answering, cuts the export off.
func TestExportFromAServerThatDies(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*servertest.ClickHouseProcess){
		"killed": func(p *servertest.ClickHouseProcess) { p.Kill() },
		"hangs":  func(p *servertest.ClickHouseProcess) { p.Signal(t, syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := servertest.ClickHouseChild(t)
			store, err := clickhouse.Open(clickhouse.Config{DSN: server.DSN}, "test")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := store.Insert(t.Context(), manyCalls(20_000), "a"); err != nil {
				t.Fatal(err)
			}
			s := newSite(t, &staged{store, 6000, func() error { end(server); return nil }}, nil, func(c *config) { c.QueryTimeout = 20 * time.Second })
			response := s.open(t.Context(), t, tokenOf(t, "agent", 1), "/api/v1/calls?format=csv")
			body, err := io.ReadAll(response.Body)
			if lines := strings.Count(string(body), "\r\n"); !errors.Is(err, io.ErrUnexpectedEOF) || lines < 1000 || lines > 19_999 || response.Trailer.Get("X-Rows") != "" {
				t.Errorf("%d lines, %v, trailer %v", lines, err, response.Trailer)
			}
		})
	}
}

// A caller who leaves ends the export, and one who takes nothing is cut off.
func TestExportIsLeft(t *testing.T) {
	t.Parallel()
	store := newStore(t, manyCalls(30_000)...)
	s := newSite(t, store, nil, nil)
	s.patience = 500 * time.Millisecond
	for i, leave := range []func(cancel func()){func(cancel func()) { cancel() }, func(func()) {}} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		response := s.open(ctx, t, tokenOf(t, "supervisor", 1), "/api/v1/calls?format=ndjson")
		if line, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"id":30000,`) {
			t.Errorf("%.40s, %v", line, err)
		}
		leave(cancel)
		servertest.Eventually(t, time.Minute, func() bool {
			return testutil.ToFloat64(s.metrics.exports.WithLabelValues("ndjson", "left")) == float64(i+1) && s.exports.seats.open() == 0
		}, "the export ends")
	}
	if n := testutil.ToFloat64(s.metrics.exported.WithLabelValues("ndjson")); n >= 60_000 {
		t.Errorf("%v calls were written", n)
	}
}

func TestExportsAtOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	began := make(chan struct{}, 10)
	far := &fixed{calls: manyCalls(3), before: func(context.Context) { began <- struct{}{}; <-release }}
	s := newSite(t, far, nil, func(c *config) { c.ExportsAtOnce, c.ExportsPerToken = 3, 2 })
	one, other := tokenOf(t, "agent", 1), tokenOf(t, "agent", 1, 2)
	ended := make(chan *http.Response, 3)
	for _, token := range []string{one, one, other} {
		go func() { ended <- s.open(t.Context(), t, token, "/api/v1/calls?format=csv") }()
		<-began
	}
	for _, token := range []string{one, other} {
		got := s.get(t, token, "/api/v1/calls?format=csv")
		got.wantProblem(t, tooManyExports)
		if got.Header.Get("Retry-After") == "" || got.Header.Get("Content-Disposition") != "" {
			t.Errorf("headers %v", got.Header)
		}
	}
	close(release)
	for range 3 {
		if got := <-ended; got.StatusCode != http.StatusOK {
			t.Error(got.Status)
		}
	}
	servertest.Eventually(t, time.Minute, func() bool { return s.exports.seats.open() == 0 }, "all seats are free")
	if got := s.get(t, one, "/api/v1/calls?format=csv"); got.StatusCode != http.StatusOK {
		t.Errorf("behind them: %s", got.Status)
	}
}
