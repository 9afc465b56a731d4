package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

var historyRows = flag.Uint64("history.rows", 20_000_000, "how many rows BenchmarkHistory asks about")

// lookup is one question, asked of the API and straight of a table in MariaDB; n tells how often it was asked before, so that
// no two ask the same.
type lookup struct {
	name string
	path func(n int) string
	sql  func(n int) string
}

// BenchmarkHistory asks a year of 50 organisations what people ask a call history, over HTTP, and asks MariaDB the same about
// the same rows; it prints a table.
func BenchmarkHistory(b *testing.B) {
	if !strings.Contains(strings.Join(os.Args, " "), "test.bench") {
		b.Skip("asked for by make bench only")
	}
	h := newHouse(b)
	h.start("enricher")
	// It shows series of its own once its tables stand.
	servertest.Eventually(b, time.Minute, func() bool { return strings.Contains(h.series("enricher"), "\nenricher_") }, "the enricher has made its tables")
	h.stop("enricher")
	started, end, rows := time.Now(), time.Now().Truncate(time.Second), *historyRows
	const steps = 24
	for i := range uint64(steps) {
		h.fill(servertest.Year(rows, rows*i/steps, rows*(i+1)/steps, end, 0) + asOneBlock)
	}
	h.fill(servertest.Year(rows, 0, rows, end, 1) + asOneBlock)
	// A month that nobody wrote to for an hour is merged into one part (min_age_to_force_merge_seconds); all but the last one
	// are, here. The last one stays in as many parts as the inserts left.
	for month := range strings.FieldsSeq(h.ask("SELECT DISTINCT partition FROM system.parts WHERE active AND database = currentDatabase() AND table = 'calls' AND partition != '" +
		end.UTC().Format("200601") + "' FORMAT TabSeparated")) {
		h.fill("OPTIMIZE TABLE calls PARTITION " + month + " FINAL")
	}
	b.Logf("%d rows written to ClickHouse in %s: %s", rows, time.Since(started).Round(time.Second),
		h.ask("SELECT formatReadableSize(sum(bytes_on_disk)), count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'calls' FORMAT TabSeparated"))
	started = time.Now()
	m := h.newMirror(b, rows)
	b.Logf("and to MariaDB in %s", time.Since(started).Round(time.Second))

	h.start("queryapi")
	token := h.token("agent", 1)
	servertest.Eventually(b, time.Minute, func() bool { return h.total(token) > 0 }, "the API answers")
	b.Logf("%-48s %9s %9s %8s %9s %6s %9s %9s %8s %7s", "of the largest organisation", "p50 ms", "p99 ms", "asked", "query ms", "API %", "MariaDB", "its p99", "asked", "ratio")
	for _, q := range h.lookups(end) {
		h.compare(b, m, token, q)
	}
	b.ReportMetric(0, "ns/op") // the table is what counts
}

const asOneBlock = " SETTINGS throw_on_max_partitions_per_insert_block = 0, insert_deduplicate = 0"

func (h *house) fill(statement string) {
	h.t.Helper()
	if answer := h.ask(statement); answer != "" {
		h.t.Fatal(answer)
	}
}

