package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const benchRows = 1_000_000

// BenchmarkHouse measures the way of rows from MariaDB to queryable and prints tables. Ratios within one run are what
// counts: machines differ, and the same one differs from hour to hour.
func BenchmarkHouse(b *testing.B) {
	if !strings.Contains(strings.Join(os.Args, " "), "test.bench") {
		b.Skip("asked for by make bench only")
	}
	h := newHouse(b)
	h.exec(cdrTable)
	started := time.Now()
	g := generator{orgs: 20, start: time.Now().Add(-300 * 24 * time.Hour)}
	for n := 0; n < benchRows; n += 20_000 {
		if err := g.insert(b.Context(), h.db, n, 20_000); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d rows written to MariaDB in %s", benchRows, time.Since(started).Round(time.Second))
	h.benchBacklog(b)
	h.benchTold(b)
	h.benchMemory(b)
	h.benchFreshness(b)
}

// benchBacklog alternates our way and the engine's own copy of the same rows, three times each.
func (h *house) benchBacklog(b *testing.B) {
	h.start("enricher")
	h.awaitTables()
	h.ask("CREATE TABLE copied AS calls")
	var ours, copies []float64
	for run := 1; run <= 3; run++ {
		copies = append(copies, h.copyDirectly(b))
		ours = append(ours, h.drain(b, run))
		h.ask("TRUNCATE TABLE calls")
		h.ask("TRUNCATE TABLE copied")
	}
	b.Logf("\n%-44s %12s %s", "1,000,000 rows of backlog", "rows/s", "runs")
	b.Logf("%-44s %12.0f %s", "MariaDB -> poller -> log -> enricher -> store", median(ours), rates(ours))
	b.Logf("%-44s %12.0f %s", "INSERT INTO … SELECT … FROM mysql(…)", median(copies), rates(copies))
	b.Logf("%-44s %12.2f", "ratio", median(ours)/median(copies))
	b.ReportMetric(median(ours), "rows/s")
	b.ReportMetric(median(ours)/median(copies), "ratio")
	h.stop("enricher")
}

func (h *house) awaitTables() {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); h.ask("SELECT count() FROM calls") != "0"; {
		if time.Now().After(deadline) {
			h.t.Fatalf("no empty table: %s", h.ask("SELECT count() FROM calls"))
		}
		time.Sleep(50 * time.Millisecond) // the pace of asking
	}
}

// drain polls the table under a source of its own and gives rows/s until the last row is queryable.
func (h *house) drain(b *testing.B, number int) float64 {
	started, worked := time.Now(), processorTime(b, h.clickhouse.PID())
	name := fmt.Sprintf("poller-%d", number)
	h.start(name, "SOURCE="+fmt.Sprintf("run%d", number), "SOURCE_NUMBER="+strconv.Itoa(number))
	h.awaitCount(benchRows)
	took := time.Since(started)
	worked = processorTime(b, h.clickhouse.PID()) - worked
	b.Logf("peak memory with a backlog of %d rows: %s; the engine worked %.1f s a million rows", benchRows, h.peaks(), worked.Seconds()*1e6/benchRows)
	h.stop(name)
	return benchRows / took.Seconds()
}

func (h *house) awaitCount(n int) {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); h.ask("SELECT count() FROM calls") != strconv.Itoa(n); {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s rows are queryable, want %d", h.ask("SELECT count() FROM calls"), n)
		}
		h.alive()
		time.Sleep(100 * time.Millisecond) // the pace of asking: a count takes the engine as long as 200 rows
	}
}

// alive fails the benchmark when a stage has ended by itself, instead of waiting for what it will never do.
func (h *house) alive() {
	h.t.Helper()
	for name, child := range h.stages {
		if err := child.Err(); err != nil {
			h.t.Fatalf("%s ended: %v\n%s", name, err, child.Tail())
		}
	}
}

