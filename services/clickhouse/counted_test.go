package clickhouse_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// countedCall is any call with what statistics look at.
func countedCall(r *rand.Rand, id uint64) call.Call {
	c := anyCall(r, id)
	c.OrgID = 1
	c.Calldate = call.InstantOf(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)) + call.Instant(r.IntN(48*3600_000))
	c.Outcome = pick(r, []call.Outcome{"", call.OutcomeAnswered, call.OutcomeMissed, call.OutcomeElsewhere, call.OutcomeBusy, call.OutcomeFailed, call.OutcomeDeclined, call.OutcomeNoAnswer})
	c.Direction = pick(r, []call.Direction{call.Inbound, call.Inbound, call.Outbound, call.Internal, call.Transit, call.UnknownDirection})
	c.Queue = pick(r, []string{"", "sales", "sales", "support", "it's"})
	c.Entry = call.Entry{Outcome: pick(r, []call.EntryOutcome{"", call.EntryAnswered, call.EntryAbandoned, call.EntryTimeout, call.EntryExit}), Wait: int64(r.IntN(30) - 1), Talk: int64(r.IntN(300) - 1)}
	c.Called = call.Called(r.IntN(3))
	c.Withheld = r.IntN(5) == 0
	c.Conversation = call.NoConversation
	if r.IntN(2) == 0 {
		v := &c.Conversation
		v.Legs, v.Complete = 1+int64(r.IntN(3)), r.IntN(4) > 0
		v.Outcome = pick(r, []call.Outcome{call.OutcomeAnswered, call.OutcomeAnswered, call.OutcomeMissed, call.OutcomeAbandoned, call.OutcomeVoicemail, call.OutcomePrompt, call.OutcomeBusy})
		v.DisconnectedBy = pick(r, []call.DisconnectedBy{"", call.ByCaller, call.ByCallee, call.ByUnknown})
		v.WaitTime, v.TalkTime = int64(r.IntN(30)-1), int64(r.IntN(300)-1)
		v.Detail = pick(r, []string{"", `{"legs":[{"id":1,"leg_kind":"transfer"}]}`, `{"legs":[{"id":1,"leg_kind":"transfer"},{"id":2,"leg_kind":"consult"}]}`, `{"source_name":"\"leg_kind\":\"transfer\""}`})
	}
	return c
}

// A number of the statistics, the list that a filter makes of it and what Go says of each call are the same.
func TestEveryCountIsAFilter(t *testing.T) {
	t.Parallel()
	store := open(t)
	r := rand.New(rand.NewPCG(7, 7))
	var calls []call.Call
	for id := uint64(1); id <= 500; id++ {
		calls = append(calls, countedCall(r, id))
	}
	insert(t, store, "a", calls...)
	told := retell(t, calls)
	thresholds := clickhouse.Thresholds{Level: 20, Short: 5}
	from, to := call.InstantOf(time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)), call.InstantOf(time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC))
	for _, name := range []string{"calls", "queues", "agents", "trunks", "numbers", "missed"} {
		statistic := clickhouse.StatisticOf(name)
		of := ""
		if name == "numbers" {
			of = "caller"
		}
		q := clickhouse.StatsQuery{Filter: clickhouse.Filter{From: from, To: to}, Statistic: statistic, Thresholds: thresholds, Ungrouped: true}
		tallies, err := store.Stats(t.Context(), orgs(1), q)
		if err != nil || len(tallies) != 1 {
			t.Fatalf("%s: %d tallies, %v", name, len(tallies), err)
		}
		q.Ungrouped, q.Of = false, of
		grouped, err := store.Stats(t.Context(), orgs(1), q)
		if err != nil {
			t.Fatal(err)
		}
		for i, count := range statistic.Counts {
			if count.Name == "unsettled" { // by the clock of the store
				continue
			}
			f := clickhouse.Filter{From: from, To: to, Counted: clickhouse.Counted{Statistic: name, Count: count.Name, Thresholds: thresholds}}
			n := same(t, store, calls, told, f, name+"."+count.Name)
			if n != tallies[0].Counts[i] {
				t.Errorf("%s.%s counts %d, its filter leaves %d", name, count.Name, tallies[0].Counts[i], n)
			}
			if n == 0 && count.Name != "internal_answered" {
				switch count.Name {
				case "no_answer", "queue_timeout", "declined", "failed", "blocked", "conference", "fax":
				default:
					t.Errorf("%s.%s counts nothing: the calls prove nothing", name, count.Name)
				}
			}
			for k := i; k < len(grouped); k += len(grouped) {
				if g := grouped[k].Group; g != nil {
					f.Counted.Group, f.Counted.Of = &g.Name, of
					if n := same(t, store, calls, told, f, name+"."+count.Name+" of "+g.Name); n != grouped[k].Counts[i] {
						t.Errorf("%s.%s of %q counts %d, its filter leaves %d", name, count.Name, g.Name, grouped[k].Counts[i], n)
					}
				}
			}
		}
	}
	if got := store.Find(t, orgs(1), &clickhouse.Filter{Counted: clickhouse.Counted{Statistic: "calls", Count: "nonsense"}}); len(got) > 0 {
		t.Errorf("a count that does not exist leaves %v", got)
	}
}

