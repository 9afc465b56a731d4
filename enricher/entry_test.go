package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// entriesOf the rows of a scenario.
func entriesOf(sc *scenario, calls map[uint64]*call.Call) (entries []*call.Call, phones int) {
	for _, id := range sc.Rows {
		c := calls[id]
		if c.Entry != call.NoEntry {
			entries = append(entries, c)
		}
		if c.Called == call.CalledPhone {
			phones++
		}
	}
	return entries, phones
}

// realCalls are the real rows, understood.
func realCalls(t *testing.T) map[uint64]*call.Call {
	t.Helper()
	r, err := loadRules("testdata/asterisk/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	u := newUnderstanding(r)
	calls := readRows(t, u, same)
	understandAll(t, u, calls)
	return calls
}

func readScenarios(t *testing.T, each func(*scenario)) {
	t.Helper()
	readLines(t, "testdata/asterisk/truth.jsonl", func(line []byte) {
		var sc scenario
		if err := json.Unmarshal(line, &sc); err != nil {
			t.Fatal(err)
		}
		each(&sc)
	})
}

// Every stay in a queue is one entry, however many phones rang, and came to what happened on the phones.
func TestEntriesOfRealCalls(t *testing.T) {
	t.Parallel()
	calls := realCalls(t)
	readScenarios(t, func(sc *scenario) {
		entries, phones := entriesOf(sc, calls)
		if sc.Queue == "" {
			if len(entries) != 0 {
				t.Errorf("%s %s: %d entries without a queue", sc.SID, sc.Name, len(entries))
			}
		} else if len(entries) != 1 {
			t.Errorf("%s %s: %d entries, want 1", sc.SID, sc.Name, len(entries))
		} else {
			want := call.EntryAbandoned
			switch {
			case sc.AnsweredBy != "":
				want = call.EntryAnswered
			case sc.HungUp == "timeout":
				want = call.EntryTimeout
			}
			e := entries[0]
			if e.Entry.Outcome != want || e.Queue != sc.Queue {
				t.Errorf("%s %s: %+v of %s, want %s of %s", sc.SID, sc.Name, e.Entry, e.Queue, want, sc.Queue)
			}
		}
		rang := 0
		for i := range sc.Phones {
			if p := &sc.Phones[i]; p.Role == "called" && len(strings.Trim(p.Phone, "0123456789")) == 0 && len(p.Phone) < 6 {
				rang++
			}
		}
		switch {
		case strings.Contains(sc.Name, "pickup"):
			rang++ // the phone that took the call unasked
		case strings.HasPrefix(sc.Name, "click_to_call"):
			rang = phones // the PBX rang party A: only where nobody answered a row is written of that
		}
		if rang != phones {
			t.Errorf("%s %s: %d phones called, want %d: rows %v", sc.SID, sc.Name, phones, rang, sc.Rows)
		}
	})
}

// What a stay comes to where the caller went on, in the order of the rows.
func TestEntriesOfFixtures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want string }{
		{"site-queue-entered-twice", "support exit -1 0; support answered 4 -1"},
		{"site-two-queues", "sales exit -1 0; support answered 2 -1"},
		{"site-two-queues-abandoned", "sales exit -1 0; support abandoned -1 0"},
		{"site-queue-then-operator", "support exit -1 0"},
		{"site-menu-queue-voicemail", "support exit -1 0"},
		{"site-queue-timeout-then-caller-leaves", "support timeout 30 0"},
		{"freepbx-queue-timeout-goodbye", "support exit -1 0"},
		{"freepbx-queue-timeout-announcement", "5001 exit -1 0"},
		{"freepbx-queue-abandoned-h-row", "5001 abandoned -1 0"},
		{"site-queue-left-by-key", "5001 exit 12 0"},
		{"site-queue-without-limit", "sales exit -1 0"},
		{"site-queue-limit-cut-short", "sales exit -1 0"},
		{"site-queue-with-mobile-member", "sales answered 6 40"},
		{"06-queue-ring-all", "support answered 5 60"},
		{"07-queue-abandoned-nobody-free", "support abandoned -1 0"},
		{"08-queue-timeout-voicemail", "support timeout 30 0"},
		{"09-freepbx-queue-agents-first", "400 answered -1 240"},
		{"17-every-row-twice", ""},
		{"site-local-channel-steps-aside", "sales answered 4 60"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			f := readFixture(t, "testdata/fixtures/"+c.file+".txt")
			r, err := loadRules(f.rulesFile())
			if err != nil {
				t.Fatal(err)
			}
			u := newUnderstanding(r)
			calls := f.calls(t, u, false)
			settle(t, u, calls)
			var entries []string
			slices.SortFunc(calls, func(a, b *call.Call) int {
				return cmp.Or(cmp.Compare(a.Calldate, b.Calldate), cmp.Compare(a.Sequence, b.Sequence))
			})
			for _, c := range calls {
				if c.Entry != call.NoEntry {
					entries = append(entries, fmt.Sprintf("%s %s %d %d", c.Queue, c.Entry.Outcome, c.Entry.Wait, c.Entry.Talk))
				}
			}
			if got := strings.Join(entries, "; "); got != c.want {
				t.Errorf("entries %q, want %q", got, c.want)
			}
		})
	}
}
