package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestRangesOfIDs(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(ranges([]uint64{1, 2, 3, 7, 9, 10})); got != "[{1 3} {7 7} {9 10}]" {
		t.Error(got)
	}
	if got := ranges(nil); got != nil {
		t.Error(got)
	}
}

// again asks for rows until all that can be published were, as the enricher's command does.
func (s *site) again(ids []uint64) (rows, left int) {
	s.t.Helper()
	for len(ids) > 0 {
		part := ids[:min(len(ids), jetstream.MostAgain)]
		a, err := s.bus.PublishAgain(s.t.Context(), "pbx", part)
		if err != nil {
			s.t.Fatal(err)
		}
		rows, left = rows+a.Rows, left+a.Left
		ids = ids[len(part):]
		if a.Next > 0 {
			at, _ := slices.BinarySearch(part, a.Next)
			ids = append(slices.Clone(part[at:]), ids...)
		}
	}
	return rows, left
}

func TestRowsArePublishedAgainOnRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.sql.exec("SET time_zone = '+00:00'")
	s.insert(25_000)
	s.sql.exec("DELETE FROM asterisk_cdr WHERE id BETWEEN 101 AND 200 OR id = 24999")
	s.sql.exec("UPDATE asterisk_cdr SET calldate = FROM_UNIXTIME(1795228148 + id) WHERE id != 24500")
	log := s.read()
	if _, err := s.bus.Names(t.Context(), "pbx", 10); !errors.Is(err, jetstream.ErrNobody) {
		t.Errorf("nobody polls and the answer is %v, want ErrNobody", err)
	}
	p := s.poll("SOURCE_NUMBER=3", "SOURCE_TIMEZONE=Asia/Kolkata", "PAGE_ROWS=1000")
	servertest.Eventually(t, soon, func() bool { return s.checkpoint().LastID == 25_000 }, "the table is read")
	if zone, err := s.bus.Zone(t.Context(), "pbx"); err != nil || zone != "Asia/Kolkata" {
		t.Errorf("the zone is %q, %v", zone, err)
	}

	var ids []uint64
	for below := uint64(call.MaxRowID + 100); ; {
		named, err := s.bus.Names(t.Context(), "pbx", below)
		if err != nil {
			t.Fatal(err)
		}
		if named.Number != 3 || len(named.IDs) != len(named.Times) || len(named.IDs) > jetstream.MostNamed {
			t.Fatalf("source %d names %d rows with %d times", named.Number, len(named.IDs), len(named.Times))
		}
		for i, id := range named.IDs {
			want := 1795228148 + int64(id) - 19_800
			if id == 24_500 {
				want++ // it has no time and bears its neighbour's
			}
			if named.Times[i] != want {
				t.Fatalf("row %d is of %d, want %d", id, named.Times[i], want)
			}
		}
		ids = append(ids, named.IDs...)
		if named.End {
			break
		}
		below = ids[len(ids)-1]
	}
	slices.Reverse(ids)
	want := slices.Concat(span(1, 100), span(201, 24_998), []uint64{25_000})
	if !slices.Equal(ids, want) {
		t.Fatalf("named %s, want %s", brief(ids), brief(want))
	}

	// Ids that are not there are passed over.
	if rows, left := s.again(span(90, 3210)); rows != 3021 || left != 0 {
		t.Errorf("%d rows published and %d left, want 3021 and 0", rows, left)
	}
	log.wants(call.KindBackfill, slices.Concat(span(90, 100), span(201, 3210)))
	if row := log.last(300); row.origin.Zone != "Asia/Kolkata" || row.origin.SourceNumber != 3 || row.text("src") != "300" {
		t.Errorf("row 300 came as %+v of %+v", row.row, row.origin)
	}
	if n := p.metric("poller_rows_total", "backfill"); n != 3021 {
		t.Errorf("%v rows counted", n)
	}
	// Doing it twice is harmless, and neither moved the checkpoint.
	s.again([]uint64{300})
	if cp := s.checkpoint(); cp.LastID != 25_000 {
		t.Errorf("the checkpoint is at %d", cp.LastID)
	}
	var no *jetstream.Refusal
	if _, err := s.bus.PublishAgain(t.Context(), "pbx", []uint64{2, 1}); !errors.As(err, &no) {
		t.Errorf("ids that fall: %v", err)
	}
	if _, err := s.bus.PublishAgain(t.Context(), "pbx", span(1, jetstream.MostAgain+1)); !errors.As(err, &no) {
		t.Errorf("too many ids: %v", err)
	}
}

// A row that changed since it was published, or was not published yet, is announced by the poller's own rounds and does
// not pass for history before.
func TestRowsThatComeAnywayAreLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(100)
	log := s.read()
	s.poll("POLL_EVERY=1h", "GAP_TIMEOUT=1h")
	log.wants(call.KindPage, span(1, 100))
	s.sql.exec("UPDATE asterisk_cdr SET userfield = 'late' WHERE id = 7")
	s.insert(5) // the poller looks again in an hour
	if rows, left := s.again(span(1, 105)); rows != 99 || left != 6 {
		t.Errorf("%d rows published and %d left, want 99 and 6", rows, left)
	}
	log.wants(call.KindBackfill, slices.Concat(span(1, 6), span(8, 100)))
}

// The one that polls answers; one that stands by does not, until it takes over.
func TestTheStandbyDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(10)
	log := s.read()
	first := s.poll("LOOK_BACK=0s")
	log.wants(call.KindPage, span(1, 10))
	standby := s.poll("LOOK_BACK=0s")
	for range 20 {
		if rows, _ := s.again([]uint64{5}); rows != 1 {
			t.Fatal("the row is not published")
		}
	}
	if n := standby.metric("poller_rows_total", "backfill"); n != 0 {
		t.Errorf("the standby published %v rows", n)
	}
	first.end()
	servertest.Eventually(t, soon, func() bool {
		_, err := s.bus.PublishAgain(t.Context(), "pbx", []uint64{5})
		return err == nil
	}, "the other answers")
	if n := standby.metric("poller_rows_total", "backfill"); n == 0 {
		t.Error("somebody else answered")
	}
}

// A table that is still being read, page upon page, does not keep anybody waiting.
func TestAnswersWhileItDrains(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(30_000)
	log := s.read()
	s.poll("PAGE_ROWS=50", "LOOK_BACK=0s")
	servertest.Eventually(t, soon, func() bool { return s.checkpoint().LastID > 100 }, "it reads")
	if rows, _ := s.again(span(1, 100)); rows != 100 {
		t.Errorf("%d rows published", rows)
	}
	if last := s.checkpoint().LastID; last >= 30_000 {
		t.Errorf("the answer came at row %d, after all was read", last)
	}
	log.wants(call.KindPage, span(1, 30_000))
}
