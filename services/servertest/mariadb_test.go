package servertest_test

import (
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

var dsn = regexp.MustCompile(`^([a-z0-9]+):([A-Z0-9]+)@tcp\(([^)]+)\)/([a-z0-9]+)$`)

// query runs SQL through the client program, for the driver belongs to the door alone.
func query(t *testing.T, to, sql string) (string, error) {
	t.Helper()
	part := dsn.FindStringSubmatch(to)
	if part == nil {
		t.Fatalf("DSN %q is not in the driver's form", to)
	}
	host, port, err := net.SplitHostPort(part[3])
	if err != nil {
		t.Fatal(err)
	}
	client := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "--local-infile=1",
		"--host="+host, "--port="+port, "--user="+part[1], "--password="+part[2], "--execute="+sql, part[4])
	output, err := client.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

func mustQuery(t *testing.T, to, sql string) string {
	t.Helper()
	output, err := query(t, to, sql)
	if err != nil {
		t.Fatalf("%s: %v: %s", sql, err, output)
	}
	return output
}

func TestMariaDBAccounts(t *testing.T) {
	t.Parallel()
	mine, other := servertest.MariaDB(t), servertest.MariaDB(t)
	mustQuery(t, mine.DSN, "CREATE TABLE t (a INT PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, '😀')")
	mustQuery(t, other.DSN, "CREATE TABLE t (a INT)")
	if got := mustQuery(t, mine.ReaderDSN, "SELECT b FROM t"); got != "😀" {
		t.Errorf("the reader sees %q", got)
	}
	for _, refused := range []struct{ dsn, sql string }{
		{mine.ReaderDSN, "INSERT INTO t VALUES (2, '')"},
		{mine.ReaderDSN, "CREATE TABLE u (a INT)"},
		{mine.ReaderDSN, "SELECT * FROM " + other.Name + ".t"},
		{mine.DSN, "SELECT * FROM " + other.Name + ".t"},
	} {
		if output, err := query(t, refused.dsn, refused.sql); err == nil || !strings.Contains(output, "denied") {
			t.Errorf("%s: want a refusal, got %q", refused.sql, output)
		}
	}
	admin := strings.TrimSuffix(mine.AdminDSN, "/"+mine.Name) + "/mysql"
	if got := mustQuery(t, admin, "SELECT @@local_infile, @@character_set_server"); got != "1\tutf8mb4" {
		t.Errorf("local_infile and character set are %q", got)
	}
}

func TestMariaDBChildLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	s := servertest.MariaDBChild(t)
	mustQuery(t, s.DSN, "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
	for range 2 {
		s.Kill()
		if output, err := query(t, s.DSN, "SELECT 1"); err == nil {
			t.Fatalf("a killed server answers %q", output)
		}
		s.Restart(t)
		if got := mustQuery(t, s.ReaderDSN, "SELECT SUM(a) FROM t"); got != "3" {
			t.Fatalf("the sum is %q after SIGKILL, want 3", got)
		}
	}
	s.Stop(t)
	s.Restart(t)
	if got := mustQuery(t, s.ReaderDSN, "SELECT SUM(a) FROM t"); got != "3" {
		t.Fatalf("the sum is %q after SIGTERM, want 3", got)
	}
}