// compare asks one question many times and prints its line.
func (h *house) compare(b *testing.B, m mirror, token string, q lookup) {
	const most, least = 200, 30
	before, asked := h.metric("queryapi", "queryapi_query_seconds_sum"), h.metric("queryapi", "queryapi_request_seconds_sum")
	var ours []time.Duration
	for started := time.Now(); len(ours) < least || len(ours) < most && time.Since(started) < 20*time.Second; {
		ours = append(ours, h.fetch(b, token, q.path(len(ours))))
	}
	query := h.metric("queryapi", "queryapi_query_seconds_sum") - before
	whole := h.metric("queryapi", "queryapi_request_seconds_sum") - asked
	// MariaDB gets the time of half a minute: some of its answers take that long.
	var theirs []time.Duration
	for started := time.Now(); len(theirs) < 3 || len(theirs) < most && time.Since(started) < 30*time.Second; {
		_, took := m.read(b, q.sql(len(theirs)))
		theirs = append(theirs, took)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	mine, other := ours[len(ours)/2], theirs[len(theirs)/2]
	b.Logf("%-48s %9.1f %9.1f %8d %9.1f %5.0f%% %9.1f %9.1f %8d %7.2f", q.name, ms(mine), ms(ours[len(ours)*99/100]), len(ours), 1000*query/float64(len(ours)),
		100*(whole-query)/query, ms(other), ms(theirs[len(theirs)*99/100]), len(theirs), float64(other)/float64(mine))
}

// fetch an answer whole.
func (h *house) fetch(b *testing.B, token, path string) time.Duration {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+h.api+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	started := time.Now()
	// On one machine nobody compresses; MariaDB does not either.
	request.Header.Set("Accept-Encoding", "identity")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	took := time.Since(started)
	if err != nil || response.StatusCode != http.StatusOK || !json.Valid(body) {
		b.Fatalf("%s: %s %v: %.300s", path, response.Status, err, body)
	}
	return took
}

// lookups are the questions, about another month, number or call each time.
func (h *house) lookups(end time.Time) []lookup {
	month := func(n int) (from, to string) {
		last := end.AddDate(0, 0, -5*(n%60)).UTC()
		return last.AddDate(0, -1, 0).Format(time.RFC3339), last.Format(time.RFC3339)
	}
	span := func(n int) string { from, to := month(n); return "date_from=" + from + "&date_to=" + to }
	between := func(n int) string {
		from, to := month(n)
		plain := strings.NewReplacer("T", " ", "Z", "")
		return fmt.Sprintf("accountcode = '1' AND calldate >= '%s' AND calldate < '%s'", plain.Replace(from), plain.Replace(to))
	}
	some := strings.Fields(h.ask("SELECT concat(toString(id), ' ', linkedid, ' ', substring(src, 5, 6)) FROM calls WHERE org_id = 1 AND id % 3 = 1 ORDER BY cityHash64(id) LIMIT 60 FORMAT TabSeparated"))
	id := func(n int) string { return some[3*(n%60)] }
	linkedid := func(n int) string { return some[3*(n%60)+1] }
	digits := func(n int) string { return some[3*(n%60)+2] }
	byQueue := func(n int) string {
		return "SELECT DATE_FORMAT(calldate, '%Y-%m-%d %H'), queue_name, COUNT(*), SUM(disposition = 'ANSWERED'), AVG(queue_wait_time), MAX(queue_wait_time), SUM(billsec) FROM asterisk_cdr WHERE " +
			between(n) + " AND queue_name > '' GROUP BY 1, 2 ORDER BY 1, 2"
	}
	outcomes := func(n int) string {
		return "SELECT DATE_FORMAT(calldate, '%Y-%m-%d %H'), COUNT(DISTINCT linkedid), SUM(disposition = 'ANSWERED'), AVG(duration - billsec), SUM(billsec) FROM asterisk_cdr WHERE " +
			between(n) + " GROUP BY 1 ORDER BY 1"
	}
	page := " ORDER BY calldate DESC, id DESC LIMIT 50"
	return []lookup{
		{
			"newest page", func(n int) string { return fmt.Sprintf("/api/v1/calls?offset=%d", 50*(n%20)) },
			func(n int) string {
				return fmt.Sprintf("SELECT * FROM asterisk_cdr WHERE accountcode = '1'%s OFFSET %d", page, 50*(n%20))
			},
		},
		{
			"a month's page: inbound, not answered, over 30 s", func(n int) string {
				return "/api/v1/calls?direction=inbound&disposition=NO%20ANSWER&min_duration=30&" + span(n)
			},
			func(n int) string {
				return "SELECT * FROM asterisk_cdr WHERE " + between(n) + " AND disposition = 'NO ANSWER' AND duration >= 30 AND dcontext = 'from-trunk'" + page
			},
		},
		{
			"search of six digits, all time", func(n int) string { return "/api/v1/calls?search=" + digits(n) },
			func(n int) string {
				d := digits(n)
				return "SELECT * FROM asterisk_cdr WHERE accountcode = '1' AND (src LIKE '%" + d + "%' OR dst LIKE '%" + d + "%' OR clid LIKE '%" + d + "%')" + page
			},
		},
		{
			"from=six digits, a month", func(n int) string { return "/api/v1/calls?from=" + digits(n) + "&" + span(n) },
			func(n int) string {
				return "SELECT * FROM asterisk_cdr WHERE " + between(n) + " AND src LIKE '%" + digits(n) + "%'" + page
			},
		},
		{
			"exact count of a month", func(n int) string { return "/api/v1/calls?limit=1&total=exact&" + span(n) },
			func(n int) string { return "SELECT COUNT(*) FROM asterisk_cdr WHERE " + between(n) },
		},
		{
			"one call by id", func(n int) string { return "/api/v1/calls/" + id(n) },
			func(n int) string {
				return "SELECT * FROM asterisk_cdr WHERE id = " + id(n) + " AND accountcode = '1'"
			},
		},
		{
			"one conversation with its calls", func(n int) string { return "/api/v1/conversations/pbx:" + linkedid(n) },
			func(n int) string {
				return "SELECT * FROM asterisk_cdr WHERE linkedid = '" + linkedid(n) + "' AND accountcode = '1' ORDER BY calldate, id"
			},
		},
		{
			"newest page of conversations", func(n int) string { return fmt.Sprintf("/api/v1/conversations?offset=%d", 50*(n%20)) },
			func(n int) string {
				return fmt.Sprintf("SELECT linkedid, MIN(calldate), MAX(end), COUNT(*), SUM(billsec) FROM (SELECT * FROM asterisk_cdr WHERE accountcode = '1' ORDER BY calldate DESC LIMIT 4000) newest "+
					"GROUP BY linkedid ORDER BY MIN(calldate) DESC LIMIT 50 OFFSET %d", 50*(n%20))
			},
		},
		{
			"a month by hour and queue", func(n int) string {
				return "/api/v1/stats/queues?by=hour&links=false&figures=offered,answered,wait.average,wait.longest,talk.sum&" + span(n)
			},
			byQueue,
		},
		{
			"the same, all figures, percentiles and links", func(n int) string { return "/api/v1/stats/queues?by=hour&" + span(n) },
			byQueue,
		},
		{
			"a month's outcomes by hour", func(n int) string {
				return "/api/v1/stats/calls?by=hour&links=false&figures=calls,answered,wait.average,talk.sum&" + span(n)
			},
			outcomes,
		},
		{
			"the same, all figures, percentiles and links", func(n int) string { return "/api/v1/stats/calls?by=hour&" + span(n) },
			outcomes,
		},
	}
}
