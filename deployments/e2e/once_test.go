package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// tickets is LogsUpdate as far as this test needs it: it counts posts by idempotency key.
type tickets struct {
	*httptest.Server
	mu     sync.Mutex
	posts  map[string]int
	bodies map[string][]byte // the last of each key
}

func newTickets(t testing.TB) *tickets {
	r := &tickets{posts: map[string]int{}, bodies: map[string][]byte{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil || request.URL.Path != "/auto-ticket" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.posts[request.Header.Get("Idempotency-Key")]++
		r.bodies[request.Header.Get("Idempotency-Key")] = body
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *tickets) keys() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.posts)
}

const (
	onceRows = 200_000
	onceOrgs = 40 // so that no organisation has more rows than the API's deepest offset
)

// Two hundred thousand rows are written while every stage and every server is killed with SIGKILL, each while it holds
// work; some transactions commit late, some roll back, some rows change after they were read. At the end the API shows
// exactly what MariaDB holds.
func TestNothingLostNothingDoubled(t *testing.T) {
	h := newHouse(t).withMinIO()
	h.exec(cdrTable)
	tickets := newTickets(t)
	// Small batches and short waits: more work in hand at every kill.
	quick := []string{"BATCH_ROWS=2000", "ACK_WAIT=5s", "WRITE_TIMEOUT=4s", "LOOK_BACK=10m", "GAP_TIMEOUT=20s", "LOGSUPDATE_URL=" + tickets.URL}
	for _, stage := range []string{"enricher-1", "enricher-2", "poller-1", "poller-2", "ticketer-1", "queryapi", "archiver"} {
		h.start(stage, quick...)
	}
	all := make([]int, onceOrgs)
	for i := range all {
		all[i] = i + 1
	}
	token := h.token("admin", all...)

	written := make(chan error, 1)
	go func() { written <- h.writeUnderFire(t.Context()) }()
	kills := h.killInTurn(written)
	t.Logf("%d kills while rows were written", kills)

	var count int
	if err := h.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM asterisk_cdr").Scan(&count); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows in MariaDB", count)
	h.awaitWithin(token, count, 5*time.Minute)
	h.awaitCorrections(token)
	for _, org := range all {
		table := h.tableRows("SELECT * FROM asterisk_cdr WHERE accountcode = ?", org)
		shown, err := h.calls(h.token("agent", org))
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, table, shown)
	}
	h.sameSums()
	h.wholeConversations()

	if again := h.redelivered(); again == 0 {
		t.Error("nothing was redelivered: no kill hit a stage that held work")
	} else {
		t.Logf("%d chunks were delivered again", again)
	}
	var fresh int
	if err := h.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM asterisk_cdr WHERE note = 'fresh'").Scan(&fresh); err != nil {
		t.Fatal(err)
	}
	defer func() { t.Logf("%d tickets for %d fresh calls", tickets.keys(), fresh) }()
	servertest.Eventually(t, 2*time.Minute, func() bool { return tickets.keys() == fresh }, "each fresh call has its ticket, and no other call has one")
	for key := range tickets.posts {
		if !strings.HasPrefix(key, "call-") {
			t.Errorf("a ticket under the key %q", key)
		}
	}
}

// writeUnderFire writes the rows the way PBXs do at their worst, and goes on when MariaDB comes back.
func (h *house) writeUnderFire(ctx context.Context) error {
	random := rand.New(rand.NewPCG(7, 7))
	old := generator{orgs: onceOrgs, start: time.Now().Add(-30 * 24 * time.Hour), together: true}
	for n := 0; n < onceRows; n += 1000 {
		kind := random.IntN(20)
		err := h.again(ctx, func() error { return h.writeBlock(ctx, old, n, kind) })
		if err != nil {
			return fmt.Errorf("write row %d: %w", n, err)
		}
	}
	return nil
}

// again repeats what a killed server refused. A block is one transaction, so it is there wholly or not at all, except
// that a commit whose answer was lost may have happened: writeBlock looks before it writes.
func (h *house) again(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := do()
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (h *house) writeBlock(ctx context.Context, g generator, n, kind int) error {
	var there int
	if err := h.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM asterisk_cdr WHERE sequence = ?", n).Scan(&there); err != nil {
		return err
	}
	if there > 0 {
		return nil
	}
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	switch kind {
	case 0: // rolled back: its ids are never seen
		lost, err := h.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		err = g.insert(ctx, lost, 10_000_000+n, 100)
		lost.Rollback()
		if err != nil {
			return err
		}
	case 1: // a lower id that shows seconds after higher ones
		late, err := h.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer late.Rollback()
		before := generator{orgs: onceOrgs, start: g.start.Add(-60 * 24 * time.Hour), together: true} // so that it is old, however high its number
		if err := before.insert(ctx, late, 20_000_000+n, 20); err != nil {
			return err
		}
		if err := g.insert(ctx, tx, n, 1000); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		time.Sleep(1500 * time.Millisecond) // how long the transaction stays open is what is being tested
		return late.Commit()
	case 2: // fresh calls, which open tickets
		fresh := generator{orgs: onceOrgs, start: time.Now().Add(-time.Hour - time.Duration(30_000_000+n)*250*time.Millisecond), together: true}
		if err := fresh.insert(ctx, tx, 30_000_000+n, 50); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE asterisk_cdr SET note = 'fresh' WHERE sequence BETWEEN ? AND ?", 30_000_000+n, 30_000_050+n); err != nil {
			return err
		}
	case 3: // a userfield and a recording written after the row was read
		if _, err := tx.ExecContext(ctx, "UPDATE asterisk_cdr SET userfield = 'hangupsource=|hangupcause=17', recordingfile = 'late.wav' WHERE sequence BETWEEN ? AND ?", n-3000, n-2990); err != nil {
			return err
		}
	}
	if err := g.insert(ctx, tx, n, 1000); err != nil {
		return err
	}
	return tx.Commit()
}
