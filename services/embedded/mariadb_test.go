package embedded_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// client asks through the socket with the client program: the driver belongs to the door alone.
func client(t *testing.T, m *embedded.MariaDB, user, password, sql string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--batch", "--skip-column-names",
		"--socket="+m.Socket, "--user="+user, "--password="+password, "--execute="+sql)
	output, err := c.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

func startMariaDB(t *testing.T, cfg embedded.MariaDBConfig) *embedded.MariaDB {
	t.Helper()
	m, err := embedded.StartMariaDB(within(t, time.Minute), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Kill()
		if short := filepath.Dir(m.Socket); short != cfg.Dir {
			_ = os.RemoveAll(short)
		}
	})
	return m
}

func TestMariaDBContinuesOnItsData(t *testing.T) {
	t.Parallel()
	// Too long a path for a socket, with what an interrupted first start leaves behind.
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 20))
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "mysql"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := embedded.MariaDBConfig{
		Dir: dir, Addr: addr(t), BufferPool: 32 << 20, Database: "pbx_1",
		Owner: "asterisk", OwnerPassword: "first", Reader: "cdrflow", ReaderPassword: "second",
	}
	m := startMariaDB(t, cfg)
	if want := "asterisk:first@tcp(" + cfg.Addr + ")/pbx_1"; m.OwnerDSN != want {
		t.Errorf("the owner's DSN is %q, want %q", m.OwnerDSN, want)
	}
	if want := "cdrflow:second@tcp(" + cfg.Addr + ")/pbx_1"; m.ReaderDSN != want {
		t.Errorf("the reader's DSN is %q, want %q", m.ReaderDSN, want)
	}
	if output, err := client(t, m, "asterisk", "first", "CREATE TABLE pbx_1.t (a INT); INSERT INTO pbx_1.t VALUES (7)"); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for user, sql := range map[string]string{"cdrflow": "DELETE FROM pbx_1.t", "asterisk": "CREATE DATABASE pbxx1"} {
		password := map[string]string{"cdrflow": "second", "asterisk": "first"}[user]
		if output, err := client(t, m, user, password, sql); err == nil || !strings.Contains(output, "denied") {
			t.Errorf("%s may %s: %s", user, sql, output)
		}
	}
	if err := m.Stop(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}

	socket := m.Socket
	cfg.Addr, cfg.ReaderPassword = addr(t), "third"
	m = startMariaDB(t, cfg)
	if m.Socket != socket {
		t.Errorf("each start leaves a directory in /tmp: %s, %s", socket, m.Socket)
	}
	if output, err := client(t, m, "cdrflow", "third", "SELECT a FROM pbx_1.t"); err != nil || output != "7" {
		t.Fatalf("after a second start with another password: %q, %v", output, err)
	}
	if _, err := client(t, m, "cdrflow", "second", "SELECT 1"); err == nil {
		t.Error("the old password still opens")
	}
	if log, err := os.ReadFile(filepath.Join(dir, "mariadbd.log")); err != nil || !strings.Contains(string(log), "ready for connections") {
		t.Errorf("the log says %q, %v", log, err)
	}
}

func TestMariaDBSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", addr(t))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = embedded.StartMariaDB(within(t, time.Minute), embedded.MariaDBConfig{
		Dir: t.TempDir(), Addr: taken.Addr().String(), BufferPool: 32 << 20, Owner: "o", OwnerPassword: "p", Reader: "r", ReaderPassword: "s",
	})
	if err == nil || !strings.Contains(err.Error(), "Address already in use") {
		t.Fatalf("a port that is taken: %v", err)
	}
}
