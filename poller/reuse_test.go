package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// A table that is not the one that was read stops the poller, whether it runs or starts; nothing of it reaches the log.
func TestReusedIDsStopThePoller(t *testing.T) {
	t.Parallel()
	const known = "Set a SOURCE_NUMBER that was never used, now 0, to read it as a new source from its start (or from POLL_FROM); or, where the rows from some id on may replace what is stored under their ids, POLL_FROM to that id"
	for _, tt := range []struct{ name, sql, want string }{
		{"truncated", "TRUNCATE asterisk_cdr", "its next id is 1 and row 100 was read already"},
		{"truncated and written again", "TRUNCATE asterisk_cdr; INSERT INTO asterisk_cdr (uniqueid) VALUES ('a'), ('b')", "its next id is "},
		{"truncated and written beyond", "TRUNCATE asterisk_cdr; INSERT INTO asterisk_cdr (id, uniqueid) SELECT seq, seq FROM seq_1_to_150", `row 100 has the uniqueid "100" and had "1795228148.`},
		{"dropped and made again", "DROP TABLE asterisk_cdr; " + asteriskDDL, "its next id is 1 and row 100 was read already"},
		{"an older copy", "DELETE FROM asterisk_cdr WHERE id > 60; ALTER TABLE asterisk_cdr AUTO_INCREMENT = 61", "its next id is 61 and row 100 was read already"},
		{"an older copy that counts on", "DELETE FROM asterisk_cdr WHERE id > 60", "its highest id is 60 and row 100 was read already"},
		{"another call under the last id", "UPDATE asterisk_cdr SET uniqueid = 'x' WHERE id = 100", `row 100 has the uniqueid "x" and had "1795228148.`},
		{"another call under an id within the look-back", "UPDATE asterisk_cdr SET uniqueid = 'x' WHERE id = 50", "row 50 came back with another uniqueid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, asteriskDDL)
			s.insert(100)
			log := s.read()
			p := s.poll()
			log.wants(call.KindPage, span(1, 100))
			s.sql.exec(tt.sql)
			for _, when := range []string{"running", "started again"} {
				if when != "running" {
					p = s.poll()
				}
				got := p.fails()
				if !strings.Contains(got, tt.want) || !strings.Contains(got, known) || strings.Contains(got, "\n") {
					t.Errorf("%s: got %s, want %s … %s", when, got, tt.want, known)
				}
				if strings.HasPrefix(tt.want, "row 50") {
					break // after a restart nobody knows the row any more: it is a correction
				}
			}
			if got := log.ids(call.KindPage); len(got) != 100 {
				t.Errorf("%d rows of kind page", len(got))
			}
		})
	}
}

// What is no reuse goes on: a row deleted, even the newest, and a table that a purge emptied.
func TestDeletedRowsAreNoReuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(10)
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, span(1, 10))
	s.sql.exec("BEGIN; DELETE FROM asterisk_cdr WHERE id = 10; INSERT INTO asterisk_cdr (uniqueid) VALUES ('k'); COMMIT")
	log.wants(call.KindPage, span(1, 11))
	s.sql.exec("DELETE FROM asterisk_cdr")
	p.end()
	p = s.poll()
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_polling") == 1 }, "it polls")
	s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES ('l')")
	log.wants(call.KindPage, span(1, 12))
}

// The remedies that the message names.
func TestNewSourceNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(20)
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, span(1, 20))
	s.sql.exec("TRUNCATE asterisk_cdr")
	s.insert(5)
	p.fails()
	s.poll("SOURCE_NUMBER=3")
	log.wants(call.KindPage, slices.Sorted(slices.Values(append(span(1, 20), span(1, 5)...))))
	if o := log.last(5).origin; o.SourceNumber != 3 {
		t.Errorf("row 5 came with %+v", o)
	}
	if cp := s.checkpoint(); cp.LastID != 5 || cp.SourceNumber != 3 {
		t.Errorf("checkpoint %+v", cp)
	}
}

func TestPollFromGoesBackOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(100)
	log := s.read()
	p := s.poll("LOOK_BACK=1h")
	log.wants(call.KindPage, span(1, 100))
	p.end()
	s.sql.exec("DELETE FROM asterisk_cdr WHERE id > 60; ALTER TABLE asterisk_cdr AUTO_INCREMENT = 61")
	s.poll("LOOK_BACK=0s").fails()

	p = s.poll("LOOK_BACK=0s", "POLL_FROM=51")
	log.wants(call.KindBackfill, span(51, 60))
	s.insert(60) // 61 to 120: up to 100 they may be stored already, above they cannot be
	log.wants(call.KindLookBack, span(61, 100))
	log.wants(call.KindPage, span(1, 120))
	p.end()
	p = s.poll("LOOK_BACK=0s", "POLL_FROM=51")
	s.insert(1)
	log.wants(call.KindPage, span(1, 121))
	log.wants(call.KindBackfill, span(51, 60))
	p.end()
	if cp := s.checkpoint(); cp.PollFrom != 51 || cp.LastID != 121 {
		t.Errorf("checkpoint %+v", cp)
	}
}

func TestPollFromStartsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(100)
	log := s.read()
	p := s.poll("POLL_FROM=91")
	log.wants(call.KindPage, span(91, 100))
	p.end()
	// Above the checkpoint there is nothing to go back to, not even when the checkpoint has passed it.
	p = s.poll("POLL_FROM=105", "LOOK_BACK=0s")
	s.insert(20)
	log.wants(call.KindPage, span(91, 120))
	p.end()
	s.poll("POLL_FROM=105", "LOOK_BACK=0s")
	s.insert(1)
	log.wants(call.KindPage, span(91, 121))
	log.wants(call.KindBackfill, nil)
}

// The source is known and its checkpoint is gone, as after the stream was made again.
func TestLostCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(30)
	if err := s.bus.RememberSource(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	const want = "source pbx was polled before, but its checkpoint is gone from the log (the stream was made anew, or its age took it): " +
		"set POLL_FROM to the row id to read from, 1 for all rows; rows that are stored already are not doubled"
	if got := s.poll().fails(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	log := s.read()
	p := s.poll("POLL_FROM=11")
	log.wants(call.KindLookBack, span(11, 30))
	s.insert(5)
	log.wants(call.KindPage, span(31, 35))
	p.end()
}

func TestSourceIsRememberedWithItsFirstPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	log := s.read()
	remembered := func() bool {
		known, err := s.bus.SourceKnown(t.Context(), "pbx")
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	p := s.poll()
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_polling") == 1 }, "it polls")
	p.end()
	if remembered() {
		t.Error("a source without a page is remembered: it may not start")
	}
	s.insert(1)
	s.poll()
	log.wants(call.KindPage, span(1, 1))
	servertest.Eventually(t, soon, remembered, "the source is remembered")
}

func TestRowsThatCannotTravelAreParked(t *testing.T) {
	t.Parallel()
	s := newSite(t, "CREATE TABLE asterisk_cdr (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, uniqueid VARCHAR(32), v MEDIUMTEXT)")
	s.sql.exec("SET sql_mode='NO_AUTO_VALUE_ON_ZERO'; INSERT INTO asterisk_cdr VALUES (-3, 'low', ''), (0, 'zero', ''), (1, 'a', '')," +
		" (2, 'large', REPEAT('x', 524288)), (3, 'fits', REPEAT('x', 524200)), (4, 'b', '')")
	log := s.read()
	p := s.poll()
	log.wants(call.KindPage, []uint64{1, 3, 4})
	s.sql.exec("INSERT INTO asterisk_cdr VALUES (1099511627776, 'high', ''), (1099511627780, 'higher', '')")
	parked := map[string]string{}
	servertest.Eventually(t, soon, func() error {
		clear(parked)
		if err := s.list(parked); err != nil {
			return err
		}
		if len(parked) != 5 {
			return fmt.Errorf("%v", parked)
		}
		return nil
	}, "five rows are parked")
	if why := parked["pbx-2"]; !strings.HasPrefix(why, "row of 5243") || !strings.HasSuffix(why, " bytes, want at most 524288") {
		t.Errorf("row 2 was parked for %q", why)
	}
	for _, id := range []string{"-3", "0", "1099511627776", "1099511627780"} {
		if want := "row id " + id + ", want 1 to 1099511627775"; parked["pbx-"+id] != want {
			t.Errorf("row %s was parked for %q, want %q", id, parked["pbx-"+id], want)
		}
	}
	if large, outside := p.metric("poller_parked_total", "large"), p.metric("poller_parked_total", "id"); large != 1 || outside != 4 {
		t.Errorf("metrics count %v large rows and %v ids", large, outside)
	}
	// Cut to size, it travels; nothing is parked again for being looked at.
	s.sql.exec("UPDATE asterisk_cdr SET v = 'short' WHERE id = 2")
	log.wants(call.KindLookBack, []uint64{2})
	if large := p.metric("poller_parked_total", "large"); large != 1 {
		t.Errorf("%v large rows are parked by now", large)
	}
}
