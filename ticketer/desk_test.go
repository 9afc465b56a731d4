package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/logsupdate"
)

// logsUpdate is the far side: it keeps a ticket for every key, once, and does as the test says first.
type logsUpdate struct {
	*httptest.Server
	// before decides, by the call's id and how often it was asked for, what is answered instead of a ticket; 0 opens one.
	before func(id uint64, asked int, r *http.Request) (status int)

	mu      sync.Mutex
	asked   map[string]int
	tickets map[string]json.RawMessage
	bad     []string
}

func newLogsUpdate(t *testing.T, before func(id uint64, asked int, r *http.Request) int) *logsUpdate {
	t.Helper()
	l := &logsUpdate{before: before, asked: map[string]int{}, tickets: map[string]json.RawMessage{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *logsUpdate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var ticket struct {
		Event string
		Call  json.RawMessage
	}
	var one struct{ ID uint64 }
	err := json.Unmarshal(body, &ticket)
	if err == nil {
		err = json.Unmarshal(ticket.Call, &one)
	}
	key := r.Header.Get("Idempotency-Key")
	l.mu.Lock()
	if err != nil || ticket.Event != "new" || r.Method+r.URL.Path != "POST/auto-ticket" || key != "call-"+text(one.ID) {
		l.bad = append(l.bad, r.Method+" "+r.URL.Path+" "+key+" "+string(body))
	}
	l.asked[key]++
	asked := l.asked[key]
	l.mu.Unlock()
	if l.before != nil {
		if status := l.before(one.ID, asked, r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.tickets[key]; there {
		w.WriteHeader(http.StatusConflict)
		return
	}
	l.tickets[key] = ticket.Call
	w.WriteHeader(http.StatusCreated)
}

// listenAgain starts a closed LogsUpdate on its old address, with the tickets that it had.
func listenAgain(t *testing.T, l *logsUpdate, addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(l)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
}

// config of a client that is patient for long.
func (l *logsUpdate) config() logsupdate.Config {
	return logsupdate.Config{URL: l.URL, Timeout: 5 * time.Second}
}

func (l *logsUpdate) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tickets)
}

func (l *logsUpdate) askedFor(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[key]
}

// check fails the test for every request that was not as documented.
func (l *logsUpdate) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.bad) > 0 {
		t.Errorf("%d requests were wrong, such as:\n%s", len(l.bad), strings.Join(l.bad[:min(3, len(l.bad))], "\n"))
	}
}
