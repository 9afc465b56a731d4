package main

import (
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestBackfill(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(1000)
	log := s.read()
	fill := func(args ...string) (string, error) {
		out := &lockedBuffer{}
		p := process.New("poller", s.environ("PAGE_ROWS=90"), out)
		p.Args = args
		err := backfill(t.Context(), p)
		return out.String(), err
	}
	if _, err := fill("--from", "1", "--to", "5"); err == nil || err.Error() != "source pbx was never polled, so there is nothing to publish once more: start its poller" {
		t.Errorf("before the first page: %v", err)
	}
	s.poll("LOOK_BACK_ROWS=100")
	log.wants(call.KindPage, span(1, 1000))
	servertest.Eventually(t, soon, func() bool { s.insert(1); return s.checkpoint().LookBackID >= 900 }, "the look-back leaves the first rows behind")
	before := s.checkpoint().LookBackID
	out, err := fill("--from", "200", "--to", "5000")
	if err != nil || !strings.Contains(out, "rows published") || !strings.Contains(out, "are the poller's") {
		t.Errorf("%s (%v)", out, err)
	}
	servertest.Eventually(t, soon, func() bool {
		got := log.ids(call.KindBackfill)
		return len(got) > 0 && got[0] == 200 && uint64(len(got)) == got[len(got)-1]-199 && got[len(got)-1] >= before
	}, "the rows are there")
	for _, args := range [][]string{{}, {"--from", "5"}, {"--from", "5", "--to", "4"}, {"--from", "1", "--to", "2", "3"}} {
		if _, err := fill(args...); err == nil || !strings.HasPrefix(err.Error(), "backfill wants --from ID --to ID") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := fill("--from", "x"); err == nil {
		t.Error("--from x passes")
	}
}

// A lease that was lost over an outage makes nobody forget: only where another poller was at work do rows travel again.
func TestInterruptedSessionRemembers(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(10)
	log := s.read()
	p, _ := s.poller()
	session, err := p.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	once := func() {
		t.Helper()
		session.nextPage, session.accrued = time.Time{}, time.Time{}
		if _, err := session.pollOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	once()
	p.kept = session
	if session, err = p.begin(t.Context()); err != nil || session != p.kept {
		t.Fatalf("another session: %v", err)
	}
	s.insert(10)
	once()
	log.wants(call.KindPage, span(1, 20))
	log.wants(call.KindLookBack, nil)

	other := s.poll()
	log.wants(call.KindLookBack, span(1, 20))
	other.end()
	if session, err = p.begin(t.Context()); err != nil || session == p.kept || session.firstTo != 20 {
		t.Errorf("it believes to know what another poller did: %v", err)
	}
}
