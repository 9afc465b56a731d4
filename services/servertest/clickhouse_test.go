package servertest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// post sends a statement to the engine and returns its answer.
func post(t *testing.T, to, statement string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	at := "http://" + u.Host + "/?database=" + strings.TrimPrefix(u.Path, "/")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(u.User.Username(), password)
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", statement, response.Status, answer)
	}
	return strings.TrimSpace(string(answer))
}

func TestClickHouseDatabasesAreFreshOnOneEngine(t *testing.T) {
	t.Parallel()
	a, b := servertest.ClickHouse(t), servertest.ClickHouse(t)
	for _, w := range []servertest.Warehouse{a, b} {
		post(t, w.DSN, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
	}
	post(t, a.DSN, "INSERT INTO t VALUES (1), (2)")
	if x, y := post(t, a.DSN, "SELECT count() FROM t"), post(t, b.DSN, "SELECT count() FROM t"); x != "2" || y != "0" {
		t.Fatalf("%s rows in one database and %s in the other, want 2 and 0", x, y)
	}
}

func TestClickHouseChildLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	s := servertest.ClickHouseChild(t)
	post(t, s.DSN, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
	post(t, s.DSN, "INSERT INTO t VALUES (1), (2)")
	for _, end := range []func(){s.Kill, s.Kill, func() { s.Stop(t) }} {
		end()
		s.Restart(t)
		if got := post(t, s.DSN, "SELECT sum(a) FROM t"); got != "3" {
			t.Fatalf("the sum is %s after a restart, want 3", got)
		}
	}
}
