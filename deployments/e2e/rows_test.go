package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

const cdrTable = `CREATE TABLE asterisk_cdr (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, calldate datetime NOT NULL, clid varchar(80) NOT NULL DEFAULT '', src varchar(80) NOT NULL DEFAULT '',
  dst varchar(80) NOT NULL DEFAULT '', dcontext varchar(80) NOT NULL DEFAULT '', channel varchar(80) NOT NULL DEFAULT '', dstchannel varchar(80) NOT NULL DEFAULT '',
  lastapp varchar(80) NOT NULL DEFAULT '', lastdata varchar(160) NOT NULL DEFAULT '', duration int NOT NULL DEFAULT 0, billsec int NOT NULL DEFAULT 0,
  disposition varchar(45) NOT NULL DEFAULT '', amaflags int NOT NULL DEFAULT 0, accountcode varchar(20) NOT NULL DEFAULT '', uniqueid varchar(150) NOT NULL DEFAULT '',
  userfield varchar(255) NOT NULL DEFAULT '', answer datetime DEFAULT NULL, end datetime DEFAULT NULL, linkedid varchar(150) NOT NULL DEFAULT '',
  peeraccount varchar(20) NOT NULL DEFAULT '', sequence int DEFAULT NULL, queue_name varchar(64) DEFAULT NULL, queue_wait_time int DEFAULT NULL,
  answered_agent varchar(80) DEFAULT NULL, recordingfile varchar(255) DEFAULT NULL, cost decimal(20,4) DEFAULT NULL, note text DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

const cdrColumns = "calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, amaflags, accountcode, " +
	"uniqueid, userfield, answer, end, linkedid, peeraccount, sequence, queue_name, queue_wait_time, answered_agent, recordingfile, cost, note"

// A generator makes rows that differ in every column; the same number gives the same row.
type generator struct {
	orgs  int
	start time.Time // calldate of row 0
	// Two rows that follow each other are always one call; with this set they are one organisation's too.
	together bool
}

// values of rows n to n+count-1, ready for an INSERT.
func (g generator) values(n, count int) string {
	var b strings.Builder
	for i := n; i < n+count; i++ {
		if i > n {
			b.WriteByte(',')
		}
		at := g.start.Add(time.Duration(i) * 250 * time.Millisecond).UTC()
		duration := i % 300
		talk, disposition, answer := 0, "NO ANSWER", "NULL"
		if i%3 > 0 {
			talk, disposition = duration*2/3, "ANSWERED"
			answer = "'" + at.Add(time.Duration(duration-talk)*time.Second).Format(time.DateTime) + "'"
		}
		queue, wait, agent, file := "NULL", "NULL", "NULL", "NULL"
		if i%5 == 0 {
			queue, wait = "'support'", fmt.Sprint(i%60)
		}
		if i%10 == 0 {
			agent, file = "'PJSIP/1005'", fmt.Sprintf("'rec-%d.wav'", i)
		}
		linked := fmt.Sprintf("%d.%d", g.start.Add(time.Duration(i-i%2)*250*time.Millisecond).Unix(), i-i%2)
		org := i%g.orgs + 1
		if g.together {
			org = i/2%g.orgs + 1
		}
		fmt.Fprintf(&b, `('%s','"Cäller ''%d'' 📞" <9199%08d>','9199%08d','91806597%04d','from-trunk','PJSIP/tata_gateway-%08x','PJSIP/10%02d-%08x',`+
			`'Dial','PJSIP/10%02d,7,t',%d,%d,'%s',3,'%d','%d.%d','hangupsource=PJSIP/tata_gateway-%08x|hangupcause=16',%s,'%s','%s','',%d,%s,%s,%s,%s,%d.%04d,%s)`,
			at.Format(time.DateTime), i, i, i*7919%100_000_000, i%10_000, i, i%100, i+1,
			i%100, duration, talk, disposition, org, at.Unix(), i, i, answer, at.Add(time.Duration(duration)*time.Second).Format(time.DateTime), linked,
			i, queue, wait, agent, file, i, i%10_000, []string{"NULL", "''", "'x'"}[i%3])
	}
	return b.String()
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// insert rows n to n+count-1 in statements of up to 1,000.
func (g generator) insert(ctx context.Context, db execer, n, count int) error {
	for count > 0 {
		part := min(count, 1000)
		if _, err := db.ExecContext(ctx, "INSERT INTO asterisk_cdr ("+cdrColumns+") VALUES "+g.values(n, part)); err != nil {
			return err
		}
		n, count = n+part, count-part
	}
	return nil
}
