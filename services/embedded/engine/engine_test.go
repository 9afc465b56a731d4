package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

const password = "s3cret/#?&'"

// shared is the engine of this test process, address where it listens.
var (
	shared  *Engine
	address string
)

func TestMain(m *testing.M) {
	code, err := withEngine(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func withEngine(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	shared, err = Open(Config{DataDir: filepath.Join(dir, "data"), Password: password, MaxBody: 64 << 20})
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- shared.Serve(ctx, listener) }()
	code := m.Run()
	cancel()
	if err := <-served; err != nil {
		return 0, err
	}
	return code, shared.Close(context.Background())
}

// connect opens clickhouse-go on a database of its own; options are those of the DSN, such as compress=lz4.
func connect(t *testing.T, options ...string) clickhouse.Conn {
	t.Helper()
	database := "t" + strings.ReplaceAll(uuid.NewString(), "-", "")
	first := open(t, address, "default")
	exec(t, first, "CREATE DATABASE "+database)
	t.Cleanup(func() {
		if err := first.Exec(context.Background(), "DROP DATABASE "+database); err != nil {
			t.Error(err)
		}
		first.Close()
	})
	conn := open(t, address, database, options...)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func open(t *testing.T, address, database string, options ...string) clickhouse.Conn {
	t.Helper()
	o, err := clickhouse.ParseDSN("http://default:" + escaped + "@" + address + "/" + database + "?" + strings.Join(options, "&"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// escaped is password as it stands in a DSN.
const escaped = "s3cret%2F%23%3F%26'"

func exec(t *testing.T, conn clickhouse.Conn, sql string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
}

// one reads a single value.
func one[T any](t *testing.T, conn clickhouse.Conn, sql string, args ...any) T {
	t.Helper()
	return oneIn[T](t.Context(), t, conn, sql, args...)
}

func oneIn[T any](ctx context.Context, t *testing.T, conn clickhouse.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
	return v
}
