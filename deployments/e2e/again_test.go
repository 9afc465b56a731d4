package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// run a command of the enricher to its end and give what it printed.
func (h *house) run(args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Minute)
	defer cancel()
	out, err := h.command(ctx, args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("enricher %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	h.t.Logf("enricher %s:\n%s", strings.Join(args, " "), out)
	return string(out)
}

func (h *house) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, binary(h.t, "enricher"), args...)
	command.Env = h.environment(h.rules()...)
	return command
}

// rules file of the house, where it has one.
func (h *house) rules() []string {
	path := filepath.Join(h.dir, "rules.yaml")
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return []string{"RULES_FILE=" + path}
}

func (h *house) write(rules string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, "rules.yaml"), []byte(rules), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// live writes calls that end now, twenty every half second, until it is told to stop; it tells how many.
func (h *house) live(orgs int) (stop func() int) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	var rows atomic.Int64
	go func() {
		const first, part = 1_000_000, 20
		g := generator{orgs: orgs, start: time.Now().Add(-10*time.Minute - first*250*time.Millisecond)}
		for n := first; ; n += part {
			tx, err := h.db.BeginTx(context.WithoutCancel(ctx), nil)
			if err == nil {
				err = g.insert(context.WithoutCancel(ctx), tx, n, part)
			}
			if err == nil {
				_, err = tx.ExecContext(context.WithoutCancel(ctx), "UPDATE asterisk_cdr SET note = 'fresh' WHERE sequence BETWEEN ? AND ?", n, n+part-1)
			}
			if err == nil {
				err = tx.Commit()
			}
			if err != nil {
				done <- err
				return
			}
			rows.Add(part)
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-time.After(500 * time.Millisecond): // the pace of the calls
			}
		}
	}()
	return func() int {
		h.t.Helper()
		cancel()
		if err := <-done; err != nil {
			h.t.Fatal(err)
		}
		return int(rows.Load())
	}
}

