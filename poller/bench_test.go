package main

import (
	"fmt"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// wide is a call record of 32 columns and about 600 bytes.
const wide = "CREATE TABLE asterisk_cdr (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, calldate DATETIME, clid VARCHAR(80), src VARCHAR(80)," +
	" dst VARCHAR(80), dcontext VARCHAR(80), channel VARCHAR(80), dstchannel VARCHAR(80), lastapp VARCHAR(80), lastdata VARCHAR(200)," +
	" duration INT, billsec INT, disposition VARCHAR(45), amaflags INT, accountcode VARCHAR(20), uniqueid VARCHAR(64), userfield VARCHAR(255)," +
	" answer DATETIME, end DATETIME, linkedid VARCHAR(64), peeraccount VARCHAR(20), sequence INT, queue_name VARCHAR(64), queue_wait_time INT," +
	" answered_agent VARCHAR(64), recordingfile VARCHAR(255), did VARCHAR(50), cnum VARCHAR(80), cnam VARCHAR(80), outbound_cnum VARCHAR(80)," +
	" outbound_cnam VARCHAR(80), dst_cnam VARCHAR(80)) CHARSET utf8mb4;" +
	"INSERT INTO asterisk_cdr SELECT seq, '2026-11-21 08:09:10' + INTERVAL seq SECOND, CONCAT('\"Meera ', seq, '\" <9198', seq, '>'), 919840012345 + seq," +
	" 918065978001, 'from-trunk', CONCAT('PJSIP/trunk-', LPAD(HEX(seq), 8, 0)), CONCAT('PJSIP/1001-', LPAD(HEX(seq * 7), 8, 0)), 'Dial'," +
	" 'PJSIP/1001,30,tTU(queue-connected)', 65 + seq MOD 600, 60 + seq MOD 600, 'ANSWERED', 3, seq MOD 40, CONCAT(1795228148 + seq, '.', seq), ''," +
	" '2026-11-21 08:09:15' + INTERVAL seq SECOND, '2026-11-21 08:10:10' + INTERVAL seq SECOND, CONCAT(1795228148 + seq DIV 2, '.', seq DIV 2), NULL, seq," +
	" 'support', 12, 'Agent/1001', CONCAT('20261121-080910-', seq, '-919840012345-918065978001.wav'), '918065978001', '919840012345', 'Meera', NULL, NULL, ''" +
	" FROM seq_1_to_%d"

// BenchmarkReadAndEncode is the poller's inner loop: from MariaDB's socket into chunks, with hashes, without the log.
func BenchmarkReadAndEncode(b *testing.B) {
	const rows = 200_000
	database := servertest.MariaDB(b)
	newClient(b, database).exec(fmt.Sprintf(wide, rows))
	table, err := mariadb.Open(b.Context(), mariadb.Config{DSN: database.ReaderDSN, Table: "asterisk_cdr"})
	if err != nil {
		b.Fatal(err)
	}
	defer table.Close()
	p := &poller{table: table, pages: map[call.Kind]*page{}, cfg: config{PageRows: 5000, Source: "pbx", SourceTimezone: "UTC"}}
	b.ReportAllocs()
	var list []large
	read := 0
	for b.Loop() {
		for last := uint64(0); last < rows; {
			pg := p.page(call.KindPage)
			n, err := table.Rows(b.Context(), []mariadb.Range{mariadb.Rest(last + 1)}, 5000, func(id uint64, values [][]byte) bool {
				last = id
				pg.saw(id, lookOf(pg.uniqueidOf(values), p.take(pg, id, values, &list)))
				return true
			})
			if err != nil || n == 0 {
				b.Fatal(n, err)
			}
			pg.take(nil)
			read += n
		}
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkDrain is the whole poller, from MariaDB to the log.
func BenchmarkDrain(b *testing.B) {
	const rows = 200_000
	database := servertest.MariaDB(b)
	newClient(b, database).exec(fmt.Sprintf(wide, rows))
	read := 0
	for b.Loop() {
		b.StopTimer()
		bus := newBus(b, servertest.NATSChild(b).URL, roomy)
		log := &lockedBuffer{}
		pr := process.New("poller", []string{"MARIADB_DSN=" + database.ReaderDSN, "ADMIN_ADDR=", "LOOK_BACK=0s"}, log)
		cfg, err := process.Config[config](pr)
		if err != nil {
			b.Fatal(err)
		}
		table, err := mariadb.Open(b.Context(), cfg.MariaDB)
		if err != nil {
			b.Fatal(err)
		}
		s, err := newPoller(cfg, table, bus, pr).begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for s.cp.LastID < rows {
			if _, err := s.pollOnce(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		read += rows
		b.StopTimer()
		_ = table.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
}
