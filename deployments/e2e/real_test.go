package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// The rows that a real Asterisk wrote go in at one end and come out at the other, every column of every row.
func TestRealRowsComeBackEqual(t *testing.T) {
	h := newHouse(t)
	h.load("testdata/schema.sql")
	h.load("testdata/cdr.sql")
	table := h.tableRows("SELECT * FROM asterisk_cdr")
	if len(table) != 269 {
		t.Fatalf("%d rows loaded, want 269", len(table))
	}
	h.start("enricher")
	h.start("poller")
	h.start("queryapi")
	everything := h.token("admin", 0, 1, 2)
	h.await(everything, len(table))
	shown, err := h.calls(everything)
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, table, shown)
	conversationsAreWhole(t, h, everything, shown)
	h.clientReads(everything, shown)

	// What each organisation sees is what its account code says, with the legs of its calls that bear none; nobody sees the
	// other rows without one.
	for org, code := range map[int]string{1: "1", 2: "2"} {
		own := h.tableRows(`SELECT * FROM asterisk_cdr WHERE accountcode = ? OR accountcode = '' AND linkedid IN
			(SELECT linkedid FROM asterisk_cdr WHERE accountcode = ?)`, code, code)
		shown, err := h.calls(h.token("agent", org))
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, own, shown)
	}
}

// load runs the statements of a dump, one a line or up to a semicolon at a line's end.
func (h *house) load(file string) {
	h.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := h.db.Conn(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	for statement := range strings.SplitSeq(string(text), ";\n") {
		statement = strings.TrimSpace(statement)
		if statement == "" || strings.HasPrefix(statement, "/*M!") && !strings.Contains(statement, "\n") {
			continue
		}
		if _, err := conn.ExecContext(h.t.Context(), statement); err != nil {
			h.t.Fatalf("%s: %.120s: %v", file, statement, err)
		}
	}
}

// await waits until a token sees n calls.
func (h *house) await(token string, n int) {
	h.t.Helper()
	last := 0
	defer func() {
		if h.t.Failed() {
			h.t.Logf("the API showed %d calls, want %d", last, n)
		}
	}()
	servertest.Eventually(h.t, 2*time.Minute, func() bool { last = h.total(token); return last == n }, "every call is queryable")
}
