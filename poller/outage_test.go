package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestGoesOnAfterNATSWasAway(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	s := newSiteAt(t, nats.URL, asteriskDDL)
	s.insert(100)
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, span(1, 100))
	for round := range uint64(2) {
		nats.Stop(t)
		s.insert(100)
		servertest.Eventually(t, soon, func() bool { return strings.Count(p.log.String(), `"level":"ERROR"`) > int(round) }, "it says so")
		nats.Start(t)
		log.wants(call.KindPage, span(1, 200+100*round))
	}
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_behind_seconds") == 0 }, "it is on schedule")
}

func TestGoesOnAfterMariaDBWasAway(t *testing.T) {
	t.Parallel()
	server := servertest.MariaDBChild(t)
	s := &site{t: t, database: server.Database, url: servertest.NATS(t).URL, limits: roomy}
	s.connect()
	newClient(t, s.database).exec(asteriskDDL + "; INSERT INTO asterisk_cdr (id, uniqueid) SELECT seq, seq FROM seq_1_to_50")
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, span(1, 50))
	server.Kill()
	servertest.Eventually(t, soon, func() bool {
		return strings.Contains(p.log.String(), "cannot be reached, check that the server runs")
	}, "it says so")
	server.Restart(t)
	newClient(t, s.database).exec("INSERT INTO asterisk_cdr (id, uniqueid) SELECT 50 + seq, seq FROM seq_1_to_50")
	log.wants(call.KindPage, span(1, 100))
	servertest.Eventually(t, soon, func() bool { return strings.Contains(p.log.String(), "polling again") }, "it says that it is over")
	log.wants(call.KindLookBack, nil)
}

// A session that was cut off from the log, and never learnt what became of its pages.
type lossy struct {
	journal
	n atomic.Int64
}

var errLost = errors.New("the answer is lost")

func (l *lossy) PublishPage(ctx context.Context, source string, chunks []call.Chunk, cp call.Checkpoint, revision uint64) (uint64, error) {
	switch l.n.Add(1) % 4 {
	case 0: // it arrived
		if _, err := l.journal.PublishPage(ctx, source, chunks, cp, revision); err != nil {
			return 0, err
		}
		return 0, errLost
	case 1: // it did not
		return 0, errLost
	}
	return l.journal.PublishPage(ctx, source, chunks, cp, revision)
}

// poller made by hand, for a journal of the test's own.
func (s *site) poller(env ...string) (*poller, *lockedBuffer) {
	s.t.Helper()
	log := &lockedBuffer{}
	p := process.New("poller", s.environ(env...), log)
	cfg, err := process.Config[config](p)
	if err != nil {
		s.t.Fatal(err)
	}
	table, err := mariadb.Open(s.t.Context(), cfg.MariaDB)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = table.Close() })
	return newPoller(cfg, table, s.bus, p), log
}

func (s *site) runs(p *poller) {
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			s.t.Errorf("the poller ended with %v", err)
		}
	})
}

func TestLostAnswersDoubleNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(2000)
	log := s.read()
	p, _ := s.poller("PAGE_ROWS=200", "LOOK_BACK=0s")
	p.log = &lossy{journal: p.log}
	s.runs(p)
	log.wants(call.KindPage, span(1, 2000))
}

// Two sessions without the courtesy of the lease: the checkpoint alone decides.
func TestFencedSessionsDoubleNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(4000)
	log := s.read()
	fenced := make(chan int, 3)
	for range 3 {
		p, _ := s.poller("PAGE_ROWS=50", "LOOK_BACK=0s")
		go func() {
			lost := 0
			defer func() { fenced <- lost }()
			for p.cfg.PollEvery > 0 {
				session, err := p.begin(t.Context())
				if err != nil || session.cp.LastID >= 4000 {
					return
				}
				for !errors.Is(err, jetstream.ErrFenced) && session.cp.LastID < 4000 {
					_, err = session.pollOnce(t.Context())
				}
				lost++
			}
		}()
	}
	lost := 0
	for range 3 {
		lost += <-fenced
	}
	if lost < 2 {
		t.Errorf("they met %d times only", lost)
	}
	log.wants(call.KindPage, span(1, 4000))
}

// Pages of large rows are bounded by their bytes.
func TestLargeRows(t *testing.T) {
	t.Parallel()
	s := newSite(t, "CREATE TABLE asterisk_cdr (id INT AUTO_INCREMENT PRIMARY KEY, uniqueid VARCHAR(32), v TEXT)")
	s.sql.exec("INSERT INTO asterisk_cdr (id, uniqueid, v) SELECT seq, seq, REPEAT(CHAR(64 + seq % 26), 65535) FROM seq_1_to_1200")
	log := s.read()
	p := s.poll("LOOK_BACK=0s")
	log.wants(call.KindPage, span(1, 1200))
	if pages := p.metric("poller_pages_total"); pages < 3 {
		t.Errorf("75 MiB came in %v pages", pages)
	}
	for _, row := range log.all() {
		if v := row.text("v"); len(v) != 65535 || v[0] != byte(64+row.row.ID%26) || v[65534] != v[0] {
			t.Fatalf("row %d has %d bytes beginning with %.3s", row.row.ID, len(v), v)
		}
	}
}

// An idle source keeps its checkpoint young, or age would take it.
func TestIdleCheckpointIsRenewed(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(5)
	p, _ := s.poller()
	session, err := p.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := session.pollOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	before, revision := s.checkpoint(), session.revision
	session.cp.At = session.cp.At.Add(-renewEvery - time.Second)
	if _, err := session.pollOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := s.checkpoint()
	if session.revision == revision || after.Page != before.Page+1 || after.LastID != before.LastID || !after.At.After(before.At) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if _, err := session.pollOnce(t.Context()); err != nil || s.checkpoint().Page != after.Page {
		t.Errorf("it is renewed all the time: %+v, %v", s.checkpoint(), err)
	}
}
