package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func TestStatementsUseUpTheirIDs(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 2, 3, 4, 65_534, 65_535, 65_536, 100_000, 1_000_000, 5_000_001} {
		sum, statements := 0, 0
		for left := rows; left > 0; statements++ {
			n := loadSize(left)
			if n < 1 || n > left || n%reserved != 0 && n&(n+1) != 0 {
				t.Fatalf("%d of %d rows in one statement", n, left)
			}
			sum, left = sum+n, left-n
		}
		if sum != rows || statements > rows/loadRows+32 {
			t.Errorf("%d rows in %d statements, want %d", sum, statements, rows)
		}
	}
}

// run runs the command in a database; the address is its only setting.
func run(t *testing.T, ctx context.Context, database servertest.Database, out io.Writer, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	p := process.New("cdrflow", []string{"MARIADB_DSN=" + database.DSN, "DATA_DIR=" + dir, "SOURCE_TIMEZONE=Asia/Kolkata", "ADMIN_ADDR="}, io.Discard)
	p.Args = append(args, "-truth", filepath.Join(dir, "truth.ndjson"))
	if err := simulateTo(ctx, p, out); err != nil {
		t.Error(err) // not Fatal: some tests run it beside themselves
	}
	return dir
}

func truths(t *testing.T, dir string) []simulate.Truth {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "truth.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []simulate.Truth
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var truth simulate.Truth
		if err := json.Unmarshal(lines.Bytes(), &truth); err != nil {
			t.Fatal(err)
		}
		list = append(list, truth)
	}
	return list
}

// keys are the rows of a database, or of the truth, as "uniqueid sequence", sorted.
func keys(t *testing.T, database servertest.Database) []string {
	t.Helper()
	return slices.Sorted(strings.Lines(query(t, database, "SELECT CONCAT(uniqueid, ' ', sequence) FROM asterisk_cdr")))
}

func told(list []simulate.Truth) []string {
	var keys []string
	for _, truth := range list {
		for _, row := range truth.Rows {
			keys = append(keys, row.Uniqueid+" "+strconv.Itoa(row.Sequence)+"\n")
		}
	}
	slices.Sort(keys)
	return keys
}

func TestBulk(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	dir := run(t, t.Context(), database, io.Discard, "-rows", "70000", "-days", "30", "-seed", "5", "-recordings", "3")
	if got := query(t, database, "SELECT COUNT(*), MIN(id), MAX(id) FROM asterisk_cdr"); got != "70000\t1\t70000\n" {
		t.Errorf("rows, first and last id are %s", got)
	}
	if got, want := keys(t, database), told(truths(t, dir)); !slices.Equal(got, want) {
		t.Errorf("%d rows in the table, %d in the truth, or not the same", len(got), len(want))
	}
	// The zone of the PBX is +5:30; the epoch in uniqueid is not.
	if got := query(t, database, "SELECT COUNT(*) FROM asterisk_cdr WHERE lastapp <> 'ConfBridge' AND uniqueid = linkedid AND calldate < FROM_UNIXTIME(0) + INTERVAL FLOOR(uniqueid) SECOND"); got != "0\n" {
		t.Errorf("%s rows begin before their channel", got)
	}
	names := query(t, database, "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name IN ('calldate', 'uniqueid', 'linkedid', 'accountcode')")
	if names != "4\n" {
		t.Errorf("%s of the four keys are there after the load", names)
	}
	files, err := os.ReadDir(filepath.Join(dir, "recordings"))
	if err != nil || len(files) != 3 {
		t.Errorf("%d recordings, %v, want 3", len(files), err)
	}
	// A second history finds a table with rows, and adds to it.
	run(t, t.Context(), database, io.Discard, "-rows", "1000", "-days", "1")
	if got := query(t, database, "SELECT COUNT(*), MAX(id) FROM asterisk_cdr"); got != "71000\t71000\n" {
		t.Errorf("rows and last id after a second history are %s", got)
	}
}

