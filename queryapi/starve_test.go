package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// While one token asks for as many dear figures as it can, the newest page of an agent is answered nearly as soon as before.
func TestDearWorkStarvesNobody(t *testing.T) {
	warehouse := servertest.ClickHouse(t)
	store, err := clickhouse.Open(clickhouse.Config{DSN: warehouse.DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	runStatement(t, warehouse.DSN, servertest.Year(100_000, 0, 100_000, time.Now(), 0))
	s := newSite(t, store, nil, func(c *config) { c.StatsAtOnce = 4 })
	agent := tokenOf(t, "agent", 1)
	page := func() time.Duration {
		began := time.Now()
		if got := s.get(t, agent, "/api/v1/calls?limit=50"); got.StatusCode != http.StatusOK {
			t.Fatalf("the agent's page: %s %s", got.Status, got.body)
		}
		return time.Since(began)
	}
	median := func() time.Duration {
		var took []time.Duration
		for range 15 {
			took = append(took, page())
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	page()
	alone := median()

	// Each of them reads every row there is, as a month of statistics without a filter would.
	scope := clickhouse.Scope{}
	for org := range uint32(51) {
		scope.Orgs = append(scope.Orgs, org)
	}
	ctx, stop := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request = s.engage(request, route{need: readStats}, &holder{role: "supervisor", key: keyOf("bi")})
	var asking sync.WaitGroup
	var answered, most atomic.Int64
	for range 16 {
		asking.Go(func() {
			for ctx.Err() == nil {
				err := s.ask(request, func(ctx context.Context) error {
					most.Store(max(most.Load(), int64(len(s.budget.gates[statsWork].within))))
					_, err := store.Count(ctx, scope, &clickhouse.Filter{Search: "nobody is called that"})
					return err
				})
				if err == nil {
					answered.Add(1)
				}
			}
		})
	}
	servertest.Eventually(t, time.Minute, func() bool { return answered.Load() > 0 }, "figures are computed")
	beside := median()
	stop()
	asking.Wait()
	t.Logf("the newest page takes %s alone and %s beside %d dear queries of another token", alone, beside, most.Load())
	if most.Load() > 2 {
		t.Errorf("%d of the token's dear queries ran at once, want 2", most.Load())
	}
	if beside > 20*alone+2*time.Second { // all of it on one machine, which other tests use too
		t.Errorf("the newest page takes %s, alone it takes %s", beside, alone)
	}
}

// runStatement has the warehouse execute a statement.
func runStatement(t *testing.T, dsn, statement string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+u.Host+"/?database="+strings.Trim(u.Path, "/"), strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(u.User.Username(), password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}
