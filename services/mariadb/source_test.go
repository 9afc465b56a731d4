package mariadb_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func open(t *testing.T, cfg mariadb.Config) *mariadb.Source {
	t.Helper()
	s, err := mariadb.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// texts reads the whole table; NULL is "NULL", everything else quoted.
func texts(t *testing.T, s *mariadb.Source, ranges ...mariadb.Range) []string {
	t.Helper()
	if len(ranges) == 0 {
		ranges = []mariadb.Range{mariadb.Rest(0)}
	}
	var got []string
	_, err := s.Rows(t.Context(), ranges, 1000, func(_ uint64, values [][]byte) bool {
		var line []string
		for _, v := range values {
			if v == nil {
				line = append(line, "NULL")
			} else {
				line = append(line, fmt.Sprintf("%q", v))
			}
		}
		got = append(got, strings.Join(line, " "))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Every type of column, compared with the bytes that the client program gets: it shares no code with the driver.
func TestEveryValueArrivesByteForByte(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	columns := []struct{ ddl, value string }{
		{"VARCHAR(80) CHARACTER SET utf8mb4", "'मीरा 😀 \"quoted\" \\\\ \\0 \\n'"},
		{"VARCHAR(80) CHARACTER SET utf8mb3", "'Zoë ₹'"},
		{"VARCHAR(80) CHARACTER SET latin1", "'Zoë €'"},
		{"CHAR(10) CHARACTER SET ucs2", "'Zoë'"},
		{"VARBINARY(80)", "X'00FF80C3285C27'"},
		{"BLOB", "X'F09F98'"},
		{"VARCHAR(80)", "''"},
		{"VARCHAR(80)", "NULL"},
		{"TEXT", "REPEAT('x', 65535)"},
		{"MEDIUMTEXT", "REPEAT('y', 300000)"},
		{"DATETIME", "'0000-00-00 00:00:00'"},
		{"DATETIME", "'2026-00-31 00:00:00'"},
		{"DATETIME(6)", "'2026-11-21 08:09:10.000120'"},
		{"DATE", "'0000-00-00'"},
		{"TIME(3)", "'-838:59:58.999'"},
		{"TIMESTAMP NULL", "'2026-11-21 08:09:10'"},
		{"YEAR", "0"},
		{"YEAR", "2026"},
		{"BIGINT UNSIGNED", "18446744073709551615"},
		{"BIGINT", "-9223372036854775808"},
		{"INT(8) ZEROFILL", "42"},
		{"TINYINT", "-128"},
		{"DECIMAL(38,10)", "'-1234567890123456789012345678.0123456780'"},
		{"FLOAT", "1e20"},
		{"FLOAT", "0.1"},
		{"FLOAT(7,4)", "3.14159"},
		{"DOUBLE", "1.7976931348623157e308"},
		{"DOUBLE", "-0.1"},
		{"DOUBLE", "1e-7"},
		{"DOUBLE(10,3) ZEROFILL", "2.5"},
		{"BIT(1)", "b'1'"},
		{"BIT(64)", "b'1000000000000000000000000000000000000000000000000000000000000001'"},
		{"BIT(12)", "0"},
		{"ENUM('a','ä')", "'ä'"},
		{"SET('x','y')", "'x,y'"},
		{"UUID", "'123e4567-e89b-12d3-a456-426655440000'"},
		{"INET6", "'::ffff:10.0.0.1'"},
		{"JSON", "'{\"a\": [1, null]}'"},
		{"POINT", "POINT(1, 2)"},
	}
	var ddl, names, values []string
	for i, c := range columns {
		name := fmt.Sprintf("`c%d ``odd`` ? é`", i)
		ddl, names, values = append(ddl, name+" "+c.ddl), append(names, name), append(values, c.value)
	}
	query(t, database, "SET NAMES utf8mb4; SET sql_mode=''; CREATE TABLE asterisk_cdr (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"+
		strings.Join(ddl, ",")+") ROW_FORMAT=DYNAMIC; INSERT INTO asterisk_cdr ("+strings.Join(names, ",")+") VALUES ("+strings.Join(values, ",")+")")

	s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "asterisk_cdr"})
	var got [][]byte
	n, err := s.Rows(t.Context(), []mariadb.Range{mariadb.Rest(0)}, 10, func(_ uint64, row [][]byte) bool {
		for _, v := range row {
			got = append(got, slices.Clone(v))
		}
		return true
	})
	if err != nil || n != 1 {
		t.Fatalf("%d rows, %v", n, err)
	}
	for i, c := range columns {
		// As the server would send it to a client of utf8mb4, but asked for in hexadecimal digits.
		as := "IFNULL(HEX(CAST(CONVERT(" + names[i] + " USING utf8mb4) AS BINARY)), 'NULL')"
		if strings.Contains(c.ddl, "BINARY") || c.ddl == "BLOB" || c.ddl == "POINT" {
			as = "HEX(" + names[i] + ")"
		}
		if bits, ok := strings.CutPrefix(c.ddl, "BIT("); ok {
			var n int
			fmt.Sscan(bits, &n)
			as = fmt.Sprintf("LPAD(HEX(%s), %d, '0')", names[i], (n+7)/8*2)
		}
		want := strings.TrimSpace(query(t, database, "SET NAMES utf8mb4; SELECT "+as+" FROM asterisk_cdr"))
		have := "NULL"
		if got[i+1] != nil {
			have = strings.ToUpper(hex.EncodeToString(got[i+1]))
		}
		if have != want {
			t.Errorf("%s %s: got %.80s, want %.80s", c.ddl, c.value, have, want)
		}
	}
}

// What a client of another kind stored, a PBX for example that says latin1 and means UTF-8, or a table of bytes, is not
// text; and a server that ignores what clients ask for, or a DSN that asks for something else, changes nothing.
func TestTextDoesNotDependOnHowTheServerOrTheDSNIsSet(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE asterisk_cdr (id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET latin1, b CHAR(8), c VARBINARY(9));"+
		"INSERT INTO asterisk_cdr VALUES (1, CONVERT(X'5A6FC3AB' USING latin1), 'x', X'80')")
	s := open(t, mariadb.Config{
		DSN:   database.ReaderDSN + "?charset=latin1&parseTime=true&sql_mode=%27PAD_CHAR_TO_FULL_LENGTH%27&character_set_results=latin1",
		Table: "asterisk_cdr",
	})
	if got, want := texts(t, s)[0], `"1" "ZoÃ«" "x" "\x80"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadsRanges(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE asterisk_cdr (id BIGINT PRIMARY KEY); INSERT INTO asterisk_cdr VALUES (-5),(0),(1),(2),(3),(5),(9),(1099511627776)")
	s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "asterisk_cdr"})
	for _, tt := range []struct {
		ranges []mariadb.Range
		want   string
	}{
		{[]mariadb.Range{mariadb.Rest(0)}, `"1" "2" "3" "5" "9" "1099511627776"`},
		{[]mariadb.Range{mariadb.Rest(3)}, `"3" "5" "9" "1099511627776"`},
		{[]mariadb.Range{{From: 2, To: 3}, {From: 7, To: 9}, {From: 5, To: 5}, {From: 20, To: 30}}, `"2" "3" "5" "9"`},
	} {
		if got := strings.Join(texts(t, s, tt.ranges...), " "); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.ranges, got, tt.want)
		}
	}
	st, err := s.State(t.Context())
	if want := (mariadb.State{MaxID: 1 << 40}); err != nil || st != want {
		t.Errorf("state %+v (%v), want %+v", st, err, want)
	}
	if ids, err := s.LowIDs(t.Context(), 10); err != nil || fmt.Sprint(ids) != "[0 -5]" {
		t.Errorf("low ids %v (%v)", ids, err)
	}
	if ids, err := s.HighIDs(t.Context(), 8, 10); err != nil || fmt.Sprint(ids) != "[9 1099511627776]" {
		t.Errorf("high ids %v (%v)", ids, err)
	}
}

// A reading that is ended early leaves the connection usable, and so does one that the caller gives up.
func TestReadingMayEndEarly(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE asterisk_cdr (id INT PRIMARY KEY, v TEXT);"+
		"INSERT INTO asterisk_cdr SELECT seq, REPEAT('x', 1000) FROM seq_1_to_5000")
	s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "asterisk_cdr"})
	for range 3 {
		n, err := s.Rows(t.Context(), []mariadb.Range{mariadb.Rest(0)}, 5000, func(id uint64, _ [][]byte) bool { return id < 10 })
		if err != nil || n != 10 {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	if got := texts(t, s, mariadb.Range{From: 7, To: 7}); len(got) != 1 {
		t.Errorf("%d rows", len(got))
	}
}

func TestStateFollowsTheCounter(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	s := func() mariadb.State {
		t.Helper()
		st, err := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: "asterisk_cdr"}).State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	query(t, database, "CREATE TABLE asterisk_cdr (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT)")
	if got, want := s(), (mariadb.State{Empty: true, NextID: 1}); got != want {
		t.Errorf("a new table: %+v, want %+v", got, want)
	}
	query(t, database, "INSERT INTO asterisk_cdr (v) VALUES (1),(2),(3)")
	if got, want := s(), (mariadb.State{MinID: 1, MaxID: 3, NextID: 4}); got != want {
		t.Errorf("three rows: %+v, want %+v", got, want)
	}
	query(t, database, "DELETE FROM asterisk_cdr")
	if got, want := s(), (mariadb.State{Empty: true, NextID: 4}); got != want {
		t.Errorf("emptied: %+v, want %+v", got, want)
	}
	query(t, database, "TRUNCATE asterisk_cdr")
	if got, want := s(), (mariadb.State{Empty: true, NextID: 1}); got != want {
		t.Errorf("truncated: %+v, want %+v", got, want)
	}
}