// same holds the store against Go, and what events tell.
func same(t *testing.T, store *clickhouse.Store, calls []call.Call, told []retold, f clickhouse.Filter, what string) uint64 {
	t.Helper()
	var want []uint64
	for i := range calls {
		if f.Matches(&calls[i]) {
			want = append(want, calls[i].ID)
		}
	}
	alsoLive(t, told, &f, what)
	if got := store.Find(t, orgs(1), &f); !slices.Equal(got, want) {
		t.Errorf("%s: the store finds %v, Go finds %v", what, got, want)
	}
	return uint64(len(want))
}

// Hours of the week are those of the zone's clocks, also on the day that these are changed.
func TestHourOfWeek(t *testing.T) {
	t.Parallel()
	store := open(t)
	r := rand.New(rand.NewPCG(3, 3))
	var calls []call.Call
	for id := uint64(1); id <= 300; id++ {
		c := countedCall(r, id)
		switch id % 3 {
		case 0: // Berlin, spring
			c.Calldate = call.InstantOf(time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)) + call.Instant(r.IntN(12*3600_000))
		case 1: // Lord Howe, autumn
			c.Calldate = call.InstantOf(time.Date(2026, 4, 4, 12, 0, 0, 0, time.UTC)) + call.Instant(r.IntN(6*3600_000))
		}
		c.Amaflags = 3
		calls = append(calls, c)
	}
	insert(t, store, "a", calls...)
	told := retell(t, calls)
	for _, name := range []string{"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		hours := map[int]uint64{}
		for i := range calls {
			hours[clickhouse.HourOfWeekAt(calls[i].Calldate, zone)]++
		}
		for hour, want := range hours {
			for _, f := range []clickhouse.Filter{{From: 1}, {From: calls[0].Calldate}} {
				f.HourOfWeek = &clickhouse.HourOfWeek{Hour: hour, Zone: zone}
				if n := same(t, store, calls, told, f, name); f.From == 1 && n != want {
					t.Errorf("%s, hour %d: %d calls, want %d", name, hour, n, want)
				}
			}
			break // any one; the numbers of all follow
		}
		q := clickhouse.StatsQuery{Filter: clickhouse.Filter{From: 1, To: call.InstantOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))}, Statistic: clickhouse.StatisticOf("calls"), Week: zone}
		heads := map[int]uint64{}
		for i := range calls {
			if calls[i].Conversation.Legs > 0 {
				heads[clickhouse.HourOfWeekAt(calls[i].Calldate, zone)]++
			}
		}
		tallies, err := store.Stats(t.Context(), orgs(1), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, tally := range tallies {
			if tally.Bucket != clickhouse.Whole && tally.Counts[0] != heads[tally.Bucket] {
				t.Errorf("%s, hour %d: %d conversations, want %d", name, tally.Bucket, tally.Counts[0], heads[tally.Bucket])
			}
		}
	}
}

// Buckets hold what began in them: at the first millisecond, and not at the last one's end. Percentiles are exact.
func TestBucketsAndPercentiles(t *testing.T) {
	t.Parallel()
	store := open(t)
	at := call.InstantOf(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	var calls []call.Call
	add := func(when call.Instant, wait int64) {
		c := call.Blank(uint64(len(calls) + 1))
		c.OrgID, c.Calldate, c.Version, c.Table, c.Queue = 1, when, 1, site, "sales"
		c.Entry = call.Entry{Outcome: call.EntryAnswered, Wait: wait, Talk: 10}
		calls = append(calls, c)
	}
	for wait := range int64(100) {
		add(at+call.Instant(wait), wait+1)
	}
	add(at-1, 7)
	add(at+3600_000-1, 1000)
	add(at+3600_000, 5)
	insert(t, store, "a", calls...)
	q := clickhouse.StatsQuery{
		Filter: clickhouse.Filter{From: at, To: at + 2*3600_000}, Statistic: clickhouse.StatisticOf("queues"),
		Cuts: []call.Instant{at, at + 3600_000},
	}
	tallies, err := store.Stats(t.Context(), orgs(1), q)
	if err != nil || len(tallies) != 6 {
		t.Fatalf("%d tallies, %v", len(tallies), err)
	}
	want := []clickhouse.Spread{
		{Known: 101, Sum: 6050, Longest: 1000, P50: 51, P90: 91, P95: 96, P99: 100},
		{Known: 1, Sum: 5, Longest: 5, P50: 5, P90: 5, P95: 5, P99: 5},
		{Known: 102, Sum: 6055, Longest: 1000, P50: 51, P90: 91, P95: 96, P99: 100},
	}
	for i, tally := range tallies {
		if tally.Spreads[0] != want[i%3] || (tally.Group == nil) != (i >= 3) {
			t.Errorf("tally %d of %v: %+v, want %+v", i, tally.Group, tally.Spreads[0], want[i%3])
		}
	}
	hours, err := store.Busiest(t.Context(), orgs(1), q, time.UTC, "")
	if err != nil || hours[clickhouse.Group{}] != (clickhouse.Hour{Start: at, Rows: 101}) || hours[clickhouse.Group{Org: 1, Name: "sales"}].Rows != 101 {
		t.Errorf("busiest %v, %v", hours, err)
	}
}
