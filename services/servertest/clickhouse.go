package servertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Warehouse is a fresh, empty database on a ClickHouse engine.
type Warehouse struct {
	Name string
	DSN  string // http://user:password@127.0.0.1:port/database
}

// engine is a running engine and what it was started with.
type engine struct {
	*embedded.Child
	embedded.EngineConfig
}

var sharedEngine single[engine]

// ClickHouse makes a fresh database on the ClickHouse engine that the tests of this binary share. It is dropped after
// the test.
func ClickHouse(t testing.TB) Warehouse {
	t.Helper()
	path := command(t, "engine")
	e := sharedEngine.get(t, func(ctx context.Context) (engine, *embedded.Child, error) {
		dir, err := newDirectory("clickhouse")
		if err != nil {
			return engine{}, nil, err
		}
		e, err := startEngine(ctx, path, dir)
		return e, e.Child, err
	})
	w := e.warehouse(t)
	t.Cleanup(func() {
		if err := e.sql(context.Background(), "DROP DATABASE "+w.Name+" SYNC"); err != nil {
			t.Error(err)
		}
	})
	return w
}

// ClickHouseProcess is a ClickHouse engine of one test, with one database.
type ClickHouseProcess struct {
	*Process
	Warehouse
}

// ClickHouseChild starts a ClickHouse engine that can be killed.
func ClickHouseChild(t testing.TB) *ClickHouseProcess {
	t.Helper()
	path := command(t, "engine")
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	e, err := startEngine(ctx, path, directory(t, "clickhouse"))
	if err != nil {
		t.Fatal(err)
	}
	return &ClickHouseProcess{Process: newProcess(t, e.Child), Warehouse: e.warehouse(t)}
}

func startEngine(ctx context.Context, path, dir string) (engine, error) {
	library, err := embedded.Locate(os.Getenv("CHDB_LIBRARY"), "libchdb.so")
	if err != nil {
		return engine{}, err
	}
	addr, err := embedded.FreeAddr()
	if err != nil {
		return engine{}, err
	}
	log, err := output(dir)
	if err != nil {
		return engine{}, err
	}
	e := engine{EngineConfig: embedded.EngineConfig{
		Path:     path,
		Library:  library,
		Dir:      filepath.Join(dir, "data"),
		Addr:     addr,
		User:     "tester",
		Password: secret(),
		Output:   log,
	}}
	e.Child, err = embedded.StartEngine(ctx, e.EngineConfig)
	return e, err
}

func (e engine) warehouse(t testing.TB) Warehouse {
	t.Helper()
	name := fresh("test")
	if err := e.sql(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return Warehouse{Name: name, DSN: e.DSN(name)}
}

// sql posts a statement: the driver belongs to the door alone.
func (e engine) sql(ctx context.Context, statement string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.Addr+"/", strings.NewReader(statement))
	if err != nil {
		return err
	}
	request.SetBasicAuth(e.User, e.Password)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", statement, response.Status, answer)
	}
	return nil
}
