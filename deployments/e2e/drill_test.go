package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// Each stage is killed exactly between two of its steps: after it stored and before it told, after it told and before it
// acknowledged. Started again it takes the same work once more, and nothing shows of it.
func TestKilledBetweenSteps(t *testing.T) {
	for _, drill := range []struct {
		stage, point string
		again        bool // the log delivers the work again
	}{
		{"poller", "poller.read:3", false},
		{"poller", "poller.published:3", false},
		{"enricher", "enricher.stored:3", true},
		{"enricher", "enricher.told:3", true},
		{"ticketer", "ticketer.posted:20", false},
	} {
		t.Run(drill.point, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.exec(cdrTable)
			tickets := newTickets(t)
			mark := filepath.Join(h.dir, "mark")
			for _, stage := range []string{"enricher", "poller", "ticketer", "queryapi"} {
				env := []string{"BATCH_ROWS=500", "ACK_WAIT=3s", "WRITE_TIMEOUT=2s", "LOGSUPDATE_URL=" + tickets.URL, "PAGE_ROWS=500"}
				if stage == drill.stage {
					env = append(env, "DRILL_KILL_AT="+drill.point, "DRILL_MARK="+mark)
				}
				h.start(stage, env...)
			}
			const rows = 4000
			g := generator{orgs: 2, start: time.Now().Add(-time.Hour)} // fresh: every row is told and ticketed
			if err := g.insert(t.Context(), h.db, 0, rows); err != nil {
				t.Fatal(err)
			}
			select {
			case <-h.stages[drill.stage].Done():
			case <-time.After(time.Minute):
				t.Fatalf("%s did not reach %s", drill.stage, drill.point)
			}
			if _, err := os.Stat(mark); err != nil {
				t.Fatalf("%s died elsewhere: %v\n%s", drill.stage, err, h.stages[drill.stage].Tail())
			}
			h.restart(drill.stage)

			token := h.token("agent", 1, 2)
			h.awaitWithin(token, rows, 2*time.Minute)
			table := h.tableRows("SELECT * FROM asterisk_cdr")
			shown, err := h.calls(token)
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, table, shown)
			h.sameSums()
			servertest.Eventually(t, 2*time.Minute, func() bool { return tickets.keys() == rows }, "each call has its ticket")
			h.sameAsTicketed(tickets)
			if again := h.redelivered(); drill.again && again == 0 {
				t.Error("nothing was delivered again")
			}
		})
	}
}

// sameAsTicketed holds that a ticket shows the call exactly as the API does.
func (h *house) sameAsTicketed(r *tickets) {
	h.t.Helper()
	token := h.token("agent", 1, 2)
	checked := 0
	for key, body := range r.bodies {
		if checked++; checked > 20 {
			return
		}
		var posted struct {
			Call map[string]any `json:"call"`
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&posted); err != nil {
			h.t.Fatal(err)
		}
		var shown map[string]any
		if status, err := h.get("/api/v1/calls/"+strings.TrimPrefix(key, "call-"), token, &shown); err != nil || status != http.StatusOK {
			h.t.Fatalf("%s: %d, %v", key, status, err)
		}
		if !reflect.DeepEqual(posted.Call, shown) {
			h.t.Errorf("%s was posted as %v and is shown as %v", key, posted.Call, shown)
		}
	}
}

// Three enrichers share the rows, each storing a fifth at least; a fourth gets its share within 15 seconds.
func TestEnrichersShareTheWork(t *testing.T) {
	h := newHouse(t)
	h.exec(cdrTable)
	names := []string{"enricher-1", "enricher-2", "enricher-3"}
	stored := func(name string) float64 { return h.metric(name, "enricher_rows_total", `outcome="stored"`) }
	for _, name := range names {
		h.start(name, "BATCH_ROWS=1000")
	}
	h.start("queryapi")
	g := generator{orgs: 2, start: time.Now().Add(-300 * 24 * time.Hour)}
	h.start("poller", "POLL_EVERY=1s")
	token := h.token("agent", 1, 2)
	// A few rows at a time until all three have settled in, then the rows that are counted.
	n := 0
	servertest.Eventually(t, time.Minute, func() bool {
		if err := g.insert(t.Context(), h.db, n, 100); err != nil {
			t.Fatal(err)
		}
		n += 100
		return stored("enricher-1") > 0 && stored("enricher-2") > 0 && stored("enricher-3") > 0
	}, "every enricher stores rows")
	h.awaitWithin(token, n, time.Minute)
	before := map[string]float64{}
	for _, name := range names {
		before[name] = stored(name)
	}
	const rows = 30_000
	if err := g.insert(t.Context(), h.db, n, rows); err != nil {
		t.Fatal(err)
	}
	n += rows
	h.awaitWithin(token, n, 2*time.Minute)
	for _, name := range names {
		if share := (stored(name) - before[name]) / rows; share < 0.2 {
			t.Errorf("%s stored %.0f %% of the rows, want 20 %% at least", name, 100*share)
		}
	}
	h.start("enricher-4", "BATCH_ROWS=1000")
	started := time.Now()
	servertest.Eventually(t, 15*time.Second, func() bool {
		if err := g.insert(t.Context(), h.db, n, 100); err != nil {
			t.Fatal(err)
		}
		n += 100
		return stored("enricher-4") > 0
	}, "a fourth enricher gets its share")
	t.Logf("the fourth stored its first rows after %s", time.Since(started).Round(100*time.Millisecond))
	h.awaitWithin(token, n, time.Minute)
	for _, name := range append(names, "enricher-4") {
		h.stop(name)
	}
}
