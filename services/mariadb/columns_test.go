package mariadb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestColumnsAreFoundAndMapped(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE `my cdr` (recno INT UNSIGNED PRIMARY KEY, CallDate DATETIME, callid VARCHAR(32), did VARCHAR(50))")
	s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: database.Name + ".my cdr", ColumnMap: "id=recno, uniqueid=CallID"})
	want := `[["recno","int(10) unsigned","id"],["CallDate","datetime","calldate"],["callid","varchar(32)","uniqueid"],["did","varchar(50)"]]`
	if got := s.Table().String(); got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if changed, err := s.Refresh(t.Context()); changed || err != nil {
		t.Errorf("changed %t, %v", changed, err)
	}
	query(t, database, "ALTER TABLE `my cdr` ADD COLUMN cnam VARCHAR(80) FIRST")
	if changed, err := s.Refresh(t.Context()); !changed || err != nil {
		t.Errorf("changed %t, %v", changed, err)
	}
	if got := s.Table().Columns[0].Name; got != "cnam" {
		t.Errorf("the first column is %s", got)
	}
	query(t, database, "ALTER TABLE `my cdr` DROP COLUMN did")
	_, err := s.Rows(t.Context(), []mariadb.Range{mariadb.Rest(0)}, 1, nil)
	if !errors.Is(err, mariadb.ErrColumns) {
		t.Errorf("reading a dropped column gives %v, want %v", err, mariadb.ErrColumns)
	}
	if changed, err := s.Refresh(t.Context()); !changed || err != nil {
		t.Errorf("changed %t, %v", changed, err)
	}
	if got := texts(t, s); len(got) != 0 {
		t.Errorf("rows %v", got)
	}
}

