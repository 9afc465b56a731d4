package simulate

import (
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
)

var until = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func past(t testing.TB, seed uint64, rows int, days int) []*Hangup {
	t.Helper()
	seq, err := History(Config{Seed: seed}, Span{Rows: rows, From: until.AddDate(0, 0, -days), To: until})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(seq)
}

// print is a hash over everything that goes into the table.
func print(hangups []*Hangup) string {
	h := fnv.New64a()
	for _, one := range hangups {
		for i := range one.Rows {
			for _, v := range one.Rows[i].Values(nil, time.UTC) {
				fmt.Fprintf(h, "%q %v,", v.Text, v.Valid)
			}
		}
	}
	return strconv.FormatUint(h.Sum64(), 16)
}

func TestSameSeedSameRows(t *testing.T) {
	t.Parallel()
	first, again, other := past(t, 3, 5_000, 30), past(t, 3, 5_000, 30), past(t, 4, 5_000, 30)
	if print(first) != print(again) {
		t.Error("the same seed made other rows")
	}
	if print(first) == print(other) {
		t.Error("another seed made the same rows")
	}
}

func TestHistoryFillsItsSpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, days int }{{1, 1}, {2, 365}, {50, 1}, {5_000, 1}, {12_000, 365}} {
		hangups := past(t, 9, c.rows, c.days)
		rows, last, byHour := 0, Millis(0), map[int]int{}
		from := Millis(until.AddDate(0, 0, -c.days).UnixMilli())
		for _, h := range hangups {
			rows += len(h.Rows)
			// The calls that fill a remainder at the end may come a few seconds late.
			if h.At < last-10_000 {
				t.Fatalf("%v: a hang-up at %v after one at %v", c, h.At.Time(), last.Time())
			}
			last = max(last, h.At)
			if h.At >= Millis(until.UnixMilli()) {
				t.Fatalf("%v: a hang-up at %v, after the end", c, h.At.Time())
			}
			for i := range h.Rows {
				r := &h.Rows[i]
				byHour[r.Start.Time().Hour()]++
				if r.Start < from || r.End < r.Start || r.End > h.At+10 || r.Answer != 0 && (r.Answer < r.Start || r.Answer > r.End) {
					t.Fatalf("%v: row from %v, answered %v, to %v, hung up %v", c, r.Start, r.Answer, r.End, h.At)
				}
			}
		}
		if rows != c.rows {
			t.Errorf("%v: %d rows", c, rows)
		}
		if c.days >= 7 && c.rows > 10_000 && byHour[10] < 10*byHour[3] {
			t.Errorf("%v: %d rows at ten in the morning and %d at three in the night", c, byHour[10], byHour[3])
		}
	}
}

func TestConversationsOverlap(t *testing.T) {
	t.Parallel()
	apart := 0
	lastSeen := map[string]int{}
	for i, h := range past(t, 5, 5_000, 1) {
		id := h.Rows[0].Linkedid
		if before, seen := lastSeen[id]; seen && before != i-1 {
			apart++
		}
		lastSeen[id] = i
	}
	if apart < 50 {
		t.Errorf("%d hang-ups come after one of another conversation, want at least 50", apart)
	}
}

// TestEveryRowFitsTheTable reads the widths from the schema itself.
func TestEveryRowFitsTheTable(t *testing.T) {
	t.Parallel()
	width := map[string]int{}
	for _, m := range regexp.MustCompile("`(\\w+)` varchar\\((\\d+)\\)").FindAllStringSubmatch(Schema, -1) {
		width[m[1]], _ = strconv.Atoi(m[2])
	}
	nullable := regexp.MustCompile("`(\\w+)` [^,]* DEFAULT NULL")
	null := map[string]bool{}
	for _, m := range nullable.FindAllStringSubmatch(Schema, -1) {
		null[m[1]] = true
	}
	if len(width) < 15 || len(null) < 5 {
		t.Fatalf("read %d widths and %d nullable columns from the schema", len(width), len(null))
	}
	var values []call.Value
	for _, h := range past(t, 11, 20_000, 10) {
		for i := range h.Rows {
			values = h.Rows[i].Values(values[:0], time.UTC)
			if len(values) != len(Columns) {
				t.Fatalf("%d values for %d columns", len(values), len(Columns))
			}
			for j, v := range values {
				name := Columns[j]
				if !v.Valid && !null[name] {
					t.Fatalf("%s is NULL", name)
				}
				if !utf8.ValidString(v.Text) || width[name] > 0 && utf8.RuneCountInString(v.Text) > width[name] {
					t.Fatalf("%s = %q is not text of at most %d characters", name, v.Text, width[name])
				}
			}
		}
	}
}

