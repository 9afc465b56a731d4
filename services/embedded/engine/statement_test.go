package engine

import (
	"fmt"
	"testing"
)

func TestParseInsert(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"INSERT INTO t (a, b) FORMAT Native":                        "INSERT INTO t (a, b) ||Native|",
		"insert into t format CSV 1,2\n3,4":                         "insert into t ||CSV|1,2\n3,4",
		"INSERT INTO t FORMAT JSONEachRow\n\n{\"a;\": 1}\n":         "INSERT INTO t ||JSONEachRow|\n{\"a;\": 1}\n",
		"INSERT INTO db.t VALUES (1, 'FORMAT x')":                   "INSERT INTO db.t ||Values| (1, 'FORMAT x')",
		"INSERT INTO t (a)\nSETTINGS x = 'VALUES', y=2 VALUES (1)":  "INSERT INTO t (a)\n|SETTINGS x = 'VALUES', y=2 |Values| (1)",
		"INSERT INTO t SETTINGS a=1 FORMAT Native;":                 "INSERT INTO t |SETTINGS a=1 |Native|",
		"/* SELECT */ INSERT INTO TABLE `select` (`format`) VALUES": "/* SELECT */ INSERT INTO TABLE `select` (`format`) ||Values|",
		"INSERT INTO db.format (values) VALUES (1)":                 "INSERT INTO db.format (values) ||Values| (1)",
		"INSERT INTO settings VALUES (1)":                           "INSERT INTO settings ||Values| (1)",
		"INSERT INTO FUNCTION file('select', 'CSV') FORMAT CSV 1":   "INSERT INTO FUNCTION file('select', 'CSV') ||CSV|1",
		"-- VALUES\nINSERT INTO t -- FORMAT x\n(a) FORMAT TSV\n1\n": "-- VALUES\nINSERT INTO t -- FORMAT x\n(a) ||TSV|1\n",
		"INSERT INTO t (a)":                                         "INSERT INTO t (a)||Native|",
		"INSERT INTO t;":                                            "INSERT INTO t||Native|",
		"INSERT INTO t (a) SELECT 1 FORMAT Native":                  "no",
		"INSERT INTO t SETTINGS x=1 SELECT a FROM values":           "no",
		"INSERT INTO t (SELECT 1)":                                  "no",
		"INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x":        "no",
		"SELECT 'INSERT INTO t VALUES (1)'":                         "no",
		"INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV":        "refused",
		"": "no",
	} {
		i, ok, err := parseInsert(sql, "Native")
		got := fmt.Sprintf("%s|%s|%s|%s", i.into, i.clause, i.format, i.data)
		switch {
		case err != nil:
			got = "refused"
		case !ok:
			got = "no"
		}
		if got != want {
			t.Errorf("%q:\n got %q\nwant %q", sql, got, want)
		}
	}
}

func TestSeveralStatements(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"SELECT 1": false, "SELECT 1;": false, "SELECT 1; ; -- x\n": false, "SELECT ';a'": false, "SELECT `a;b`, \"c;d\"": false,
		"SELECT 'it''s; \\'; '": false, "SELECT $x$;a$x$": false, "SELECT 1 /* ; a */": false, "SELECT '": false, "": false,
		"SELECT 1; SELECT 2": true, "DROP TABLE a; garbage (": true, "SELECT 1 # ;\n; x": true, "SELECT $x$a$y$; b": true,
	} {
		if got := severalStatements(sql); got != want {
			t.Errorf("%q: %t, want %t", sql, got, want)
		}
	}
}

func FuzzLexer(f *testing.F) {
	f.Add("INSERT INTO t (a) SETTINGS x='1' FORMAT Native; $a$ 'x\\' /* -- ")
	f.Fuzz(func(t *testing.T, sql string) {
		l := lexer{sql: sql}
		for at := 0; ; at = l.at {
			token, ok := l.next()
			if !ok {
				break
			}
			if token.from < at || token.to <= token.from || token.to > len(sql) {
				t.Fatalf("token %d to %d after %d in %q", token.from, token.to, at, sql)
			}
		}
		parseInsert(sql, "Native") //nolint:errcheck // it must only not panic
	})
}

func TestSetStatement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		has, wants map[string]string
		want       string
	}{
		{map[string]string{}, map[string]string{}, ""},
		{map[string]string{"a": "1"}, map[string]string{"a": "1"}, ""},
		{map[string]string{}, map[string]string{"b": `it's`, "a": "1"}, `SET a='1', b='it\'s'`},
		{map[string]string{"a": "1", "b": "2"}, map[string]string{"a": "2"}, "SET a='2', b=DEFAULT"},
		{map[string]string{"implicit_select": "1"}, map[string]string{}, "SET implicit_select='0'"},
	} {
		if got := setStatement(c.has, c.wants); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.has, c.wants, got, c.want)
		}
	}
}

func TestParseException(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Code: 60. DB::Exception: x. (UNKNOWN_TABLE)":                                                  "60 Code: 60. DB::Exception: x. (UNKNOWN_TABLE)",
		"Error: Code: 241. DB::Exception: Code: 241. DB::Exception: too much. (MEMORY_LIMIT_EXCEEDED)": "241 Code: 241. DB::Exception: too much. (MEMORY_LIMIT_EXCEEDED)",
		"Invalid or closed connection":                                                                 "1002 Code: 1002. DB::Exception: Invalid or closed connection. (UNKNOWN_EXCEPTION)",
	} {
		e := parseException(text)
		if got := fmt.Sprint(e.code, " ", e.text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