// Each mistake at the start is one message that says what to do. The password is never in it.
func TestOpenExplains(t *testing.T) {
	t.Parallel()
	database, other := servertest.MariaDB(t), servertest.MariaDB(t)
	query(t, database, ""+
		"CREATE TABLE asterisk_cdr (id INT PRIMARY KEY, uniqueid INT, callid INT);"+
		"CREATE TABLE noid (uniqueid VARCHAR(32));"+
		"CREATE TABLE textid (id VARCHAR(32) PRIMARY KEY);"+
		"CREATE TABLE loose (id INT, KEY (id));"+
		"CREATE TABLE pair (id INT, n INT, PRIMARY KEY (id, n));"+
		"CREATE TABLE comma (id INT PRIMARY KEY, `a,b` INT);"+
		"CREATE TABLE gone (id INT PRIMARY KEY); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone")
	reader, rest, _ := strings.Cut(database.ReaderDSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	addr, _, _ := strings.Cut(rest, ")")
	place := database.Name + "."
	quoted := "`" + database.Name + "`."
	dsn := func(from, to string) string { return strings.Replace(database.ReaderDSN, from, to, 1) }

	for _, tt := range []struct{ name, dsn, table, columns, want string }{
		{"no DSN", "nonsense", "", "", "MARIADB_DSN is not readable, want user:password@tcp(host:3306)/database: missing the slash separating the database name"},
		{"a URL", "mysql://" + reader + ":" + password + "@h/db", "", "", "MARIADB_DSN is a URL, want user:password@tcp(host:3306)/database without mysql://"},
		{"an unlucky password", "u:p@" + password + "/z", "", "", "MARIADB_DSN is not readable, want user:password@tcp(host:3306)/database"},
		{"wrong password", dsn(password, "wrong"+password), "", "", `MariaDB at ` + addr + ` refuses user "` + reader + `": check the user's name and password in MARIADB_DSN, and that the account may log in from this host (error 1045)`},
		{"unreachable", dsn(addr, "127.0.0.1:1"), "", "", "MariaDB at 127.0.0.1:1 cannot be reached, check that the server runs and that MARIADB_DSN has the right address: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"unknown host", dsn(addr, "nowhere.invalid:3306"), "", "", "MariaDB at nowhere.invalid:3306 cannot be reached: host nowhere.invalid is not known, check the address in MARIADB_DSN: "},
		{"no database in it", dsn("/"+database.Name, "/"), "", "", "MARIADB_DSN names no database, want it behind the slash, or CDR_TABLE=schema.asterisk_cdr"},
		{"missing database", strings.Replace(database.AdminDSN, "/"+database.Name, "/missing", 1), "", "", `MariaDB at ` + addr + ` has no database "missing": check the name behind the slash in MARIADB_DSN, or the schema in CDR_TABLE (error 1049)`},
		{"forbidden database", dsn("/"+database.Name, "/"+other.Name), "", "", `user "` + reader + `" may not read ` + other.Name + ".asterisk_cdr at " + addr + ": GRANT SELECT ON `" + other.Name + "`.`asterisk_cdr` TO '" + reader + "'@'<this host>' (error 1044)"},
		{"forbidden table", database.ReaderDSN, other.Name + ".asterisk_cdr", "", `user "` + reader + `" may not read ` + other.Name + ".asterisk_cdr at " + addr + ": GRANT SELECT ON `" + other.Name + "`.`asterisk_cdr` TO '" + reader + "'@'<this host>' (error 1142)"},
		{"missing table", database.ReaderDSN, "asterisk_crd", "", "MariaDB at " + addr + " has no table " + place + "asterisk_crd: set CDR_TABLE to the table of call records, as table or schema.table (error 1146)"},
		{"odd table", database.ReaderDSN, "cdr`; DROP TABLE x", "", "CDR_TABLE is \"cdr`; DROP TABLE x\", want a table's name, or schema.table"},
		{"no id", database.ReaderDSN, "noid", "", "table " + place + "noid has no column id, which rows are read by: ALTER TABLE " + quoted + "`noid` ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, or name the column it has in COLUMN_MAP=id=…"},
		{"an id that is text", database.ReaderDSN, "textid", "", "column id of " + place + "textid is varchar(32), want an integer that rises with every row: ALTER TABLE " + quoted + "`textid` ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY"},
		{"an id that repeats", database.ReaderDSN, "loose", "", "column id of " + place + "loose has no unique index of its own: ALTER TABLE " + quoted + "`loose` ADD UNIQUE KEY (`id`)"},
		{"half a key", database.ReaderDSN, "pair", "", "column id of " + place + "pair has no unique index of its own: ALTER TABLE " + quoted + "`pair` ADD UNIQUE KEY (`id`)"},
		{"a comma", database.ReaderDSN, "comma", "", `column "a,b" of ` + place + "comma has a comma in its name, which is not supported: rename it, or read a view without it"},
		{"a broken view", database.ReaderDSN, "broken", "", "view " + place + "broken cannot be read: its table or columns are gone, or its definer lacks rights: "},
		{"a map to nothing", database.ReaderDSN, "", "src=caller", "COLUMN_MAP says src=caller, but " + place + "asterisk_cdr has no column caller"},
		{"a map onto what is there", database.ReaderDSN, "", "uniqueid=callid", "COLUMN_MAP says uniqueid=callid, but " + place + "asterisk_cdr has a column uniqueid already: take the pair out of COLUMN_MAP"},
		{"a map of nothing", database.ReaderDSN, "", "callid", `COLUMN_MAP has "callid", want pairs such as uniqueid=callid`},
		{"a map of an unknown one", database.ReaderDSN, "", "uid=callid", `COLUMN_MAP maps "uid", which is no standard column, want one of id calldate clid `},
		{"a map twice", database.ReaderDSN, "", "src=callid,src=uniqueid", "COLUMN_MAP maps src twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.table == "" {
				tt.table = "asterisk_cdr"
			}
			s, err := mariadb.Open(t.Context(), mariadb.Config{DSN: tt.dsn, Table: tt.table, ColumnMap: tt.columns})
			if err == nil {
				_ = s.Close()
				t.Fatal("it opens")
			}
			got := err.Error()
			// What the resolver or the server adds differs between machines.
			if prefix := strings.HasSuffix(tt.want, " "); got != tt.want && !(prefix && strings.HasPrefix(got, tt.want)) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if strings.Contains(got, password) || strings.Contains(got, "\n") {
				t.Errorf("the message holds the password or more than one line: %s", got)
			}
		})
	}
}

func TestMissingPrivilegeOnTheTable(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE asterisk_cdr (id INT PRIMARY KEY); CREATE TABLE seen (id INT PRIMARY KEY)")
	admin := database
	admin.DSN = database.AdminDSN
	query(t, admin, "CREATE USER one@'%' IDENTIFIED BY 'one-table-only'; GRANT SELECT ON "+database.Name+".seen TO one@'%'")
	defer query(t, admin, "DROP USER one@'%'")
	_, rest, _ := strings.Cut(database.DSN, "@")
	cfg := mariadb.Config{DSN: "one:one-table-only@" + rest, Table: "asterisk_cdr"}
	if _, err := mariadb.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), `user "one" may not read `+database.Name+".asterisk_cdr") {
		t.Errorf("got %v", err)
	}
	cfg.Table = "seen"
	open(t, cfg)
}

func TestViewsAndSecondKeysCanBeRead(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	query(t, database, "CREATE TABLE t (u CHAR(2) PRIMARY KEY, id INT NOT NULL AUTO_INCREMENT, UNIQUE KEY `odd ``key` (id));"+
		"INSERT INTO t VALUES ('b', 1), ('a', 2); CREATE VIEW v AS SELECT * FROM t")
	for _, table := range []string{"t", "v"} {
		s := open(t, mariadb.Config{DSN: database.ReaderDSN, Table: table})
		if got := strings.Join(texts(t, s), "|"); got != `"b" "1"|"a" "2"` {
			t.Errorf("%s: %s", table, got)
		}
		if st, err := s.State(t.Context()); err != nil || st.MaxID != 2 {
			t.Errorf("%s: %+v, %v", table, st, err)
		}
	}
}
