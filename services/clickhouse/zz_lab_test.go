package clickhouse_test

import (
	"os"
	"testing"
	"time"
	"fmt"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestZZLab(t *testing.T) {
	if os.Getenv("LAB") == "" { t.Skip() }
	w := servertest.ClickHouse(t)
	store, err := clickhouse.Open(clickhouse.Config{DSN: w.DSN}, "test")
	if err != nil { t.Fatal(err) }
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil { t.Fatal(err) }
	s := time.Now()
	store.Fill(t, 3_000_000, time.Now())
	fmt.Println("filled", time.Since(s))
	os.WriteFile("/var/tmp/list/dsn", []byte(w.DSN), 0o600)
	for { if _, err := os.Stat("/var/tmp/list/stop"); err == nil { return }; time.Sleep(time.Second) }
}
