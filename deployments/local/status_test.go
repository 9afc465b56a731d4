package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const metricsText = `# HELP enricher_rows_total Rows.
# TYPE enricher_rows_total counter
enricher_rows_total{outcome="parked"} 0
enricher_rows_total{outcome="stored"} 1.25e+06
enricher_rows_total{outcome="known"} 3
enricher_behind_seconds 0.25
queryapi_requests_total{route="list",status="200"} 7
queryapi_requests_total{route="other",status="404"} 2
poller_rows_total{kind="page"} 12
poller_rows_total{kind="gap"} 1
archiver_last_success_timestamp_seconds 1.795e+09
`

func TestReadMetrics(t *testing.T) {
	t.Parallel()
	m := readMetrics(metricsText)
	now := time.Unix(1795000090, 0)
	for _, c := range []struct{ stage, done, lag string }{
		{"enricher", "3 known, 1250000 stored", "0.2 s"},
		{"queryapi", "9", "-"},
		{"poller", "1 gap, 12 page", "-"},
		{"archiver", "-", "swept 1m30s ago"},
		{"ticketer", "-", "-"},
	} {
		if done, lag := m.done(c.stage), m.lag(c.stage, now); done != c.done || lag != c.lag {
			t.Errorf("%s: %q, %q, want %q, %q", c.stage, done, lag, c.done, c.lag)
		}
	}
}

func TestStatusOfStages(t *testing.T) {
	t.Parallel()
	ready, doors := http.StatusOK, `{"ready":true,"doors":{"nats":"ok"}}`
	stage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/metrics" {
			fmt.Fprint(w, metricsText)
			return
		}
		w.WriteHeader(ready)
		fmt.Fprint(w, doors)
	}))
	defer stage.Close()
	addr := strings.TrimPrefix(stage.URL, "http://")

	well := look(t.Context(), "enricher", addr)
	ready, doors = http.StatusServiceUnavailable, `{"ready":false,"doors":{"nats":"ok","clickhouse":"err"}}`
	ill := look(t.Context(), "enricher", addr)
	down := look(t.Context(), "poller", "127.0.0.1:1")

	var out bytes.Buffer
	if err := printStates(&out, []state{well}); err != nil {
		t.Error(err)
	}
	want := "STAGE      HEALTH   LAG     DONE SINCE ITS START\n" +
		"enricher   ready    0.2 s   3 known, 1250000 stored\n"
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	if err := printStates(&out, []state{well, ill, down}); !errors.Is(err, errUnwell) {
		t.Errorf("error is %v", err)
	}
	for _, want := range []string{"no answer from clickhouse", "poller     down"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed\n%swant %s", out.String(), want)
		}
	}
}