// TestTruthAgreesWithRows holds what can be said of every scenario.
func TestTruthAgreesWithRows(t *testing.T) {
	t.Parallel()
	rows, order := map[RowKey]*Row{}, map[*Conversation][]RowKey{}
	var told []*Conversation
	hangups := past(t, 12, 20_000, 10)
	for _, h := range hangups {
		for i := range h.Rows {
			key := RowKey{h.Rows[i].Uniqueid, h.Rows[i].Sequence}
			if rows[key] != nil {
				t.Fatalf("two rows are %v", key)
			}
			rows[key] = &h.Rows[i]
			order[h.Of] = append(order[h.Of], key)
		}
		if h.Last {
			told = append(told, h.Of)
		}
	}
	left := len(rows)
	for _, c := range told {
		left -= len(c.Truth.Rows)
		if !slices.Equal(c.Truth.Rows, order[c]) {
			t.Errorf("%s: rows %v, written as %v", c.Truth.Scenario, c.Truth.Rows, order[c])
		}
		var mine []*Row
		for _, key := range c.Truth.Rows {
			mine = append(mine, rows[key])
		}
		if err := agrees(&c.Truth, mine); err != nil {
			t.Errorf("%s %v: %v", c.Truth.Scenario, c.Truth.LinkedIDs, err)
		}
	}
	if left != 0 {
		t.Errorf("%d rows are in no conversation", left)
	}
}

func agrees(truth *Truth, rows []*Row) error {
	linked, accounts, files, phones, queues := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	longest := 0
	for _, r := range rows {
		linked[r.Linkedid], accounts[r.Account] = true, true
		for _, c := range []string{r.Channel, r.Dstchannel} {
			endpoint := strings.TrimPrefix(c[:max(0, strings.LastIndexByte(c, '-'))], "PJSIP/")
			phones[endpoint] = true
		}
		if r.Recording != "" {
			files[r.Recording] = true
		}
		if r.Queue != "" {
			queues[r.Queue] = true
		}
		if r.Dstchannel != "" && r.Disposition == answered {
			longest = max(longest, r.Billsec())
		}
	}
	var recordings []string
	recorded := 0.0
	for _, r := range truth.Recordings {
		recordings = append(recordings, r.File)
		recorded = max(recorded, r.Seconds)
	}
	slices.Sort(recordings)
	switch {
	case !slices.Equal(slices.Sorted(slices.Values(truth.LinkedIDs)), slices.Sorted(maps.Keys(linked))):
		return fmt.Errorf("linkedids %v, rows have %v", truth.LinkedIDs, linked)
	case !accounts[strconv.Itoa(truth.Org)] && !(truth.Org == 0 && accounts[""]):
		return fmt.Errorf("organisation %d, rows have %v", truth.Org, accounts)
	case !slices.Equal(recordings, slices.Sorted(maps.Keys(files))):
		return fmt.Errorf("recordings %v, rows have %v", recordings, files)
	case truth.Queue == "" && len(queues) > 0 || truth.Queue != "" && !queues[truth.Queue]:
		return fmt.Errorf("queue %q, rows have %v", truth.Queue, queues)
	case truth.Talk > 0 && longest == 0 && truth.Talk > 2 || truth.Talk == 0 && longest > 0 && !slices.Contains(truth.AnsweredBy, "conference"):
		return fmt.Errorf("%v s of talk, the longest row has %d", truth.Talk, longest)
	case len(recordings) > 0 && (truth.Talk > 0) != (recorded > 0):
		return fmt.Errorf("%v s of talk, %v s recorded", truth.Talk, recorded)
	case truth.HungUpBy == "":
		return fmt.Errorf("nobody hung up")
	case truth.Wait > truth.End.Sub(truth.Start).Seconds()+0.001:
		return fmt.Errorf("wait of %v s", truth.Wait)
	}
	for _, who := range append(slices.Clone(truth.Rang), truth.AnsweredBy...) {
		switch who {
		case "voicemail", "prompt", "conference", "far end":
		default:
			if !phones[who] {
				return fmt.Errorf("%s rang or answered, rows have %v", who, phones)
			}
		}
	}
	return nil
}

func TestCallerIDEscapesTwice(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"", "919812345678", `"" <919812345678>`},
		{`Bob "The Builder" O'Neil`, "918041234567", `"Bob \\\"The Builder\\\" O'Neil" <918041234567>`},
		{`back\slash <tag>`, "919812345678", `"back\\\\slash <tag>" <919812345678>`},
		{
			"Very Long Company Name Private Limited (Head Office, Accounts Receivable) Very Long", "918041234567",
			`"Very Long Company Name Private Limited (Head Office, Accounts Receivable) Very`,
		},
	} {
		if got := callerID(c[0], c[1]); got != c[2] {
			t.Errorf("callerID(%q, %q) = %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func BenchmarkHistory(b *testing.B) {
	seq, err := History(Config{Seed: 1}, Span{Rows: b.N, From: until.AddDate(0, 0, -365), To: until})
	if err != nil {
		b.Fatal(err)
	}
	values := make([]call.Value, 0, len(Columns))
	for h := range seq {
		for i := range h.Rows {
			values = h.Rows[i].Values(values[:0], time.UTC)
		}
	}
}
