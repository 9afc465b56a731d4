package main

import (
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestColumnsComeAndGo(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.insert(2)
	log := s.read()
	s.poll()
	log.wants(call.KindPage, span(1, 2))
	s.sql.exec("ALTER TABLE asterisk_cdr ADD COLUMN `did number` VARCHAR(20) AFTER src; INSERT INTO asterisk_cdr (uniqueid, `did number`) VALUES ('c', '1800')")
	log.wants(call.KindPage, span(1, 3))
	if got := log.last(3).text("did number"); got != "1800" {
		t.Errorf("the new column has %s", got)
	}
	s.sql.exec("ALTER TABLE asterisk_cdr DROP COLUMN src; INSERT INTO asterisk_cdr (uniqueid) VALUES ('d')")
	log.wants(call.KindPage, span(1, 4))
	if got := log.last(4); got.origin.Table.Place("src") >= 0 || got.text("uniqueid") != "d" {
		t.Errorf("row 4 came with %s", got.origin.Table)
	}
	// The look-back brings the earlier rows as they are now.
	servertest.Eventually(t, soon, func() bool { return log.last(1).origin.Table.String() == log.last(4).origin.Table.String() }, "row 1 is as it is now")
}

func TestMappedColumns(t *testing.T) {
	t.Parallel()
	s := newSite(t, "CREATE TABLE `site cdr` (recno INT AUTO_INCREMENT PRIMARY KEY, callid VARCHAR(32), who VARCHAR(20))")
	s.sql.exec("INSERT INTO `site cdr` (callid, who) VALUES ('1.1', '1001')")
	log := s.read()
	p := s.poll("CDR_TABLE=site cdr", "COLUMN_MAP=id=recno,uniqueid=callid,src=who")
	log.wants(call.KindPage, span(1, 1))
	if row := log.last(1); row.text("uniqueid") != "1.1" || row.text("src") != "1001" || row.partition != call.Partition("1.1") {
		t.Errorf("row %+v", row.row)
	}
	p.end()
	if got := s.checkpoint().LastUniqueID; got != "1.1" {
		t.Errorf("the checkpoint has uniqueid %q", got)
	}
}