// copyDirectly has the engine read the table itself, into the same table with the same settings.
func (h *house) copyDirectly(b *testing.B) float64 {
	user, rest, _ := strings.Cut(h.mariadb.Database.ReaderDSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	address, rest, _ := strings.Cut(rest, ")/")
	database, _, _ := strings.Cut(rest, "?")
	columns := "id, calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, accountcode, uniqueid, userfield, " +
		"answer, end, linkedid, peeraccount, sequence, queue_name, queue_wait_time, answered_agent, recordingfile"
	read := strings.NewReplacer("sequence, queue_name, queue_wait_time, answered_agent, recordingfile",
		"ifNull(sequence, 0), ifNull(queue_name, ''), ifNull(queue_wait_time, 0), ifNull(answered_agent, ''), ifNull(recordingfile, '')").Replace(columns)
	started := time.Now()
	answer := h.ask(fmt.Sprintf("INSERT INTO copied (org_id, %s) SELECT toUInt32OrZero(accountcode), %s FROM mysql('%s', '%s', 'asterisk_cdr', '%s', '%s') SETTINGS throw_on_max_partitions_per_insert_block = 0",
		columns, read, address, database, user, password))
	took := time.Since(started)
	if n := h.ask("SELECT count() FROM copied"); n != strconv.Itoa(benchRows) {
		b.Fatalf("the engine copied %s rows: %s", n, answer)
	}
	return benchRows / took.Seconds()
}

// benchTold is the backlog again when every row is fresh and has to be told.
func (h *house) benchTold(b *testing.B) {
	h.start("enricher-told", "ANNOUNCE_WINDOW=87600h")
	rate := h.drain(b, 5)
	b.Logf("%-44s %12.0f", "the same, every row told", rate)
	h.ask("TRUNCATE TABLE calls")
	h.stop("enricher-told")
}

// benchMemory drains the backlog with ClickHouse down for all of it, then brings it back.
func (h *house) benchMemory(b *testing.B) {
	h.start("enricher-memory")
	h.clickhouse.Kill()
	h.start("poller-6", "SOURCE=run6", "SOURCE_NUMBER=6")
	for deadline := time.Now().Add(5 * time.Minute); h.metric("poller-6", "poller_rows_total", `kind="page"`) < benchRows; {
		if time.Now().After(deadline) {
			b.Fatalf("the poller published %.0f rows", h.metric("poller-6", "poller_rows_total", `kind="page"`))
		}
		time.Sleep(100 * time.Millisecond) // the pace of asking
	}
	time.Sleep(10 * time.Second) // the enricher tries and fails meanwhile
	b.Logf("peak memory with ClickHouse down for a backlog of %d rows: %s", benchRows, h.peaks("enricher-memory", "poller-6"))
	h.clickhouse.Restart(b)
	h.awaitCount(benchRows)
	b.Logf("and after it came back: %s", h.peaks("enricher-memory", "poller-6"))
	h.stop("poller-6")
	h.ask("TRUNCATE TABLE calls")
	h.stop("enricher-memory")
}

// benchFreshness writes 50 rows a second and looks when each can be queried.
func (h *house) benchFreshness(b *testing.B) {
	h.exec("DELETE FROM asterisk_cdr WHERE id < " + strconv.Itoa(benchRows))
	h.start("enricher-fresh")
	h.start("poller-7", "SOURCE=run7", "SOURCE_NUMBER=7", "POLL_EVERY=1s", "POLL_FROM="+strconv.Itoa(benchRows))
	h.awaitCount(1)
	const seconds, perSecond = 60, 50
	var committed []time.Time
	var waits []float64
	visible := func() {
		n, err := strconv.Atoi(h.ask("SELECT count() FROM calls"))
		now := time.Now()
		for err == nil && len(waits) < min(n-1, len(committed)) {
			waits = append(waits, now.Sub(committed[len(waits)]).Seconds())
		}
	}
	g := generator{orgs: 20, start: time.Now().Add(-time.Hour - 10*24*time.Hour)}
	started := time.Now()
	for i := range seconds * perSecond {
		for time.Since(started) < time.Duration(i)*time.Second/perSecond {
			visible()
		}
		if err := g.insert(b.Context(), h.db, 40_000_000+i, 1); err != nil {
			b.Fatal(err)
		}
		committed = append(committed, time.Now())
	}
	for deadline := time.Now().Add(time.Minute); len(waits) < len(committed) && time.Now().Before(deadline); {
		visible()
	}
	if len(waits) < len(committed) {
		b.Fatalf("%d of %d rows became visible", len(waits), len(committed))
	}
	slices.Sort(waits)
	b.Logf("freshness at %d rows/s, POLL_EVERY=1s: commit to visible p50 %.2f s, p99 %.2f s", perSecond, waits[len(waits)/2], waits[len(waits)*99/100])
	b.ReportMetric(waits[len(waits)*99/100], "s-p99")
}

// peaks is the highest resident memory of stages, as the kernel counted it.
func (h *house) peaks(names ...string) string {
	if len(names) == 0 {
		for name := range h.stages {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	var all []string
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(h.stages[name].PID()), "status"))
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			var kib int
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
				all = append(all, fmt.Sprintf("%s %d MiB", name, kib>>10))
			}
		}
	}
	return strings.Join(all, ", ")
}

// processorTime that a process has used, as the kernel counts it in hundredths of a second.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		b.Fatal(err)
	}
	// The name of the program stands in parentheses and may hold anything; utime and stime are 11 and 12 fields behind it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var used time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		used += time.Duration(ticks) * 10 * time.Millisecond
	}
	return used
}

func median(rates []float64) float64 {
	sorted := slices.Sorted(slices.Values(rates))
	return sorted[len(sorted)/2]
}

func rates(all []float64) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, fmt.Sprintf("%.0f", r))
	}
	return strings.Join(texts, " ")
}