// number that a query of ClickHouse gives.
func (h *house) number(query string) int {
	h.t.Helper()
	n, err := strconv.Atoi(h.ask(query))
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (h *house) awaitStored(n int) {
	h.t.Helper()
	servertest.Eventually(h.t, 3*time.Minute, func() error {
		if got := h.ask("SELECT count() FROM calls FINAL"); got != fmt.Sprint(n) {
			return fmt.Errorf("%s rows stored, want %d", got, n)
		}
		return nil
	}, "every row is stored")
}

// settle waits until all that MariaDB holds is stored, and each fresh call has its ticket, and no other call has one.
func (h *house) settle(tickets *tickets, fresh int) {
	h.t.Helper()
	var count int
	if err := h.db.QueryRowContext(h.t.Context(), "SELECT COUNT(*) FROM asterisk_cdr").Scan(&count); err != nil {
		h.t.Fatal(err)
	}
	h.awaitStored(count)
	h.sameSums()
	servertest.Eventually(h.t, 2*time.Minute, func() bool { return tickets.keys() == fresh }, "each fresh call has its ticket, and no other call has one")
	ids := h.tableRows("SELECT id FROM asterisk_cdr WHERE note = 'fresh'")
	tickets.mu.Lock()
	defer tickets.mu.Unlock()
	for id := range ids {
		if tickets.posts["call-"+id] == 0 {
			h.t.Errorf("call %s is fresh and has no ticket", id)
		}
	}
}

const (
	againRows    = 30_000
	againUnread  = 8000 // rows that never came to the log, as if they had aged away
	againPortion = 5000
)

// History is deleted and comes back while calls are going on: the newest rows first, each run going further back, first from
// the log and then from the PBX. Every row has the id that it had, and no ticket is opened.
func TestHistoryComesBack(t *testing.T) {
	h := newHouse(t)
	h.exec(cdrTable)
	old := generator{orgs: 3, start: time.Now().Add(-20 * 24 * time.Hour)}
	if err := old.insert(t.Context(), h.db, 0, againRows); err != nil {
		t.Fatal(err)
	}
	tickets := newTickets(t)
	for _, stage := range []string{"enricher-1", "enricher-2", "poller-1", "poller-2", "ticketer-1"} {
		h.start(stage, fmt.Sprintf("POLL_FROM=%d", againUnread+1), "LOGSUPDATE_URL="+tickets.URL, "LOOK_BACK=1m")
	}
	h.awaitStored(againRows - againUnread)
	stop := h.live(3)
	servertest.Eventually(t, time.Minute, func() bool { return h.number("SELECT count() FROM calls FINAL") > againRows-againUnread+100 }, "live rows come")

	before := h.number("SELECT max(id) FROM calls FINAL")
	if out := h.run("delete", "--newer-than", "30d"); !strings.Contains(out, "rows since ") || !strings.Contains(out, "enricher generate -d 30 brings them back") {
		t.Errorf("delete says %s", out)
	}
	// What is stored now is live, or was on its way.
	if n := h.number(fmt.Sprintf("SELECT count() FROM calls FINAL WHERE id <= %d", before)); n > 100 {
		t.Errorf("%d rows are left", n)
	}
	lowest := func() int {
		low := h.number("SELECT min(id) FROM calls FINAL")
		if n := h.number(fmt.Sprintf("SELECT count() FROM calls FINAL WHERE id <= %d", before)); n != before-low+1 {
			t.Errorf("%d of the %d rows from %d to %d are there", n, before-low+1, low, before)
		}
		return low
	}
	if out := h.run("generate", "-c", fmt.Sprint(againPortion)); !strings.Contains(out, fmt.Sprintf("%d rows came back", againPortion)) {
		t.Errorf("generate says %s", out)
	}
	first := lowest()
	if n := before - first + 1; n < againPortion || n > againPortion+100 {
		t.Errorf("the newest %d rows are back, want %d and those that were on their way", n, againPortion)
	}
	h.run("generate", "-c", fmt.Sprint(againPortion))
	if second := lowest(); second != first-againPortion {
		t.Errorf("the second run went back from %d to %d, want %d further", first, second, againPortion)
	}
	// Two at once, and live rows all the while.
	other := h.command(t.Context(), "generate", "-d", "30")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	h.run("generate", "-d", "30")
	if err := other.Wait(); err != nil {
		t.Errorf("the other one: %v", err)
	}
	h.settle(tickets, stop())
	if n := h.metric("poller-1", "poller_rows_total", `kind="backfill"`) + h.metric("poller-2", "poller_rows_total", `kind="backfill"`); n < againUnread {
		t.Errorf("the pollers published %v rows again, want the %d that the log never had", n, againUnread)
	}
	if out := h.run("generate"); !strings.Contains(out, "nothing is missing") {
		t.Errorf("with everything there generate says %s", out)
	}
}

func organisations(third int) string {
	return fmt.Sprintf("organisations: [{id: 1, accountcodes: [\"1\"]}, {id: 2, accountcodes: [\"2\"]}, {id: %d, accountcodes: [\"3\"]}]\n", third)
}

// The rules change, and stored rows are understood anew while calls are going on. The command is killed in the middle, and
// an enricher too; the same command line goes on, and every row is where the new rules put it, once, under its id.
func TestRulesChangeForStoredRows(t *testing.T) {
	h := newHouse(t)
	h.exec(cdrTable)
	h.write(organisations(3))
	old := generator{orgs: 3, start: time.Now().Add(-20 * 24 * time.Hour)}
	if err := old.insert(t.Context(), h.db, 0, againRows); err != nil {
		t.Fatal(err)
	}
	tickets := newTickets(t)
	env := append(h.rules(), "LOGSUPDATE_URL="+tickets.URL, "ACK_WAIT=10s", "WRITE_TIMEOUT=8s", "LOOK_BACK=1m")
	for _, stage := range []string{"enricher-1", "enricher-2", "poller-1", "ticketer-1", "queryapi"} {
		h.start(stage, env...)
	}
	h.awaitStored(againRows)
	stop := h.live(3)
	h.write(organisations(30))
	for _, enricher := range []string{"enricher-1", "enricher-2"} {
		servertest.Eventually(t, time.Minute, func() bool { return h.metric(enricher, "enricher_rules_reloads_total", `outcome="taken"`) > 0 }, "the rules are taken")
	}
	moved := func() int { return h.number("SELECT count() FROM calls FINAL WHERE org_id = 30 AND id <= 30000") }
	flags := []string{"regenerate", "--from", "2000-01-01", "--to", time.Now().UTC().Add(-24 * time.Hour).Format(time.DateOnly)}
	if out := h.run(append(flags, "--dry-run")...); !strings.Contains(out, "10000 calls: org_id 3 → 30, for example ") || moved() != 0 {
		t.Errorf("the dry run says %s", out)
	}

	command := h.command(t.Context(), flags...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, 2*time.Minute, func() bool { return moved() > 2000 }, "it is under way")
	h.stages["enricher-1"].Kill()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if n := moved(); n > 9000 {
		t.Errorf("%d rows had moved already when it was killed", n)
	}
	restarted := time.AfterFunc(2*time.Second, func() { h.restart("enricher-1") })
	defer restarted.Stop()
	out := h.run(flags...)
	if !strings.Contains(out, "going on behind row ") || !strings.Contains(out, fmt.Sprintf("%d rows understood anew", againRows)) {
		t.Errorf("the same command line says %s", out)
	}
	if n := moved(); n != 10_000 {
		t.Errorf("%d rows moved, want 10000", n)
	}
	if n := h.number("SELECT count() FROM calls FINAL WHERE org_id = 3 AND id <= 30000"); n != 0 {
		t.Errorf("%d rows are where the old rules put them", n)
	}
	h.settle(tickets, stop())
}

// On one machine the commands find the house's servers by themselves.
func TestCommandsOnOneMachine(t *testing.T) {
	k := newKit(t)
	stop := k.up()
	token := strings.TrimSpace(k.run("token", "--org", "1,2", "--role", "supervisor"))
	k.run("simulate", "-rows", "1000", "-days", "2", "-seed", "3")
	servertest.Eventually(t, time.Minute, func() bool { return k.total(token) > 900 }, "the calls are in the API")
	out := k.run("run", "enricher", "generate")
	if !strings.Contains(out, "nothing is missing: ") {
		t.Errorf("generate says %s", out)
	}
	all := k.total(token)
	k.run("run", "enricher", "delete", "--newer-than", "1d")
	// A total is counted anew after ten seconds.
	servertest.Eventually(t, time.Minute, func() bool { left := k.total(token); return left > 0 && left < all }, "a day's calls are gone")
	t.Log(k.run("run", "enricher", "generate", "-d", "1"))
	servertest.Eventually(t, time.Minute, func() bool { return k.total(token) == all }, "they are back")
	stop()
}
