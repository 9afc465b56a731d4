package clickhouse_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// question is something asked again and again of a full house; n tells how often it was asked before.
type question struct {
	name string
	ask  func(ctx context.Context, n int) (rows int, err error)
}

// BenchmarkConversations asks a house of 20 million rows what people, BI and the enricher ask, and prints a table. Each
// question is asked of other conversations or times every time.
func BenchmarkConversations(b *testing.B) {
	if !strings.Contains(strings.Join(os.Args, " "), "test.bench") {
		b.Skip("asked for by make bench only")
	}
	const rows = 20_000_000
	store := open(b)
	end := time.Now()
	store.Fill(b, rows, end)
	b.Logf("%d rows of a year, 50 organisations, written in %s; %s in %s parts", rows, time.Since(end).Round(time.Second),
		store.Text(b, "SELECT formatReadableSize(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = currentDatabase()"),
		store.Text(b, "SELECT toString(count()) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'calls'"))
	ask(b, store, end)
}

// ask prints a table of what was answered and how fast.
func ask(b *testing.B, store *clickhouse.Store, end time.Time) {
	const times = 25
	b.Logf("%-66s %8s %8s %8s", "", "rows", "median", "slowest")
	for _, q := range questions(b, store, end) {
		var took []time.Duration
		var rows int
		for n := range times {
			started := time.Now()
			var err error
			if rows, err = q.ask(b.Context(), n); err != nil {
				b.Fatalf("%s: %v", q.name, err)
			}
			took = append(took, time.Since(started))
		}
		slices.Sort(took)
		b.Logf("%-66s %8d %5d ms %5d ms", q.name, rows, took[times/2].Milliseconds(), took[times-1].Milliseconds())
		b.ReportMetric(0, "ns/op") // the table is what counts
	}
}

