package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const soon = time.Minute // generous: the machine may be compiling

// site is a PBX's database and a log, both real.
type site struct {
	t        *testing.T
	database servertest.Database
	url      string
	bus      *jetstream.Bus
	sql      *client
	limits   jetstream.Streams
}

const asteriskDDL = "CREATE TABLE asterisk_cdr (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, calldate DATETIME," +
	" src VARCHAR(80), uniqueid VARCHAR(32) NOT NULL DEFAULT '', linkedid VARCHAR(32), userfield VARCHAR(255)) CHARSET utf8mb4"

var roomy = jetstream.Streams{Replicas: 1, CDRAge: time.Hour, CDRBytes: 1 << 30, CallAge: time.Hour, CallBytes: 1 << 30}

func newSite(t *testing.T, ddl string) *site {
	t.Helper()
	return newSiteAt(t, servertest.NATS(t).URL, ddl)
}

func newSiteAt(t *testing.T, url, ddl string) *site {
	t.Helper()
	s := &site{t: t, database: servertest.MariaDB(t), url: url, limits: roomy}
	s.connect()
	s.sql = newClient(t, s.database)
	s.sql.exec(ddl)
	return s
}

// connect to the log, with streams of the site's limits.
func (s *site) connect() {
	s.t.Helper()
	s.bus = newBus(s.t, s.url, s.limits)
}

// newBus connects to a log and creates its streams, as an enricher does.
func newBus(t testing.TB, url string, limits jetstream.Streams) *jetstream.Bus {
	t.Helper()
	bus, err := jetstream.Connect(t.Context(), jetstream.Config{URL: url}, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Close)
	if err := bus.CreateStreams(t.Context(), limits, func(context.Context) (uint32, error) { return 0, nil }); err != nil {
		t.Fatal(err)
	}
	return bus
}

// insert n plain rows after the highest one. The ids are given: INSERT … SELECT takes them in powers of two.
func (s *site) insert(n int) {
	s.t.Helper()
	s.sql.exec(fmt.Sprintf("INSERT INTO asterisk_cdr (id, src, uniqueid, linkedid)"+
		" SELECT m + seq, m + seq, CONCAT('1795228148.', UUID_SHORT()), CONCAT('1795228148.', seq DIV 2)"+
		" FROM seq_1_to_%d, (SELECT IFNULL(MAX(id), 0) AS m FROM asterisk_cdr) AS t ORDER BY seq", n))
}

// checkpoint as the log has it.
func (s *site) checkpoint() call.Checkpoint {
	s.t.Helper()
	cp, _, err := s.bus.Checkpoint(s.t.Context(), "pbx")
	if err != nil && !errors.Is(err, jetstream.ErrNoCheckpoint) {
		s.t.Fatal(err)
	}
	return cp
}

// list what the poller parked: id → reason.
func (s *site) list(into map[string]string) error {
	return s.bus.ListParked(s.t.Context(), stage, func(p jetstream.Parked) error {
		into[p.ID] = p.Reason
		return nil
	})
}
