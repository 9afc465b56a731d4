package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/process"
)

func TestRunMistakes(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                      "want a stage (poller, archiver, ticketer, enricher, queryapi) and its command",
		"enricher":              "want a stage",
		"nobody generate":       "want a stage",
		"enricher generate -c1": "no house was ever started in ",
	} {
		p := process.New("cdrflow", []string{"ADMIN_ADDR=", "DATA_DIR=" + t.TempDir()}, io.Discard)
		p.Args = strings.Fields(args)
		if err := runCommand(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

// What is configured stays; the rest is the house's own.
func TestRunFillsInWhatIsTheHouses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ports.json":   `{"nats":"127.0.0.1:1","clickhouse":"127.0.0.1:2","mariadb":"127.0.0.1:3"}`,
		"secrets.json": `{"clickhouse_user":"c","clickhouse_password":"cp","mariadb_reader":"r","mariadb_reader_password":"rp"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := runConfig{placeConfig: placeConfig{DataDir: dir}}
	set, err := c.environment()
	want := "NATS_URL=nats://127.0.0.1:1 CLICKHOUSE_DSN=http://c:cp@127.0.0.1:2/cdrflow MARIADB_DSN=r:rp@tcp(127.0.0.1:3)/asterisk"
	if err != nil || strings.Join(set, " ") != want {
		t.Errorf("%v, %v; want %s", set, err, want)
	}
	c.MariaDB, c.ClickHouse = "x", "http://elsewhere"
	if set, err = c.environment(); err != nil || strings.Join(set, " ") != "NATS_URL=nats://127.0.0.1:1" {
		t.Errorf("%v, %v", set, err)
	}
}
