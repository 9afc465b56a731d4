package process

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func ask(t *testing.T, p *Process, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	p.Admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := New("stage", nil, &log)
	wants := func(code int, body string) {
		t.Helper()
		if c, b := ask(t, p, "/readyz"); c != code || b != body {
			t.Errorf("answers %d %s, want %d %s", c, b, code, body)
		}
	}
	wants(503, `{"doors":{},"ready":false}`) // starting

	var shut atomic.Pointer[error]
	p.Ready("nats", func(context.Context) error { return nil })
	p.Ready("clickhouse", func(context.Context) error {
		if err := shut.Load(); err != nil {
			return *err
		}
		return nil
	})
	wants(200, `{"doors":{"clickhouse":"ok","nats":"ok"},"ready":true}`)

	err := errors.New("ping 10.0.0.7:8123: connection refused")
	shut.Store(&err)
	wants(503, `{"doors":{"clickhouse":"err","nats":"ok"},"ready":false}`)
	wants(503, `{"doors":{"clickhouse":"err","nats":"ok"},"ready":false}`)
	shut.Store(nil)
	wants(200, `{"doors":{"clickhouse":"ok","nats":"ok"},"ready":true}`)
	contains(t, "the log", log.String(), []string{`"door":"clickhouse","err":"ping 10.0.0.7:8123: connection refused"`, `"door answers again"`})

	p.stopping.Store(true)
	wants(503, `{"doors":{"clickhouse":"ok","nats":"ok"},"ready":false}`)
}

// A door that hangs must not hang the probe.
func TestReadyzGivesUp(t *testing.T) {
	t.Parallel()
	p := New("stage", nil, &bytes.Buffer{})
	p.Ready("slow", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if code, body := ask(t, p, "/readyz"); code != 503 || !strings.Contains(body, `"slow":"err"`) {
		t.Errorf("answers %d %s, want 503", code, body)
	}
}

func TestLivezAndMetrics(t *testing.T) {
	t.Parallel()
	p := New("stage", nil, &bytes.Buffer{})
	// Liveness asks no door: a backing server's restart must not restart the stage.
	p.Ready("gone", func(context.Context) error { return errors.New("gone") })
	if code, body := ask(t, p, "/livez"); code != 200 || body != `{"live":true,"turned_seconds_ago":0}` {
		t.Errorf("answers %d %s, want 200", code, body)
	}
	p.within = -time.Second
	if code, body := ask(t, p, "/livez"); code != 503 || !strings.Contains(body, `"live":false`) {
		t.Errorf("a stuck loop answers %d %s, want 503", code, body)
	}
	rows := prometheus.NewCounter(prometheus.CounterOpts{Name: "stage_rows_total", Help: "Rows seen."})
	p.Registry.MustRegister(rows)
	rows.Add(7)
	if _, body := ask(t, p, "/metrics"); !strings.Contains(body, "\nstage_rows_total 7") || !strings.Contains(body, "go_build_info") {
		t.Errorf("metrics lack the stage's or the runtime's:\n%s", body)
	}
}

func TestAdminServerStops(t *testing.T) {
	t.Parallel()
	p := New("stage", []string{"ADMIN_ADDR=127.0.0.1:0"}, &bytes.Buffer{})
	if _, err := Config[struct{}](p); err != nil {
		t.Fatal(err)
	}
	url := "http://" + p.AdminAddr() + "/livez"
	if body := get(t, url); !strings.Contains(body, `"live":true`) {
		t.Errorf("answers %s, want live", body)
	}
	p.Close()
	if _, err := http.Get(url); err == nil {
		t.Error("the server answers after Close")
	}
	if p.AdminAddr() != "" {
		t.Errorf("address %s after Close", p.AdminAddr())
	}
	p.Close() // twice does no harm
}
