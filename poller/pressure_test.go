package main

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// tight is a log whose readers are far behind.
type tight struct {
	journal
	late atomic.Bool
}

func (l *tight) Pressure(ctx context.Context) (jetstream.Pressure, error) {
	p, err := l.journal.Pressure(ctx)
	p.Oldest = time.Time{}
	if l.late.Load() {
		p.Oldest = time.Now().Add(-p.MaxAge*6/10 - time.Second)
	}
	return p, err
}

func TestPausesWhileReadersAreFarBehind(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(10)
	log := s.read()
	p, out := s.poller()
	behind := &tight{journal: p.log}
	behind.late.Store(true)
	p.log = behind
	s.runs(p)
	paused := func() bool { return (&running{t: t, p: p.proc}).metric("poller_paused") == 1 }
	servertest.Eventually(t, soon, paused, "it pauses")
	log.wants(call.KindPage, nil)
	if !strings.Contains(out.String(), "pause, the enrichers are too far behind") {
		t.Errorf("it does not say so: %s", out)
	}
	behind.late.Store(false)
	log.wants(call.KindPage, span(1, 10))
	if paused() {
		t.Error("it still calls itself paused")
	}
}

// A stream that is full takes nothing; the rows wait in MariaDB until it has room.
func TestPausesWhileTheLogIsFull(t *testing.T) {
	t.Parallel()
	s := &site{t: t, database: servertest.MariaDB(t), url: servertest.NATS(t).URL, limits: roomy}
	s.limits.CDRBytes = 2 << 20
	s.connect()
	s.sql = newClient(t, s.database)
	s.sql.exec("CREATE TABLE asterisk_cdr (id INT AUTO_INCREMENT PRIMARY KEY, uniqueid VARCHAR(32), v VARBINARY(8000))")
	s.sql.exec("INSERT INTO asterisk_cdr (id, uniqueid, v) SELECT seq, seq, CONCAT(" + strings.Repeat("RANDOM_BYTES(1000),", 3) + "'') FROM seq_1_to_2000")
	log := s.read()
	p := s.poll("PAGE_ROWS=100", "LOOK_BACK=0s")
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_paused") == 1 }, "it pauses")
	if got := p.metric("poller_last_id"); got == 0 || got >= 2000 {
		t.Errorf("it paused at row %v", got)
	}
	servertest.Eventually(t, soon, func() bool { return strings.Contains(p.log.String(), "pause, the log is full") }, "it says so")
	s.limits.CDRBytes = 1 << 30
	s.connect()
	log.wants(call.KindPage, span(1, 2000))
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_paused") == 0 }, "it knows that it is over")
}