func questions(b *testing.B, store *clickhouse.Store, end time.Time) []question {
	var all []uint32
	for org := range uint32(50) {
		all = append(all, org+1)
	}
	// Times of a year, a different one each.
	month := func(n int) (from, to call.Instant) {
		last := end.AddDate(0, 0, -5*n)
		return call.InstantOf(last.AddDate(0, -1, 0)), call.InstantOf(last)
	}
	page := func(offset int, count bool, orgs ...uint32) func(context.Context, int) (int, error) {
		return func(ctx context.Context, n int) (int, error) {
			q := clickhouse.ConversationQuery{Limit: 50, Offset: offset}
			q.From, q.To = month(n)
			heads, err := store.Conversations(ctx, clickhouse.Scope{Orgs: orgs}, q)
			if err != nil || !count {
				return len(heads), err
			}
			total, err := store.CountConversations(ctx, clickhouse.Scope{Orgs: orgs}, &q.Filter)
			return int(total), err
		}
	}
	newest := func(orgs ...uint32) func(context.Context, int) (int, error) {
		return func(ctx context.Context, n int) (int, error) {
			heads, err := store.Conversations(ctx, clickhouse.Scope{Orgs: orgs}, clickhouse.ConversationQuery{Limit: 50, Offset: n * 50})
			return len(heads), err
		}
	}
	one := func(orgs ...uint32) func(context.Context, int) (int, error) {
		keys := keysOf(b, store, "org_id = 1", 100)
		return func(ctx context.Context, n int) (int, error) {
			_, legs, err := store.Conversation(ctx, clickhouse.Scope{Orgs: orgs}, keys[n])
			return len(legs), err
		}
	}
	statistics := func(name string, hourly bool) func(context.Context, int) (int, error) {
		return func(ctx context.Context, n int) (int, error) {
			q := clickhouse.StatsQuery{Statistic: clickhouse.StatisticOf(name), Thresholds: clickhouse.Thresholds{Level: 20, Short: 5}}
			q.From, q.To = month(n)
			for at := q.From; hourly && at < q.To; at += 3600_000 {
				q.Cuts = append(q.Cuts, at)
			}
			tallies, err := store.Stats(ctx, clickhouse.Scope{Orgs: []uint32{1}}, q)
			return len(tallies), err
		}
	}
	legs := func(count int, stored bool) func(context.Context, int) (int, error) {
		var batches [][]clickhouse.Key
		for n := range 5 {
			// What lies within minutes of one another.
			from, to := 2_000_000*(n+1), 2_000_000*(n+1)+2*count
			keys := keysOf(b, store, fmt.Sprintf("id BETWEEN %d AND %d", from, to), count)
			for i := range keys {
				if !stored {
					keys[i].Linkedid += "99"
				}
			}
			batches = append(batches, keys)
		}
		return func(ctx context.Context, n int) (int, error) {
			found, err := store.Legs(ctx, batches[n%len(batches)])
			return len(found), err
		}
	}
	return []question{
		{"newest 50 conversations, largest organisation", newest(1)},
		{"newest 50 conversations, smallest organisation", newest(50)},
		{"newest 50 conversations, all organisations", newest(all...)},
		{"first page of a month, largest organisation", page(0, false, 1)},
		{"the same with the exact count", page(0, true, 1)},
		{"page 100 of a month, largest organisation", page(5000, false, 1)},
		{"first page of a month, smallest organisation, exact count", page(0, true, 50)},
		{"first page of a month, all organisations", page(0, false, all...)},
		{"the same with the exact count", page(0, true, all...)},
		{"one conversation by id, largest organisation", one(1)},
		{"one conversation by id, all organisations", one(all...)},
		{"BI: a month by hour and queue, largest organisation", func(ctx context.Context, n int) (int, error) {
			from, to := month(n)
			return store.Answers(ctx, fmt.Sprintf(`SELECT toStartOfHour(start) AS hour, queue_name, count(), countIf(outcome = 'answered'),
				avg(wait_time), quantile(0.95)(wait_time), sum(talk_time) FROM conversations
				WHERE org_id = 1 AND start >= fromUnixTimestamp64Milli(%d) AND start < fromUnixTimestamp64Milli(%d) GROUP BY ALL ORDER BY ALL`, from, to))
		}},
		{"statistics: a month by hour and queue, largest organisation", statistics("queues", true)},
		{"statistics: the same as a whole", statistics("queues", false)},
		{"statistics: a month of calls by hour, largest organisation", statistics("calls", true)},
		{"statistics: a month of agents, largest organisation", statistics("agents", false)},
		{"statistics: the callers missed in a month, largest organisation", func(ctx context.Context, n int) (int, error) {
			f := clickhouse.Filter{}
			f.From, f.To = month(n)
			callers, err := store.Missed(ctx, clickhouse.Scope{Orgs: []uint32{1}}, &f, 24*time.Hour)
			return len(callers), err
		}},
		{"legs of 10 conversations, none stored", legs(10, false)},
		{"legs of 1,000 conversations, none stored", legs(1000, false)},
		{"legs of 5,000 conversations, none stored", legs(5000, false)},
		{"legs of 10 conversations", legs(10, true)},
		{"legs of 1,000 conversations", legs(1000, true)},
		{"legs of 5,000 conversations", legs(5000, true)},
		{"rows that cross a channel within an hour", func(ctx context.Context, n int) (int, error) {
			at := call.InstantOf(end.AddDate(0, 0, -n*10))
			rows, err := store.Crossing(ctx, "pbx", []string{"PJSIP/tata-01", "PJSIP/tata-02"}, at-3600_000, at)
			return len(rows), err
		}},
		{"5,000 rows of all organisations, newest first", func(ctx context.Context, n int) (int, error) {
			rows, err := store.Span(ctx, clickhouse.SpanQuery{To: call.InstantOf(end.AddDate(0, 0, -n*10)), Limit: 5000})
			return len(rows), err
		}},
	}
}

// keysOf conversations that are stored, spread over the rows that meet the condition.
func keysOf(b *testing.B, store *clickhouse.Store, where string, n int) []clickhouse.Key {
	b.Helper()
	text := store.Text(b, fmt.Sprintf(`SELECT arrayStringConcat(groupArray(linkedid), ' ') FROM
		(SELECT linkedid FROM calls WHERE %s GROUP BY linkedid ORDER BY cityHash64(linkedid) LIMIT %d)`, where, n))
	var keys []clickhouse.Key
	for linkedid := range strings.FieldsSeq(text) {
		keys = append(keys, clickhouse.Key{Source: "pbx", Linkedid: linkedid})
	}
	slices.SortFunc(keys, func(a, b clickhouse.Key) int { return cmp.Compare(a.Linkedid, b.Linkedid) })
	return keys
}
