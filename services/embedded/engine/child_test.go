package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// build makes the child program once, in a directory that TestMain removes.
var (
	buildDir string
	build    = sync.OnceValues(func() (string, error) {
		path := filepath.Join(buildDir, "engine")
		if out, err := osexec.Command("go", "build", "-o", path, "../cmd/engine").CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		return path, nil
	})
)

// child is an engine in a process of its own.
type child struct {
	command *osexec.Cmd
	stdin   io.Closer
	address string
}

func start(t *testing.T, dir string, flags ...string) *child {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	library, err := FindLibrary()
	if err != nil {
		t.Fatal(err)
	}
	command := osexec.Command(path, append(flags, "-data", dir)...)
	command.Env = append(os.Environ(), "ENGINE_PASSWORD="+password, "CHDB_LIBRARY="+library)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill() //nolint:errcheck // it may have ended
		command.Wait()         //nolint:errcheck // as it was killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the engine did not get ready: %v", err)
	}
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "ready http://")
	if !ok {
		t.Fatalf("the engine said %q", line)
	}
	return &child{command, stdin, address}
}

// ended waits for the end of the process and tells how long it took.
func (c *child) ended(t *testing.T) time.Duration {
	t.Helper()
	began, done := time.Now(), make(chan error, 1)
	go func() { done <- c.command.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the engine does not end")
	}
	return time.Since(began)
}

// TestRestart ends the engine in both polite ways and finds everything again.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, dir)
	conn := open(t, c.address, "default")
	exec(t, conn, "CREATE DATABASE kept")
	exec(t, conn, "CREATE TABLE kept.t (a UInt64, s String, INDEX x s TYPE text(tokenizer = ngrams(3))) ENGINE = ReplacingMergeTree ORDER BY a")
	exec(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	exec(t, conn, "CREATE VIEW kept.v AS SELECT count() AS n FROM kept.t FINAL")
	exec(t, conn, "INSERT INTO kept.t SELECT number, toString(number) FROM numbers(100000)")
	exec(t, conn, "INSERT INTO t VALUES (1)")
	conn.Close()

	refused := osexec.Command(c.command.Path, "-data", dir)
	refused.Env = c.command.Env
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "another process has it open") {
		t.Errorf("a second process on the same directory: %v %s", err, out)
	}

	c.stdin.Close()
	if took := c.ended(t); took > 3*time.Second {
		t.Errorf("it took %s to end", took)
	}
	c = start(t, dir)
	conn = open(t, c.address, "kept")
	if n := one[uint64](t, conn, "SELECT n FROM v"); n != 100_000 {
		t.Errorf("%d rows after the restart, want 100000", n)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM t WHERE s LIKE '%9876%'"); n != 20 {
		t.Errorf("the text index finds %d rows, want 20", n)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM default.t"); n != 1 {
		t.Errorf("%d rows in the default database, want 1", n)
	}

	// A query that ends in time is finished.
	c.stdin.Close()
	c.ended(t)
	c = start(t, dir, "-stop", "20s")
	running := make(chan error, 1)
	conn = open(t, c.address, "kept")
	go func() {
		running <- conn.Exec(context.WithoutCancel(t.Context()), "INSERT INTO t SELECT 1000000 + sleep(1), 'late'")
	}()
	await(t, open(t, c.address, "kept"), "'late'")
	c.command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // the wait tells
	c.ended(t)
	if err := <-running; err != nil {
		t.Errorf("a query that had time to end: %v", err)
	}
	c = start(t, dir)
	conn = open(t, c.address, "kept")
	if n := one[uint64](t, conn, "SELECT count() FROM t WHERE s = 'late'"); n != 1 {
		t.Errorf("%d late rows, want 1", n)
	}

	// A query that would run for minutes is killed at the end.
	go func() {
		running <- conn.Exec(context.WithoutCancel(t.Context()), "INSERT INTO t SELECT number, '' FROM numbers(200000000000)")
	}()
	await(t, open(t, c.address, "kept"), "200000000000")
	c.command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // the wait tells
	if took := c.ended(t); took > 4*time.Second {
		t.Errorf("it took %s to end", took)
	}
	if err := <-running; err == nil {
		t.Error("the query was not killed")
	}
}

// await waits until a query with the text runs.
func await(t *testing.T, conn clickhouse.Conn, text string) {
	t.Helper()
	defer conn.Close()
	for end := time.Now().Add(10 * time.Second); one[uint64](t, conn, "SELECT count() FROM system.processes WHERE position(query, {t:String}) > 0", clickhouse.Named("t", text)) == 0; {
		if time.Now().After(end) {
			t.Fatalf("%s does not begin", text)
		}
	}
}

// TestKill ends the engine with kill -9 while four clients insert, three times over, and wants every acknowledged
// row back, each block whole.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mutex sync.Mutex
	acknowledged := map[uint64]bool{}
	next := uint64(0)
	const block = 300
	for round := range 3 {
		c := start(t, dir)
		first := open(t, c.address, "default")
		exec(t, first, "CREATE TABLE IF NOT EXISTS t (a UInt64, s String, INDEX x s TYPE text(tokenizer = ngrams(3)), INDEX y a TYPE bloom_filter) ENGINE = ReplacingMergeTree ORDER BY a PARTITION BY a % 2")
		var wg sync.WaitGroup
		enough := make(chan struct{})
		var once sync.Once
		before := len(acknowledged)
		for range 4 {
			wg.Go(func() {
				conn := open(t, c.address, "default")
				defer conn.Close()
				for {
					mutex.Lock()
					next++
					id := next
					mutex.Unlock()
					if err := insertBlock(t.Context(), conn, id, block); err != nil {
						return // it was killed
					}
					mutex.Lock()
					acknowledged[id] = true
					if len(acknowledged) > before+40 {
						once.Do(func() { close(enough) })
					}
					mutex.Unlock()
				}
			})
		}
		select {
		case <-enough:
		case <-time.After(30 * time.Second):
			t.Error("inserts are too slow")
		}
		c.command.Process.Kill() //nolint:errcheck // the wait tells
		wg.Wait()
		first.Close()
		c.command.Wait() //nolint:errcheck // killed

		c = start(t, dir)
		conn := open(t, c.address, "default")
		rows, err := conn.Query(t.Context(), "SELECT intDiv(a, 1000) AS id, count() FROM t GROUP BY id")
		if err != nil {
			t.Fatal(err)
		}
		found := map[uint64]uint64{}
		for rows.Next() {
			var id, n uint64
			if err := rows.Scan(&id, &n); err != nil {
				t.Fatal(err)
			}
			found[id] = n
		}
		for id := range acknowledged {
			if found[id] < block {
				t.Errorf("round %d: block %d was acknowledged and has %d rows", round, id, found[id])
			}
		}
		if len(acknowledged) <= before+40 {
			t.Errorf("round %d: only %d blocks", round, len(acknowledged)-before)
		}
		conn.Close()
		c.stdin.Close()
		c.ended(t)
	}
}

func insertBlock(ctx context.Context, conn clickhouse.Conn, id uint64, rows int) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (a, s)")
	if err != nil {
		return err
	}
	for i := range rows {
		if err := batch.Append(id*1000+uint64(i), fmt.Sprint("number ", i)); err != nil {
			return err
		}
	}
	return batch.Send()
}
