package mariadb_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// odd are values that a format with separators and escapes could damage.
var odd = [][]call.Value{
	{{Text: "1", Valid: true}, {Text: `"back\\slash <tag>" \N`, Valid: true}},
	{{Text: "2", Valid: true}, {Text: "tab\tline\nnul\x00end", Valid: true}},
	{{Text: "3", Valid: true}, {Text: "मीरा 😀 'quoted'", Valid: true}},
	{{Text: "4", Valid: true}, {Text: "", Valid: true}},
	{{Text: "5", Valid: true}, {}},
}

func writer(t *testing.T, database servertest.Database) *mariadb.Writer {
	t.Helper()
	w, err := mariadb.OpenWriter(t.Context(), database.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Define(t.Context(), "CREATE TABLE `odd name` (id INT PRIMARY KEY, v VARCHAR(40)) CHARSET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWriteEveryValue(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*mariadb.Writer) error{
		"insert": func(w *mariadb.Writer) error {
			return w.Insert(t.Context(), "odd name", []string{"id", "v"}, odd)
		},
		"load": func(w *mariadb.Writer) error {
			n, err := w.Load(t.Context(), "odd name", []string{"id", "v"}, slices.Values(odd))
			return complete(n, err)
		},
		"fill": func(w *mariadb.Writer) error {
			n, err := w.Fill(t.Context(), "odd name", []string{"id", "v"}, slices.Values(odd))
			return complete(n, err)
		},
	}
	for name, write := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := servertest.MariaDB(t)
			w := writer(t, database)
			if empty, err := w.Empty(t.Context(), "odd name"); err != nil || !empty {
				t.Errorf("new table: empty is %v, %v", empty, err)
			}
			if err := write(w); err != nil {
				t.Fatal(err)
			}
			if empty, err := w.Empty(t.Context(), "odd name"); err != nil || empty {
				t.Errorf("table with rows: empty is %v, %v", empty, err)
			}
			got := query(t, database, "SELECT id, IFNULL(HEX(v), 'NULL') FROM `odd name` ORDER BY id")
			want := "1\t226261636B5C5C736C617368203C7461673E22205C4E\n" +
				"2\t746162096C696E650A6E756C00656E64\n" +
				"3\tE0A4AEE0A580E0A4B0E0A4BE20F09F9880202771756F74656427\n" +
				"4\t\n5\tNULL\n"
			if got != want {
				t.Errorf("stored\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func complete(n int64, err error) error {
	if err == nil && n != int64(len(odd)) {
		return fmt.Errorf("loaded %d rows, want %d", n, len(odd))
	}
	return err
}

func TestLoadRefusesWhatWouldBeCut(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	w := writer(t, database)
	long := [][]call.Value{{{Text: "1", Valid: true}, {Text: strings.Repeat("x", 41), Valid: true}}}
	if _, err := w.Load(t.Context(), "odd name", []string{"id", "v"}, slices.Values(long)); err == nil {
		t.Error("a text of 41 characters was loaded into a column of 40 without a word")
	}
}

func TestLoadEndsWhenTheServerRefuses(t *testing.T) {
	t.Parallel()
	w := writer(t, servertest.MariaDB(t))
	_, err := w.Load(t.Context(), "missing", []string{"id", "v"}, func(yield func([]call.Value) bool) {
		for range 1_000_000 {
			if !yield(odd[3]) {
				return
			}
		}
	})
	if err == nil {
		t.Error("loaded into a table that does not exist")
	}
}

// query asks with the client program, which shares no code with the writer.
func query(t *testing.T, database servertest.Database, statement string) string {
	t.Helper()
	user, rest, _ := strings.Cut(database.DSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	addr, name, _ := strings.Cut(rest, ")/")
	host, port, _ := strings.Cut(addr, ":")
	client := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--batch", "--skip-column-names",
		"--host="+host, "--port="+port, "--user="+user, "--execute="+statement, name)
	client.Env = append(client.Environ(), "MYSQL_PWD="+password)
	out, err := client.Output()
	if err != nil {
		t.Fatalf("query %s: %v", statement, err)
	}
	return string(out)
}
