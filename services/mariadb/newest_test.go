package mariadb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestNewestNamesRowsFromTheTop(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE c (no BIGINT PRIMARY KEY, began DATETIME, calldate_utc INT);"+
		"INSERT INTO c (no, began) VALUES (-4, '2026-01-01'), (1, '2026-01-01 10:00:00'), (2, NULL), (5, '0000-00-00'), (9, '2026-01-02 00:00:01'), (900, NULL)")
	s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "c", ColumnMap: "id=no,calldate=began"})
	named := func(below uint64, limit int) string {
		t.Helper()
		var list []string
		if err := s.Newest(t.Context(), below, limit, func(id uint64, calldate string) {
			list = append(list, fmt.Sprintf("%d %s", id, calldate))
		}); err != nil {
			t.Fatal(err)
		}
		return strings.Join(list, ", ")
	}
	for _, test := range []struct {
		below uint64
		limit int
		want  string
	}{
		{1 << 63, 2, "900 , 9 2026-01-02 00:00:01"},
		{9, 10, "5 0000-00-00 00:00:00, 2 , 1 2026-01-01 10:00:00"},
		{1, 10, ""},
		{0, 10, ""},
	} {
		if got := named(test.below, test.limit); got != test.want {
			t.Errorf("below %d: %q, want %q", test.below, got, test.want)
		}
	}
	query(t, database, "CREATE TABLE bare (id INT PRIMARY KEY); INSERT INTO bare VALUES (3)")
	s = open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "bare"})
	if got := named(10, 10); got != "3 " {
		t.Errorf("a table without a calldate: %q", got)
	}
}
