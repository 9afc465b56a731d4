package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate(3, 2, 50*time.Millisecond)
	one, two, three := keyOf("one"), keyOf("two"), keyOf("three")
	enter := func(of tokenKey, want error) func() {
		t.Helper()
		leave, err := g.enter(t.Context(), of)
		if !errors.Is(err, want) {
			t.Fatalf("entering: %v, want %v", err, want)
		}
		return leave
	}
	a := enter(one, nil)
	enter(one, nil)
	enter(one, errOwnShare)
	enter(two, nil)
	enter(two, errCrowded)
	enter(three, errCrowded)
	// Who waits gets in as soon as there is room.
	g.wait = time.Minute
	waited := make(chan error, 1)
	go func() {
		_, err := g.enter(t.Context(), three)
		waited <- err
	}()
	servertest.Eventually(t, time.Minute, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.each[three] != nil
	}, "it waits")
	a()
	if err := <-waited; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.enter(ctx, two); err == nil || len(g.each) != 3 || g.each[two].users != 1 {
		t.Errorf("a caller who left: %v, %d shares", err, len(g.each))
	}
	g.each[one].users = 2 * (1 + queueOf)
	enter(one, errQueue)
}

// One token that asks for too much at once waits and is refused, and another is answered meanwhile.
func TestTooMuchAtOnce(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	s := newSite(t, &fixed{calls: []call.Call{missed(7, 7)}, before: func(context.Context) { <-hang }}, nil, nil)
	s.budget.gates[pageWork] = newGate(32, 8, 200*time.Millisecond)
	greedy := tokenOf(t, "agent", 1)
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() { s.get(t, greedy, "/api/v1/calls") })
	}
	servertest.Eventually(t, time.Minute, func() bool { return len(s.budget.gates[pageWork].within) == 8 }, "eight are inside")
	got := s.get(t, greedy, "/api/v1/calls")
	if p := got.wantProblem(t, tooManyAtOnce); got.Header.Get("Retry-After") != "5" || !strings.Contains(p.Detail, "8 pages") {
		t.Errorf("refused with %v %s", got.Header, got.body)
	}
	answered := make(chan string, 1)
	asking.Go(func() { answered <- s.get(t, tokenOf(t, "agent", 7), "/api/v1/calls/7").Status })
	servertest.Eventually(t, time.Minute, func() bool { return len(s.budget.gates[pageWork].within) == 9 }, "another token is let in")
	close(hang)
	if status := <-answered; status != "200 OK" {
		t.Errorf("the other token: %s", status)
	}
	asking.Wait()
	servertest.Eventually(t, time.Minute, func() bool { return len(s.budget.gates[pageWork].each) == 0 }, "all have left")

	crowded := newSite(t, &fixed{before: func(context.Context) { <-t.Context().Done() }}, nil, nil)
	crowded.budget.gates[pageWork] = newGate(1, 1, 200*time.Millisecond)
	crowded.budget.gates[pageWork].within <- struct{}{}
	crowded.get(t, greedy, "/api/v1/calls").wantProblem(t, serverBusy)
}

func TestTimeoutsByRole(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{err: context.DeadlineExceeded, before: func(ctx context.Context) { <-ctx.Done() }}, nil, func(c *config) {
		c.QueryTimeouts, c.QueryTimeout = "agent=100ms,admin=5m", 500*time.Millisecond
	})
	for role, least := range map[string]time.Duration{"agent": 100 * time.Millisecond, "supervisor": 500 * time.Millisecond, "admin": 500 * time.Millisecond} {
		began := time.Now()
		s.get(t, tokenOf(t, role, 1), "/api/v1/calls").wantProblem(t, queryTimeout)
		if took := time.Since(began); took < least {
			t.Errorf("%s: given up after %s", role, took)
		}
	}
}

func TestTooExpensive(t *testing.T) {
	t.Parallel()
	var calls []call.Call
	for id := range uint64(50) {
		calls = append(calls, talked(id+1, 1, int(id)))
	}
	s := newSite(t, newStore(t, calls...), nil, func(c *config) { c.QueryRows = "agent=10,supervisor=1M" })
	for _, path := range []string{"/api/v1/calls", "/api/v1/calls/7", "/api/v1/conversations?date_from=2026-01-01"} {
		p := s.get(t, tokenOf(t, "agent", 1), path).wantProblem(t, queryTooExpensive)
		if !strings.Contains(p.Detail, "date_from") {
			t.Errorf("%s does not say what to do: %s", path, p.Detail)
		}
		for _, role := range []string{"supervisor", "admin"} {
			if got := s.get(t, tokenOf(t, role, 1), path); got.StatusCode != http.StatusOK {
				t.Errorf("%s for a %s: %s", path, role, got.Status)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, "call history does not answer") {
		t.Errorf("an expensive query is taken for trouble of the history:\n%s", log)
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	for _, op := range s.routes() {
		want := pageWork
		switch {
		case strings.Contains(op.path, "/stats/"):
			want = statsWork
		case strings.HasSuffix(op.path, "/stream"):
			want = liveWork
		}
		if got := classOf(op); got != want {
			t.Errorf("%s %s is of the class %s, want %s", op.method, op.path, got, want)
		}
	}
	for _, of := range []class{pageWork, statsWork} {
		if s.budget.gates[of] == nil {
			t.Errorf("there is no gate for %s", of)
		}
	}
	if l := fmt.Sprint(s.budget.limits("agent", exportWork)); l != "{0 0 2 10}" {
		t.Errorf("an export has the limits %s", l)
	}
}
