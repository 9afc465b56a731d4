package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// mostMemory that a process may have taken at its peak after the export of a million calls as CSV.
const mostMemory = 100 << 20

// BenchmarkExport has the real program give a million calls in every format, a fresh process each, and prints a table.
func BenchmarkExport(b *testing.B) {
	if !strings.Contains(strings.Join(os.Args, " "), "test.bench") {
		b.Skip("asked for by make bench only")
	}
	const rows = 1_000_000
	warehouse := servertest.ClickHouse(b)
	million(b, warehouse, rows)
	program := filepath.Join(b.TempDir(), "queryapi")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Logf("%d calls  %10s %10s %10s %14s", rows, "first byte", "all", "size", "peak memory")
	for _, f := range fileFormats {
		b.Run(f.name, func(b *testing.B) {
			for range b.N {
				address, pid := start(b, program, warehouse.DSN)
				asked := time.Now()
				first, size, trailer := receive(b, address+"/api/v1/calls?format="+f.name)
				took := time.Since(asked)
				peak := peakMemory(b, pid)
				b.Logf("%-14s %8d ms %8d ms %7d MB %10d MiB", f.name, first.Milliseconds(), took.Milliseconds(), size>>20, peak>>20)
				if f.most == 0 && trailer != strconv.Itoa(rows) {
					b.Errorf("X-Rows is %q", trailer)
				}
				if f.name == "csv" && peak > mostMemory {
					b.Errorf("the process has taken %d MiB", peak>>20)
				}
			}
		})
	}
}

// million stores the calls of a year.
func million(b *testing.B, warehouse servertest.Warehouse, rows int) {
	b.Helper()
	store, err := clickhouse.Open(clickhouse.Config{DSN: warehouse.DSN}, "test")
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	const block = 20_000
	calls := make([]call.Call, block)
	for from := 0; from < rows; from += block {
		for i := range calls {
			id := uint64(from + i + 1)
			c := talked(id, 1, 0)
			c.Calldate += call.Instant(id) * 31_000
			c.Src = fmt.Sprintf("9199%08d", id*7919%100_000_000)
			c.Caller, c.Uniqueid = "+"+c.Src, fmt.Sprintf("1775995633.%d", id)
			c.Linkedid, c.Clid = c.Uniqueid, `"`+c.Src+`" <`+c.Src+`>`
			calls[i] = c
		}
		if err := store.Insert(b.Context(), calls, strconv.Itoa(from)); err != nil {
			b.Fatal(err)
		}
	}
}

// start the program; it ends with the benchmark.
func start(b *testing.B, program, dsn string) (address string, pid int) {
	b.Helper()
	process := exec.CommandContext(b.Context(), program)
	process.Env = append(os.Environ(), "CLICKHOUSE_DSN="+dsn, "JWT_SECRET="+secret, "HTTP_ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "RECORDINGS_DIR=")
	out, err := process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := openAddress.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, out) //nolint:errcheck // until it ends
			return "http://" + m[1], process.Process.Pid
		}
	}
	b.Fatal("the program opens no address")
	return "", 0
}

// receive an export and tell when its first byte came.
func receive(b *testing.B, url string) (first time.Duration, size int64, trailer string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokenOf(b, "supervisor", 1))
	asked := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body := bufio.NewReader(response.Body)
	_, _ = body.Peek(1)
	first = time.Since(asked)
	size, err = body.WriteTo(io.Discard)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v", response.Status, err)
	}
	return first, size, response.Trailer.Get("X-Rows")
}

// peakMemory is the most physical memory that a process ever had, in bytes.
func peakMemory(b *testing.B, pid int) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes << 10
}
