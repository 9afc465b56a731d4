package main

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// A row of organisation 1 at calldate 1000 that arrives with chunk 50 and content hash 7.
func arriving(kind call.Kind) *arrival {
	c := &call.Call{OrgID: 1, Calldate: 1000, ID: 9, Version: call.NewVersion(1, 50, 0), RawHash: 7, Direction: call.Inbound, Linkedid: "a", Table: call.NewTable(nil)}
	return &arrival{call: c, kind: kind, fresh: true}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	at := func(sequence uint64, hash uint64, org uint32) clickhouse.Stored {
		return clickhouse.Stored{OrgID: org, Calldate: 1000, ID: 9, Version: call.NewVersion(1, sequence, 0), RawHash: hash, Direction: call.Inbound}
	}
	outbound := at(40, 8, 1)
	outbound.Direction = call.Outbound
	earlier := at(40, 8, 1)
	earlier.Calldate = 500
	carried := func(hash uint64) clickhouse.Stored { // the corrections of chunk 49 have come to the number of chunk 50
		s := at(49, hash, 1)
		s.Version = call.NewVersion(1, 49, 4095).Next()
		return s
	}
	for _, c := range []struct {
		name   string
		kind   call.Kind
		stored []clickhouse.Stored
		writes int    // rows written, tombstones included
		graves int    // of them tombstones
		tells  string // kinds of events in order
	}{
		{"new row", call.KindPage, nil, 1, 0, "new"},
		{"new row, first seen by the look-back", call.KindLookBack, nil, 1, 0, "new"},
		{"redelivery: stored already, told again", call.KindPage, []clickhouse.Stored{at(50, 7, 1)}, 0, 0, "new"},
		{"redelivered correction", call.KindLookBack, []clickhouse.Stored{at(50, 7, 1)}, 0, 0, "corrected"},
		{"redelivered row that the look-back saw first", call.KindLookBack, []clickhouse.Stored{func() clickhouse.Stored { s := at(50, 7, 1); s.First = s.Version; return s }()}, 0, 0, "new"},
		{"redelivery after the rules changed", call.KindPage, []clickhouse.Stored{at(50, 7, 2)}, 2, 1, "removed corrected"},
		{"redelivery after the direction changed", call.KindPage, []clickhouse.Stored{func() clickhouse.Stored { s := at(50, 7, 1); s.Direction = call.Outbound; return s }()}, 1, 0, "removed corrected"},
		{"look-back, nothing changed", call.KindLookBack, []clickhouse.Stored{at(40, 7, 1)}, 0, 0, ""},
		{"look-back, nothing changed but the rules", call.KindLookBack, []clickhouse.Stored{at(40, 7, 2)}, 0, 0, ""},
		{"the same rows published twice", call.KindPage, []clickhouse.Stored{at(40, 7, 1)}, 0, 0, ""},
		{"a userfield written later", call.KindLookBack, []clickhouse.Stored{at(40, 8, 1)}, 1, 0, "corrected"},
		{"a correction that moves organisation", call.KindLookBack, []clickhouse.Stored{at(40, 8, 2)}, 2, 1, "removed corrected"},
		{"a correction that moves calldate", call.KindLookBack, []clickhouse.Stored{earlier}, 2, 1, "corrected"},
		{"a correction of the direction", call.KindLookBack, []clickhouse.Stored{outbound}, 1, 0, "removed corrected"},
		{"a correction behind 4,096 others", call.KindLookBack, []clickhouse.Stored{carried(8)}, 1, 0, "corrected"},
		{"4,096 corrections, and the row read once more", call.KindLookBack, []clickhouse.Stored{carried(7)}, 0, 0, "corrected"},
		{"regenerated in the next chunk, from a row that was corrected 4,096 times since", call.KindRegenerate, []clickhouse.Stored{carried(8)}, 0, 0, ""},
		{"two living rows are mended", call.KindLookBack, []clickhouse.Stored{at(40, 8, 2), at(41, 8, 3)}, 3, 2, "removed removed corrected"},
		{"overtaken by a correction: the first reading is still told", call.KindPage, []clickhouse.Stored{at(60, 8, 1)}, 0, 0, "new"},
		{"an old correction", call.KindLookBack, []clickhouse.Stored{at(60, 8, 1)}, 0, 0, ""},
		{"history asked for again, nothing changed", call.KindBackfill, []clickhouse.Stored{at(40, 7, 1)}, 0, 0, ""},
		{"regenerated, but no longer stored", call.KindRegenerate, nil, 0, 0, ""},
		{"regenerated, nothing to say that is new", call.KindRegenerate, []clickhouse.Stored{at(40, 7, 1)}, 0, 0, "corrected"},
		{"regenerated from a row that was corrected since", call.KindRegenerate, []clickhouse.Stored{at(40, 8, 1)}, 0, 0, ""},
		{"regenerated under new rules", call.KindRegenerate, []clickhouse.Stored{at(40, 7, 2)}, 2, 1, "removed corrected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := arriving(c.kind)
			var v verdict
			switch fateOf(a, c.stored) {
			case live:
				v = decide(a, c.stored, nil)
			case overtaken:
				v = a.told(v, call.EventNew)
			}
			graves, tells := 0, ""
			for i, w := range v.write {
				if w.Removed {
					graves++
					if i >= c.graves {
						t.Error("a tombstone stands behind the row")
					}
				}
				for _, s := range c.stored {
					if w.OrgID == s.OrgID && w.Calldate == s.Calldate && w.Version <= s.Version {
						t.Errorf("version %v does not hide %v", w.Version, s.Version)
					}
				}
			}
			for _, e := range v.tell {
				if tells != "" {
					tells += " "
				}
				tells += string(e.Kind)
				if e.Version != a.call.Version {
					t.Errorf("event %s has version %v, the row %v", e.Kind, e.Version, a.call.Version)
				}
			}
			if len(v.write) != c.writes || graves != c.graves || tells != c.tells {
				t.Errorf("writes %d (%d tombstones), tells %q; want %d (%d), %q", len(v.write), graves, tells, c.writes, c.graves, c.tells)
			}
			a = arriving(c.kind)
			a.fresh = false
			if v := decide(a, c.stored, nil); len(v.tell) != 0 {
				t.Errorf("a row that is not fresh tells %d events", len(v.tell))
			}
		})
	}
}