// TestLive stops a call centre in the middle of its calls: the table holds exactly the rows that the truth tells.
func TestLive(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan string, 1)
	go func() { ended <- run(t, ctx, database, io.Discard, "-rate", "200/s", "-speed", "1000", "-seed", "5") }()
	servertest.Eventually(t, 30*time.Second, func() bool {
		return exists(t, database) && len(keys(t, database)) > 150
	}, "150 rows")
	stop()
	dir := <-ended
	list := truths(t, dir)
	if got, want := keys(t, database), told(list); !slices.Equal(got, want) {
		t.Errorf("%d rows in the table, %d in the truth, or not the same", len(got), len(want))
	}
	talks, silent := 0, 0
	for _, truth := range list {
		for _, r := range truth.Recordings {
			info, err := os.Stat(filepath.Join(dir, "recordings", r.File))
			switch {
			case err != nil:
				t.Error(err)
			case r.Seconds == 0 && info.Size() == headerBytes:
				silent++
			case r.Seconds > 0 && info.Size() > headerBytes+1000:
				talks++
			default:
				t.Errorf("%s has %d bytes for %v s", r.File, info.Size(), r.Seconds)
			}
		}
	}
	if talks == 0 || silent == 0 {
		t.Errorf("%d recordings with a talk and %d without, want some of each", talks, silent)
	}
}

// TestLostRowsAreTold takes the table away.
func TestLostRowsAreTold(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan string, 1)
	var said output
	go func() { ended <- run(t, ctx, database, &said, "-rate", "200/s", "-speed", "1000", "-seed", "6") }()
	servertest.Eventually(t, 30*time.Second, func() bool {
		return exists(t, database) && len(keys(t, database)) > 20
	}, "20 rows")
	query(t, database, "RENAME TABLE asterisk_cdr TO elsewhere")
	servertest.Eventually(t, 30*time.Second, func() bool { return strings.Contains(said.String(), "rows lost: insert") }, "it says that rows are lost")
	query(t, database, "RENAME TABLE elsewhere TO asterisk_cdr")
	before := len(keys(t, database))
	servertest.Eventually(t, 30*time.Second, func() bool { return len(keys(t, database)) > before+20 }, "rows again")
	stop()
	list, lost := truths(t, <-ended), 0
	stored := keys(t, database)
	for _, truth := range list {
		if truth.Lost {
			lost++
			continue
		}
		for _, key := range told([]simulate.Truth{truth}) {
			if _, there := slices.BinarySearch(stored, key); !there {
				t.Errorf("row %q is in the truth and not in the table", key)
			}
		}
	}
	if lost == 0 {
		t.Error("the truth tells of no lost rows")
	}
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestRecordingIsAWave(t *testing.T) {
	t.Parallel()
	wav := tone("a.wav", 1500*time.Millisecond)
	if len(wav) != headerBytes+2*12_000 || string(wav[:4]) != "RIFF" || string(wav[8:16]) != "WAVEfmt " || string(wav[36:40]) != "data" {
		t.Errorf("%d bytes beginning with %q", len(wav), wav[:headerBytes])
	}
	if bytes.Equal(wav, tone("b.wav", 1500*time.Millisecond)) {
		t.Error("two recordings sound the same")
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"5/s": 5, "30/m": 0.5, "7200/h": 2, "0.5": 0.5} {
		var r rate
		if err := r.Set(text); err != nil || float64(r) != want {
			t.Errorf("%s is %v, %v, want %v", text, r, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1/s", "5/", "5/d", "x/s", "99999"} {
		var r rate
		if err := r.Set(text); err == nil {
			t.Errorf("%q is taken as %v", text, r)
		}
	}
}

func exists(t *testing.T, database servertest.Database) bool {
	t.Helper()
	return query(t, database, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()") != "0\n"
}

// query asks with the client program: the driver is the door's alone.
func query(t *testing.T, database servertest.Database, statement string) string {
	t.Helper()
	user, rest, _ := strings.Cut(database.DSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	addr, name, _ := strings.Cut(rest, ")/")
	host, port, _ := strings.Cut(addr, ":")
	client := exec.Command("mariadb", "--no-defaults", "--batch", "--skip-column-names",
		"--host="+host, "--port="+port, "--user="+user, "--execute=SET time_zone = '+05:30'; "+statement, name)
	client.Env = append(os.Environ(), "MYSQL_PWD="+password)
	out, err := client.CombinedOutput()
	if err != nil {
		t.Fatalf("query %s: %v: %s", statement, err, out)
	}
	return string(out)
}

func TestTheTableIsThePBXs(t *testing.T) {
	t.Parallel()
	database := servertest.MariaDB(t)
	writer, err := mariadb.OpenWriter(t.Context(), database.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for range 2 { // the second time it is there already
		if err := writer.Define(t.Context(), simulate.Schema); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Fields(query(t, database, "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY ordinal_position"))
	if want := append([]string{"id"}, simulate.Columns...); !slices.Equal(got, want) {
		t.Errorf("columns %v, want %v", got, want)
	}
}
