package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/process"
)

func TestDemoClearsItsOwnDirectoryOnly(t *testing.T) {
	t.Parallel()
	mine := filepath.Join(t.TempDir(), "demo")
	for range 2 { // the second time it finds the first's
		if err := clearDemo(mine); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(mine, "old"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := clearDemo(mine); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(mine, "old")); !os.IsNotExist(err) {
		t.Errorf("what an earlier demonstration left is there: %v", err)
	}

	others := t.TempDir()
	keep := filepath.Join(others, "thesis.txt")
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clearDemo(others); err == nil || !strings.Contains(err.Error(), "no demonstration's") {
		t.Errorf("somebody else's directory: %v", err)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Error(err)
	}
}

func TestDemoMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ environ, arg, want string }{
		{"MARIADB_DSN=a:b@tcp(h)/d", "", "a demonstration writes invented calls to a database of its own alone"},
		{"SOURCE_TIMEZONE=Mars/Base", "", `SOURCE_TIMEZONE is "Mars/Base", want an IANA name`},
		{"", "-rate=x", "want calls per second such as 5/s"},
		{"", "-rows=0", "-rows and -days must be above 0"},
		{"", "now", `unknown argument "now"`},
	} {
		p := process.New("cdrflow", []string{c.environ, "ADMIN_ADDR=", "DATA_DIR=" + t.TempDir()}, io.Discard)
		if c.arg != "" {
			p.Args = []string{c.arg}
		}
		if err := demo(t.Context(), p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want an error with %q", c.environ, c.arg, err, c.want)
		}
	}
}