func TestFreshIsDecidedByTheLog(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind  call.Kind
		after time.Duration
		want  bool
	}{
		{call.KindPage, time.Second, true},
		{call.KindPage, 24 * time.Hour, true},
		{call.KindPage, 24*time.Hour + time.Second, false},
		{call.KindGap, time.Hour, true},
		{call.KindLookBack, time.Hour, true},
		{call.KindBackfill, time.Second, false},
		{call.KindRegenerate, time.Second, false},
		{call.KindPage, -time.Hour, true}, // a PBX whose clock is ahead
	} {
		withEnd := &call.Call{Calldate: 0, End: call.InstantOf(end)}
		noEnd := &call.Call{Calldate: call.InstantOf(end) - 90_000, Duration: 90, End: call.NoInstant}
		for _, row := range []*call.Call{withEnd, noEnd} {
			if got := isFresh(c.kind, end.Add(c.after), row, 24*time.Hour); got != c.want {
				t.Errorf("%s stored %s after the end: fresh %v, want %v", c.kind, c.after, got, c.want)
			}
		}
	}
}

func TestWhatIsProvablyNew(t *testing.T) {
	t.Parallel()
	h := clickhouse.Horizon{Version: call.NewVersion(5, 100, 0), OldIDs: map[uint32]uint64{0: 50}}
	for _, c := range []struct {
		name      string
		kind      call.Kind
		delivered uint64
		id        uint64
		sequence  uint64
		want      bool
	}{
		{"first delivery beyond the horizon", call.KindPage, 1, 51, 101, true},
		{"delivered before", call.KindPage, 2, 51, 101, false},
		{"not beyond what is stored", call.KindPage, 1, 51, 100, false},
		{"an id that an earlier stream stored", call.KindPage, 1, 50, 101, false},
		{"gap rows may be known", call.KindGap, 1, 51, 101, false},
		{"look-back rows are known", call.KindLookBack, 1, 51, 101, false},
		{"another source has ids of its own", call.KindPage, 1, call.ID(3, 7), 101, true},
	} {
		got := neverStored(c.kind, c.delivered, &call.Call{ID: c.id, Version: call.NewVersion(5, c.sequence, 0)}, h)
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
