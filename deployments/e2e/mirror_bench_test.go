package e2e

import (
	"database/sql"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mirror is a MariaDB table with the rows that ClickHouse has, indexed as a site that searches its CDR table would, and all of
// it in memory.
type mirror struct{ *sql.DB }

const mirrorColumns = "id, calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, accountcode, " +
	"uniqueid, userfield, answer, end, linkedid, peeraccount, sequence, queue_name, queue_wait_time, answered_agent, recordingfile"

// newMirror copies the store's rows and reads every index once, so that the buffer pool holds them.
func (h *house) newMirror(b *testing.B, rows uint64) mirror {
	config, err := mysql.ParseDSN(h.mariadb.Database.AdminDSN)
	if err != nil {
		b.Fatal(err)
	}
	config.InterpolateParams = true
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	m := mirror{db}
	// 20 million rows with their indexes are some 9 GiB.
	m.exec(b, fmt.Sprintf("SET GLOBAL innodb_buffer_pool_size = %d", max(1<<30, rows*560)))
	m.exec(b, "SET GLOBAL local_infile = 1")
	m.exec(b, cdrTable)
	const step = 500_000
	for low := uint64(0); low < rows; low += step {
		body := h.stream(fmt.Sprintf("SELECT id, formatDateTime(calldate, '%%F %%T'), clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, "+
			"toString(disposition), amaflags, accountcode, uniqueid, userfield, formatDateTime(answer, '%%F %%T'), formatDateTime(end, '%%F %%T'), linkedid, peeraccount, sequence, "+
			"queue_name, queue_wait_time, answered_agent, recordingfile FROM calls FINAL WHERE id > %d AND id <= %d ORDER BY id FORMAT TabSeparated", low, low+step))
		name := fmt.Sprintf("rows-%d", low)
		mysql.RegisterReaderHandler(name, func() io.Reader { return body })
		m.exec(b, "LOAD DATA LOCAL INFILE 'Reader::"+name+"' INTO TABLE asterisk_cdr CHARACTER SET utf8mb4 ("+mirrorColumns+")")
		mysql.DeregisterReaderHandler(name)
		_ = body.Close()
	}
	m.exec(b, "ALTER TABLE asterisk_cdr ADD INDEX ix_account (accountcode, calldate), ADD INDEX ix_src (src), ADD INDEX ix_dst (dst), ADD INDEX ix_linkedid (linkedid)")
	m.exec(b, "ANALYZE TABLE asterisk_cdr")
	for _, index := range []string{"PRIMARY", "ix_account", "ix_src", "ix_dst", "ix_linkedid"} {
		var n uint64
		if err := m.QueryRowContext(b.Context(), "SELECT COUNT(*) FROM asterisk_cdr FORCE INDEX ("+index+") WHERE "+
			map[string]string{"PRIMARY": "lastdata IS NOT NULL", "ix_account": "accountcode >= ''", "ix_src": "src >= ''", "ix_dst": "dst >= ''", "ix_linkedid": "linkedid >= ''"}[index]).Scan(&n); err != nil {
			b.Fatal(err)
		}
		if n != rows {
			b.Fatalf("the mirror has %d rows by %s, want %d", n, index, rows)
		}
	}
	var name, reads string
	_ = m.QueryRowContext(b.Context(), "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_free'").Scan(&name, &reads)
	b.Logf("MariaDB holds the same rows; free pages in its buffer pool: %s", reads)
	return m
}

func (m mirror) exec(b *testing.B, statement string) {
	b.Helper()
	if _, err := m.ExecContext(b.Context(), statement); err != nil {
		b.Fatalf("%.100s: %v", statement, err)
	}
}

// read asks a question, takes every row of the answer and tells how long it took.
func (m mirror) read(b *testing.B, query string) (rows int, took time.Duration) {
	b.Helper()
	started := time.Now()
	answer, err := m.QueryContext(b.Context(), query)
	if err != nil {
		b.Fatalf("%s: %v", query, err)
	}
	defer answer.Close()
	names, err := answer.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values := make([]any, len(names))
	for i := range values {
		values[i] = new(sql.RawBytes)
	}
	for answer.Next() {
		if err := answer.Scan(values...); err != nil {
			b.Fatal(err)
		}
		rows++
	}
	if err := answer.Err(); err != nil {
		b.Fatalf("%s: %v", query, err)
	}
	return rows, time.Since(started)
}
