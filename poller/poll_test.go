package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestEveryRowOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(3000)
	s.sql.exec("INSERT INTO asterisk_cdr (src, uniqueid, linkedid, userfield) VALUES (NULL, 'a', NULL, ''), ('', '', '', NULL)")
	log := s.read()
	p := s.poll("PAGE_ROWS=499", "SOURCE_TIMEZONE=Asia/Kolkata", "SOURCE_NUMBER=7")
	log.wants(call.KindPage, span(1, 3002))
	s.insert(10)
	log.wants(call.KindPage, span(1, 3012))
	p.end()

	for _, row := range log.all() {
		id, linkedid, uniqueid := row.row.ID, row.text("linkedid"), row.text("uniqueid")
		want := call.Partition(linkedid)
		switch id {
		case 3001:
			want = call.Partition("a")
			if row.text("src") != "NULL" || row.text("userfield") != "" || linkedid != "NULL" {
				t.Errorf("row %d has src %s, userfield %q, linkedid %s", id, row.text("src"), row.text("userfield"), linkedid)
			}
		case 3002:
			want = call.Partition("3002")
			if row.text("src") != "" || row.text("userfield") != "NULL" || linkedid != "" || uniqueid != "" {
				t.Errorf("row %d has src %q, userfield %s", id, row.text("src"), row.text("userfield"))
			}
		default:
			if row.text("src") != fmt.Sprint(id) && id <= 3000 {
				t.Errorf("row %d has src %s", id, row.text("src"))
			}
		}
		if row.partition != want {
			t.Errorf("row %d is in partition %d, want %d", id, row.partition, want)
		}
		if o := row.origin; o.Source != "pbx" || o.SourceNumber != 7 || o.Zone != "Asia/Kolkata" {
			t.Fatalf("row %d comes from %+v", id, o)
		}
		if row.text("id") != fmt.Sprint(id) {
			t.Errorf("row %d says it is %s", id, row.text("id"))
		}
	}
	cp := s.checkpoint()
	if cp.LastID != 3012 || len(cp.Gaps) != 0 || cp.SourceNumber != 7 || cp.LastUniqueID == "" {
		t.Errorf("checkpoint %+v", cp)
	}
	if got := p.metric("poller_rows_total", "page"); got != 3012 {
		t.Errorf("metric counts %v rows", got)
	}
}

// A row that commits after a higher one is found every time, whether the poller started before or after.
func TestLateCommitsAreFound(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	log := s.read()
	var late []*client
	for range 4 {
		late = append(late, newClient(t, s.database))
	}
	var gap, page []uint64
	id := uint64(0)
	begin := func(c *client) {
		c.exec("BEGIN; INSERT INTO asterisk_cdr (uniqueid) VALUES (UUID_SHORT())")
		id++
		gap = append(gap, id)
	}
	commit := func() {
		s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES (UUID_SHORT())")
		id++
		page = append(page, id)
	}
	begin(late[0]) // before the poller runs, and before its first row
	commit()
	p := s.poll("GAP_TIMEOUT=1m")
	log.wants(call.KindPage, page)
	for _, c := range late[1:] {
		begin(c)
		commit()
		commit()
		log.wants(call.KindPage, page)
	}
	if got := p.metric("poller_gaps_open"); got != 4 {
		t.Errorf("%v gaps are open, want 4", got)
	}
	for i := len(late) - 1; i >= 0; i-- {
		late[i].exec("COMMIT")
		want := slices.Clone(gap[i:])
		log.wants(call.KindGap, want)
	}
	log.wants(call.KindPage, page)
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_gaps_open") == 0 }, "gaps close")
	if got := s.checkpoint().Gaps; len(got) != 0 {
		t.Errorf("the checkpoint has %v", got)
	}
}

// Gaps are in the checkpoint, so a late row is found by whoever comes next.
func TestLateCommitOverARestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	log := s.read()
	late := newClient(t, s.database)
	s.insert(3)
	late.exec("BEGIN; INSERT INTO asterisk_cdr (uniqueid) VALUES ('late')")
	s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES ('next')")
	first := s.poll("GAP_TIMEOUT=1m")
	log.wants(call.KindPage, []uint64{1, 2, 3, 5})
	first.end()
	late.exec("COMMIT")
	s.poll("GAP_TIMEOUT=1m", "LOOK_BACK=0s")
	log.wants(call.KindGap, []uint64{4})
	log.wants(call.KindPage, []uint64{1, 2, 3, 5})
}

func TestRolledBackIDsAreGivenUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	log := s.read()
	s.insert(2)
	p := s.poll("GAP_TIMEOUT=3s")
	log.wants(call.KindPage, span(1, 2))
	s.sql.exec("BEGIN; INSERT INTO asterisk_cdr (uniqueid) VALUES ('x'), ('y'); ROLLBACK; INSERT INTO asterisk_cdr (uniqueid) VALUES ('z')")
	began := time.Now()
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_gaps_open") == 1 }, "the gap is seen")
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_gaps_expired_total") == 1 }, "the gap is closed")
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("it was given up after %s", took)
	}
	if p.metric("poller_gaps_open") != 0 {
		t.Error("the gap is open still")
	}
	s.insert(1)
	log.wants(call.KindPage, []uint64{1, 2, 5, 6})
	servertest.Eventually(t, soon, func() bool { return len(s.checkpoint().Gaps) == 0 }, "the checkpoint forgets it")
}

// What the poller finds when it starts has holes that nobody will fill: those are read again once.
func TestOldGapsAreReadOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(3000)
	s.sql.exec("DELETE FROM asterisk_cdr WHERE id % 3 = 0 AND id <= 2000")
	log := s.read()
	p := s.poll("PAGE_ROWS=300", "GAP_TIMEOUT=4s", "LOOK_BACK=0s")
	servertest.Eventually(t, soon, func() bool { return len(log.ids(call.KindPage)) == 2334 }, "all rows are read")
	if got := p.metric("poller_gaps_open"); got != 666 {
		t.Errorf("%v gaps are open, want 666", got)
	}
	cp := s.checkpoint()
	for _, g := range cp.Gaps {
		if !g.Once {
			t.Errorf("%+v is read every second", g)
		}
	}
	s.sql.exec("INSERT INTO asterisk_cdr (id, uniqueid) VALUES (9, 'old')")
	servertest.Eventually(t, soon, func() bool { return p.metric("poller_gaps_open") == 0 }, "they are closed")
	log.wants(call.KindGap, []uint64{9})
}

// A stop in the middle of a drain, again and again, with a page on its way each time.
func TestRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(6000)
	log := s.read()
	for try := 1; s.checkpoint().LastID < 6000; try++ {
		if try > 100 {
			t.Fatal("no progress")
		}
		p := s.poll("PAGE_ROWS=100", "LOOK_BACK=2s")
		at := s.checkpoint().LastID
		servertest.Eventually(t, soon, func() bool { return s.checkpoint().LastID > at }, "a page")
		p.end()
	}
	log.wants(call.KindPage, span(1, 6000))
}

// Two pollers that both believe they poll: the checkpoint lets one page of the two in.
func TestTwoPollersAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(5000)
	log := s.read()
	for range 2 {
		s.poll("PAGE_ROWS=200")
	}
	log.wants(call.KindPage, span(1, 5000))
	s.insert(500)
	log.wants(call.KindPage, span(1, 5500))
}

func TestStartExplains(t *testing.T) {
	t.Parallel()
	s := newSite(t, "CREATE TABLE asterisk_cdr (uniqueid VARCHAR(32))")
	name := s.database.Name
	for _, tt := range []struct{ name, env, want string }{
		{"no id", "", "table " + name + ".asterisk_cdr has no column id, which rows are read by: ALTER TABLE `" + name + "`.`asterisk_cdr` ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY"},
		{"no table", "CDR_TABLE=cdr", "has no table " + name + ".cdr: set CDR_TABLE"},
		{"no server", "MARIADB_DSN=reader:opensesame@tcp(127.0.0.1:1)/asterisk", "MariaDB at 127.0.0.1:1 cannot be reached, check that the server runs and that MARIADB_DSN has the right address"},
		{"no log", "NATS_URL=nats://127.0.0.1:1", "NATS_URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "no log" {
				s.sql.exec("ALTER TABLE asterisk_cdr ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY")
			}
			if got := s.poll(tt.env).fails(); !strings.Contains(got, tt.want) || strings.Contains(got, "opensesame") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
