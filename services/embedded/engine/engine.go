// Package engine serves the embedded ClickHouse engine (libchdb.so) over ClickHouse's HTTP interface.
//
// A process can hold one engine only, for the life of the process: the library keeps its state in globals, and
// opening it again after Close is refused. Where it must be possible to kill or restart the engine alone, run it in
// a child process: see Main.
//
// clickhouse-go talks to it with the DSN http://user:password@127.0.0.1:port/database, as to a server: lz4, zstd, gzip
// and deflate compression work but cost more than they save on one machine. What differs from a server:
//   - Sessions (session_id), external tables, INTO OUTFILE, FROM INFILE and brotli are refused with code 48.
//   - There is one user. Users, roles, quotas and row policies cannot be made (code 497).
//   - A client's query_id comes back in the header and stands in a comment before the query in system.processes; the
//     column query_id is the engine's own. To cancel, end the request's context.
//   - Inserts are never gathered (async_insert has no effect): a block sent is a block stored when it is answered.
//   - A result in Parquet, JSON or another format with a foot passes through a pipe; a query of another kind than
//     SELECT, or with wait_end_of_query=1, is whole in memory before it is sent.
//   - system.query_log and the other log tables do not exist.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how the engine is opened. Only DataDir and Password are needed.
type Config struct {
	Library     string        // path of libchdb.so; empty: FindLibrary decides
	DataDir     string        // where the tables are kept; created if missing
	Connections int           // queries that run at the same time, others wait in line; 0: 8
	Memory      int64         // bytes the engine may use before a query is refused (code 241); 0: half of the machine's
	MaxBody     int64         // bytes of one request body as sent, and of the same uncompressed; 0: 1 GiB
	Addr        string        // Main only: the loopback address to listen on; empty: 127.0.0.1:0
	User        string        // empty: default
	Password    string        // required: the engine can read and write files with the rights of the process
	Stop        time.Duration // how long running queries may finish when it stops; 0: 1.5 s
	Log         *slog.Logger  // nil: nothing is logged
}

func (c Config) withDefaults() Config {
	if c.Connections <= 0 {
		c.Connections = 8
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 1 << 30
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.User == "" {
		c.User = "default"
	}
	if c.Stop <= 0 {
		c.Stop = 1500 * time.Millisecond
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Engine is the open engine. Its methods may be called from several goroutines.
type Engine struct {
	cfg      Config
	lib      *library
	args     []string
	pool     chan *connection
	control  *connection // kills the queries of the others, never runs one of a client
	killing  sync.Mutex  // guards control
	queries  atomic.Uint64
	version  string
	timezone string
	closed   atomic.Bool
}

var (
	// ErrOpened says that this process has opened its one engine before.
	ErrOpened = errors.New("an engine has been opened in this process before")
	errClosed = errors.New("the engine is closed")

	opened atomic.Bool
)

// Open loads the library and opens the tables of cfg.DataDir. It takes about 0.2 s, and somewhat longer where the
// process that had the directory before was killed.
func Open(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if cfg.DataDir == "" || cfg.Password == "" {
		return nil, errors.New("open the engine: want a data directory and a password")
	}
	if cfg.Library == "" {
		path, err := FindLibrary()
		if err != nil {
			return nil, err
		}
		cfg.Library = path
	}
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("open the engine: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the engine: %w", err)
	}
	if err := inUse(dir); err != nil {
		return nil, err
	}
	lib, err := openLibrary(cfg.Library)
	if err != nil {
		return nil, err
	}
	if opened.Swap(true) {
		return nil, fmt.Errorf("open the engine: %w", ErrOpened)
	}
	lib.signalHandlers(0) // or its handlers replace those by which Go turns a nil pointer into a panic
	e := &Engine{cfg: cfg, lib: lib, args: arguments(cfg, dir), pool: make(chan *connection, cfg.Connections)}
	if err := e.connectAll(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Engine) connectAll() error {
	control, err := e.connect()
	if err != nil {
		return err
	}
	e.control = control
	for range e.cfg.Connections {
		c, err := e.connect()
		if err != nil {
			return err
		}
		e.pool <- c
	}
	if e.version, err = control.text("SELECT version()"); err != nil {
		return fmt.Errorf("ask the engine for its version: %w", err)
	}
	if e.timezone, err = control.text("SELECT timezone()"); err != nil {
		return fmt.Errorf("ask the engine for its time zone: %w", err)
	}
	return nil
}

// Version is ClickHouse's, such as 26.7.2.1.
func (e *Engine) Version() string { return e.version }

// Close waits for running queries, at most until ctx ends, and shuts the tables. When it returns an error the engine
// was left open: closing a connection under a running query aborts the process, and nothing acknowledged is lost by
// just ending it.
func (e *Engine) Close(ctx context.Context) error {
	if e.closed.Swap(true) {
		return nil
	}
	all := make([]*connection, 0, e.cfg.Connections)
	for range e.cfg.Connections {
		select {
		case c := <-e.pool:
			all = append(all, c)
		case <-ctx.Done():
			return fmt.Errorf("close the engine: %d queries are running: %w", e.cfg.Connections-len(all), ctx.Err())
		}
	}
	e.killing.Lock()
	defer e.killing.Unlock()
	for _, c := range append(all, e.control) {
		c.close()
	}
	return nil
}

// arguments are the command-line options chdb_connect reads: server settings from the first connection, query
// settings from each one. The caches are bounds, not reservations; the server's own (gigabytes each) suit a machine
// that does nothing else.
func arguments(cfg Config, dir string) []string {
	memory := "--max_server_memory_usage_to_ram_ratio=0.5"
	if cfg.Memory > 0 {
		memory = fmt.Sprintf("--max_server_memory_usage=%d", cfg.Memory)
	}
	merges := max(2, runtime.NumCPU()/2)
	args := []string{
		"chdb", "--path=" + dir, memory,
		// A file that is not there, or it would read a config.xml of the working or the home directory.
		"--config-file=" + filepath.Join(dir, "none.xml"),
		"--mark_cache_size=268435456", "--index_mark_cache_size=134217728", "--primary_index_cache_size=268435456",
		"--index_uncompressed_cache_size=67108864", "--query_condition_cache_size=33554432",
		"--max_thread_pool_size=512", "--max_thread_pool_free_size=16", "--max_io_thread_pool_size=16",
		fmt.Sprintf("--background_pool_size=%d", merges), "--background_schedule_pool_size=4",
	}
	for name, value := range standing {
		args = append(args, "--"+name+"="+value)
	}
	return args
}
