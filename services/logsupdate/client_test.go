package logsupdate

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asking gives a client of a server that answers like this.
func asking(t *testing.T, answer http.HandlerFunc, change func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	cfg := Config{URL: server.URL, Token: "geheim-token", Timeout: 20 * time.Second}
	if change != nil {
		change(&cfg)
	}
	c, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); server.Close() })
	return c
}

var fresh = call.Event{Kind: call.EventNew, ID: 4711, Version: 9, Call: json.RawMessage(`{"id":4711,"big":9007199254740993,"x":1.10,"clid":"<&>"}`), Inward: json.RawMessage(`{"called":1}`)}

func TestOpenSends(t *testing.T) {
	t.Parallel()
	c := asking(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for what, pair := range map[string][2]string{
			"request":       {r.Method + " " + r.URL.Path, "POST /auto-ticket"},
			"key":           {r.Header.Get("Idempotency-Key"), "call-4711"},
			"type":          {r.Header.Get("Content-Type"), "application/json"},
			"authorization": {r.Header.Get("Authorization"), "Bearer geheim-token"},
			// Digits stay as they are: a number that is too long for a float must not be rounded on the way.
			"body": {string(body), `{"event":"new","call":{"id":4711,"big":9007199254740993,"x":1.10,"clid":"<&>"}}` + "\n"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
			}
		}
		w.WriteHeader(http.StatusCreated)
	}, nil)
	if err := c.Open(t.Context(), fresh); err != nil {
		t.Error(err)
	}
}

func TestOpenWithoutToken(t *testing.T) {
	t.Parallel()
	c := asking(t, func(_ http.ResponseWriter, r *http.Request) {
		if _, there := r.Header["Authorization"]; there {
			t.Error("an authorization was sent without a token")
		}
	}, func(cfg *Config) { cfg.Token = "" })
	if err := c.Open(t.Context(), fresh); err != nil {
		t.Error(err)
	}
}

// TestOpenEveryStatus sends every final status over the wire and compares with the table's verdict.
func TestOpenEveryStatus(t *testing.T) {
	t.Parallel()
	status := 200
	c := asking(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}, nil)
	for ; status < 600; status++ {
		got, want := verdictOf(c.Open(t.Context(), fresh)), verdictOf(c.verdict(status, http.Header{}, nil))
		if got != want {
			t.Errorf("status %d: %s, want %s", status, got, want)
		}
	}
}

func TestOpenLater(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		change func(*Config)
		want   string
		after  time.Duration
	}{
		{"hangs", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client left
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}, func(c *Config) { c.Timeout = 50 * time.Millisecond }, "no answer from", 0},
		{"drops the connection", func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, nil, "EOF", 0},
		{"is away", nil, func(c *Config) { c.URL = "http://127.0.0.1:1" }, "connection refused", 0},
		{"busy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusTooManyRequests)
		}, nil, "not now with status 429", 17 * time.Second},
		{"broken", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "stack trace with geheim-token", http.StatusInternalServerError)
		}, nil, "not now with status 500: stack trace with ***", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := asking(t, test.answer, test.change)
			err := c.Open(t.Context(), fresh)
			var later *Later
			if !errors.As(err, &later) || !strings.Contains(err.Error(), test.want) || later.After != test.after {
				t.Errorf("%v, want later %q after %s", err, test.want, test.after)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the token is in the error: %v", err)
			}
		})
	}
}

func TestOpenStops(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	c := asking(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(asked)
		<-r.Context().Done()
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := c.Open(ctx, fresh); verdictOf(err) != "later" || !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the call was sent to another host")
	}))
	t.Cleanup(stranger.Close)
	for _, test := range []struct {
		name   string
		status int
		to     string
		want   string
	}{
		{"moved within the server", 308, "/new/auto-ticket", "opened"},
		{"for now", 307, "/new/auto-ticket", "opened"},
		{"would become a GET", 302, "/new/auto-ticket", "later"},
		{"other host", 307, stranger.URL, "later"},
		{"circle", 307, "/auto-ticket", "later"},
		{"nowhere", 304, "", "later"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := asking(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.URL.Path != "/new/auto-ticket" {
					w.Header().Set("Location", test.to)
					w.WriteHeader(test.status)
					return
				}
				if r.Method != http.MethodPost || !strings.Contains(string(body), "4711") || r.Header.Get("Idempotency-Key") == "" {
					t.Errorf("%s with %q came through the redirect", r.Method, body)
				}
			}, nil)
			if got := c.Open(t.Context(), fresh); verdictOf(got) != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

func TestLongAnswerIsCut(t *testing.T) {
	t.Parallel()
	c := asking(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		line := []byte(strings.Repeat("no ", 10_000))
		for range 10_000 {
			if _, err := w.Write(line); err != nil {
				return // the client has had enough
			}
		}
		t.Error("300 MB were read")
	}, nil)
	var refused *Refused
	if err := c.Open(t.Context(), fresh); !errors.As(err, &refused) || len(refused.Reason) > 400 {
		t.Errorf("%v", err)
	}
}
