package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// What a PBX writes into a row later travels as a correction, and nothing else does.
func TestChangedRowsTravel(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(2500)
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, span(1, 2500))
	s.sql.exec("UPDATE asterisk_cdr SET userfield = 'recorded' WHERE id IN (3, 1777)")
	log.wants(call.KindLookBack, []uint64{3, 1777})
	if got := log.last(1777).text("userfield"); got != "recorded" {
		t.Errorf("the correction has %s", got)
	}
	s.sql.exec("UPDATE asterisk_cdr SET userfield = NULL WHERE id = 3; UPDATE asterisk_cdr SET userfield = '' WHERE id = 1777; DELETE FROM asterisk_cdr WHERE id = 20")
	log.wants(call.KindLookBack, []uint64{3, 3, 1777, 1777})
	if a, b := log.last(3).text("userfield"), log.last(1777).text("userfield"); a != "NULL" || b != "" {
		t.Errorf("the corrections have %s and %q", a, b)
	}
	// Everything is compared again and again, and found as it is.
	before := p.metric("poller_compared_total")
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_compared_total") > before+2500 }, "another rotation")
	if got := log.ids(call.KindLookBack); len(got) != 4 {
		t.Errorf("%v travelled again", got)
	}
}

func TestLookBackEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(10)
	log := s.read()
	s.poll("LOOK_BACK=3s")
	log.wants(call.KindPage, span(1, 10))
	servertest.Eventually(t, soon, func() bool {
		s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES (UUID_SHORT())")
		return s.checkpoint().LookBackID >= 10
	}, "the look-back leaves the first rows behind")
	s.sql.exec("UPDATE asterisk_cdr SET userfield = 'late' WHERE id <= 10; INSERT INTO asterisk_cdr (uniqueid) VALUES ('end'); UPDATE asterisk_cdr SET userfield = 'late' WHERE uniqueid = 'end'")
	servertest.Eventually(t, soon, func() bool {
		return slices.ContainsFunc(log.all(), func(r published) bool { return r.text("uniqueid") == "end" && r.text("userfield") == "late" })
	}, "the last row")
	for _, id := range log.ids(call.KindLookBack) {
		if id <= 10 {
			t.Errorf("row %d was still compared", id)
		}
	}
}

// After a restart nothing is known of the rows before it, so they travel once more, once.
func TestLookBackIsPublishedOnceMoreAfterARestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(700)
	log := s.read()
	p := s.poll("PAGE_ROWS=100")
	log.wants(call.KindPage, span(1, 700))
	p.end()
	log.wants(call.KindLookBack, nil)
	// What changed while nobody polled is among them.
	s.sql.exec("UPDATE asterisk_cdr SET userfield = 'while away' WHERE id = 5")
	p = s.poll("PAGE_ROWS=100")
	log.wants(call.KindLookBack, span(1, 700))
	if got := log.last(5).text("userfield"); got != "while away" {
		t.Errorf("row 5 has %s", got)
	}
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_compared_total") > 700 }, "they are compared")
	log.wants(call.KindLookBack, span(1, 700))
	log.wants(call.KindPage, span(1, 700))
}

// The rows that are remembered are bounded; the newest are kept.
func TestLookBackRowsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(1000)
	log := s.read()
	p := s.poll("PAGE_ROWS=100", "LOOK_BACK_ROWS=250")
	log.wants(call.KindPage, span(1, 1000))
	s.sql.exec("UPDATE asterisk_cdr SET userfield = 'x' WHERE id IN (740, 760)")
	log.wants(call.KindLookBack, []uint64{760})
	p.end()
	if got := s.checkpoint().LookBackID; got != 750 {
		t.Errorf("the checkpoint looks back to %d, want 750", got)
	}
	s.poll("PAGE_ROWS=100", "LOOK_BACK_ROWS=250")
	log.wants(call.KindLookBack, slices.Sorted(slices.Values(append(span(751, 1000), 760))))
}

// A row out of a gap is compared for all of LOOK_BACK too, although its neighbours are older.
func TestFloorWaitsForRowsOutOfGaps(t *testing.T) {
	t.Parallel()
	s := &session{poller: &poller{cfg: config{LookBack: 15 * time.Minute, PollEvery: time.Second}}}
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	s.marks = []mark{{noon, 0}}
	for minute := range 40 {
		s.cp.LastID = uint64(100 * minute)
		if minute == 20 {
			s.lower(1234) // read in its gap at 12:20; its neighbours were at 12:12
		}
		s.age(at(minute))
		want := uint64(0)
		if minute > 15 {
			want = uint64(100 * (minute - 15))
		}
		if minute >= 20 && minute < 35 {
			want = min(want, 1233)
		}
		if s.floor != want {
			t.Errorf("minute %d: the floor is %d, want %d", minute, s.floor, want)
		}
	}
}

func TestFewAreComparedAtATime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rows   int
		passed time.Duration
		want   int
	}{
		{10, time.Second, 1000},
		{45_000, time.Second, 1000},
		{1_000_000, time.Second, 3333},
		{1_000_000, 30 * time.Second, 100_000},
		{1_000_000, time.Hour, 1_000_000},
		{5000, time.Hour, 5000},
	} {
		t.Run(fmt.Sprint(tt.rows, tt.passed), func(t *testing.T) {
			t.Parallel()
			s := &session{poller: &poller{cfg: config{LookBack: 15 * time.Minute, PollEvery: time.Second}}, accrued: noon}
			s.known.ids = make([]uint64, tt.rows)
			if s.accrue(noon.Add(500 * time.Millisecond)); s.owed != 0 {
				t.Errorf("%d rows before the round", s.owed)
			}
			if s.accrue(noon.Add(tt.passed)); s.owed != tt.want {
				t.Errorf("%d rows, want %d", s.owed, tt.want)
			}
		})
	}
}
