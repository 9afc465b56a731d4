package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// The generated files are checked in; this fails when a setting was changed without them.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(got) != want {
			t.Errorf("%s is stale (%v): run make docs", path, err)
		}
	}
}

func TestSettingsOfSource(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"poller/config.go": `package main

import (
	"time"

	store "github.com/cdrflow/cdrflow/services/mariadb"
)

type config struct {
	MariaDB store.Config
	limits

	// How often the table is asked, at
	// least 1s.
	Every time.Duration ` + "`env:\"POLL_EVERY\" envDefault:\"30s\"`" + `
}

type limits struct {
	// Rows in a page|chunk.
	Rows int ` + "`env:\"PAGE_ROWS\" envDefault:\"5000\"`" + `
}
`,
		"poller/backfill.go": `package main

type backfill struct {
	// From where.
	From int ` + "`env:\"POLL_FROM,required\"`" + `
	// Ignored: POLL_EVERY is in config.
	Every int ` + "`env:\"POLL_EVERY\"`" + `
}

type row struct{ id int }
`,
		"services/mariadb/config.go": `package mariadb

type Config struct {
	// Data source name.
	DSN string ` + "`env:\"MARIADB_DSN,required\" secret:\"dsn\"`" + `
}
`,
	})
	files, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "\n## poller\n\nCopies the rows of one PBX's `asterisk_cdr` onto the log.\n\n| Variable | Default | Meaning |\n|---|---|---|\n" +
		"| `MARIADB_DSN` | required | Data source name. Secret: also as `MARIADB_DSN_FILE`. |\n" +
		"| `PAGE_ROWS` | `5000` | Rows in a page\\|chunk. |\n" +
		"| `POLL_EVERY` | `30s` | How often the table is asked, at least 1s. |\n" +
		"| `POLL_FROM` | required | From where. |\n"
	if got := files["docs/configuration.md"]; got != head+want {
		t.Errorf("got\n%s\nwant\n%s", strings.TrimPrefix(got, head), want)
	}
	if got, want := files["services/process/settings.txt"], "MARIADB_DSN\nMARIADB_DSN_FILE\nPAGE_ROWS\nPOLL_EVERY\nPOLL_FROM\n"; got != want {
		t.Errorf("names\n%s\nwant\n%s", got, want)
	}
}

func TestFieldWithoutComment(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"enricher/config.go": "package main\n\ntype config struct {\n\tRows int `env:\"BATCH_ROWS\"`\n}\n"})
	_, err := generate(dir)
	if err == nil || !strings.Contains(err.Error(), "enricher: the field of BATCH_ROWS has no comment") {
		t.Errorf("error %v, want BATCH_ROWS named", err)
	}
}

func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for path, text := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
