package house

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/servertest"
)

const patience = 30 * time.Second

// log is a console that a test can read.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) await(t *testing.T, what string) {
	t.Helper()
	servertest.Eventually(t, patience, func() bool { return strings.Contains(l.String(), what) }, "the log says "+what)
}

// config of a house whose stages are stand-ins and whose servers are said to be elsewhere, but for LogsUpdate.
func config(t *testing.T, environ ...string) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stages := t.TempDir()
	for _, stage := range Stages {
		if err := os.Symlink(self, filepath.Join(stages, stage)); err != nil {
			t.Fatal(err)
		}
	}
	addr, err := embedded.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Dir: t.TempDir(), HTTPAddr: addr, NATS: "nats://elsewhere", ClickHouse: "http://elsewhere/cdrflow",
		MariaDB: "reader:secret@tcp(elsewhere)/asterisk", MinIO: "elsewhere:9000",
		Self: self, Stages: stages,
		// A program with the race detector sleeps for a second before it ends, unless told otherwise.
		Environ: append(append(os.Environ(), "GORACE=atexit_sleep_ms=0"), environ...),
	}
}

func start(t *testing.T, cfg Config) (*House, *log) {
	t.Helper()
	l := &log{}
	h, err := Open(t.Context(), cfg, NewConsole(l, false))
	if err != nil {
		t.Fatal(err)
	}
	closed := sync.OnceFunc(h.Close)
	t.Cleanup(closed)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Settle(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, patience, func() bool { return h.keeper("archiver") != nil }, "the archiver is started")
	return h, l
}

func (h *House) keeper(name string) *keeper {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keepers[name]
}

func TestStagesGetWhatIsTheirs(t *testing.T) {
	t.Parallel()
	cfg := config(t, "MARIADB_DSN_FILE=/nowhere", "BATCH_ROWS=7", "POLL_EVERY=9s")
	cfg.More = []string{"POLL_EVERY=1s", "SOURCE_TIMEZONE=Asia/Kolkata"}
	h, _ := start(t, cfg)
	response, err := get(t.Context(), "http://"+h.Ports.Poller+"/environment", "")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Trim(string(text), "[]\n") + " "
	for _, want := range []string{
		"MARIADB_DSN=" + cfg.MariaDB, "NATS_URL=" + cfg.NATS, "ADMIN_ADDR=" + h.Ports.Poller, "BATCH_ROWS=7",
		"POLL_EVERY=9s", "SOURCE_TIMEZONE=Asia/Kolkata", "JWT_SECRET=" + h.JWTSecret, "LOGSUPDATE_URL=http://" + h.Ports.LogsUpdate,
		"RECORDINGS_DIR=" + filepath.Join(cfg.Dir, "recordings"),
	} {
		if !strings.Contains(env, want+" ") {
			t.Errorf("the poller's environment lacks %s", want)
		}
	}
	for _, not := range []string{"MARIADB_DSN_FILE", "POLL_EVERY=1s", "MINIO_ENDPOINT=127"} {
		if strings.Contains(env, not) {
			t.Errorf("the poller's environment has %s", not)
		}
	}
}

func TestADeadStageIsStartedAgain(t *testing.T) {
	t.Parallel()
	h, l := start(t, config(t))
	child := h.keeper("enricher").child
	for range 2 {
		pid := child.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		servertest.Eventually(t, patience, func() bool {
			return child.PID() != pid && answers(t.Context(), "http://"+h.Ports.Enricher+"/livez") == nil
		}, "another enricher answers")
	}
	l.await(t, "enricher ended (signal: killed), starting it again in")
	l.await(t, "enricher runs again")
}

func TestStagesStopInOrderAndInTime(t *testing.T) {
	t.Parallel()
	// The ticketer does not listen: it is killed, and does not hold up the others for ever.
	h, l := start(t, config(t, "HANGS=ticketer"))
	began := time.Now()
	h.Close()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopped after %v", took)
	}
	at := -1
	for _, stage := range Stages {
		if stage == "ticketer" {
			continue
		}
		next := strings.Index(l.String(), NewConsole(l, false).Prefix(stage)+"the end")
		if next < at || next < 0 {
			t.Errorf("%s did not end after those before it:\n%s", stage, l)
		}
		at = next
	}
	if !strings.Contains(l.String(), "ticketer: stop ticketer: killed") {
		t.Errorf("nothing is said of the ticketer that had to be killed:\n%s", l)
	}
	for name, k := range h.keepers {
		if err := syscall.Kill(k.child.PID(), 0); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestAStageThatCannotStartEndsIt(t *testing.T) {
	t.Parallel()
	cfg := config(t, "FAILS=poller")
	h, err := Open(t.Context(), cfg, NewConsole(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	err = h.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "start poller: ended before it was ready") || !strings.Contains(err.Error(), "SOMETHING is wrong") {
		t.Errorf("error is %v, want it to name the poller and what it said", err)
	}
}

// TestAStageThatGivesUpEndsIt has one that answers at first, as a poller does before it asks for its table.
func TestAStageThatGivesUpEndsIt(t *testing.T) {
	t.Parallel()
	h, err := Open(t.Context(), config(t, "GIVES_UP=poller"), NewConsole(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.config.Dir, "give-up"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err = h.Settle(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err == nil || !strings.Contains(err.Error(), "poller ended as soon as it was started (exit status 1)") {
		t.Errorf("error is %v, want it to name the poller", err)
	}
}

func TestSecondStart(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	h, _ := start(t, cfg)

	other := cfg
	other.HTTPAddr = "127.0.0.1:0"
	if _, err := Open(t.Context(), other, NewConsole(io.Discard, false)); err == nil || !strings.Contains(err.Error(), "another cdrflow runs in "+cfg.Dir) {
		t.Errorf("a second house on the same data: %v", err)
	}
	other.Dir = t.TempDir()
	other.HTTPAddr = cfg.HTTPAddr
	if _, err := Open(t.Context(), other, NewConsole(io.Discard, false)); err == nil || !strings.Contains(err.Error(), "which another process listens on already: choose a free one") {
		t.Errorf("a second house at the same address: %v", err)
	}

	ports, secret := h.Ports, h.JWTSecret
	h.Close()
	again, _ := start(t, cfg)
	if again.Ports != ports || again.JWTSecret != secret {
		t.Error("ports or secrets changed with a restart")
	}
	for _, file := range []string{"ports.json", "secrets.json"} {
		info, err := os.Stat(filepath.Join(cfg.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, want 0600", file, info.Mode())
		}
	}
}

func TestATakenPortIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := claimPorts(dir)
	if err != nil {
		t.Fatal(err)
	}
	squatter := exec.CommandContext(t.Context(), os.Args[0], ServeLogsUpdate, "-addr", first.NATS)
	if err := squatter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = squatter.Process.Kill(); _ = squatter.Wait() })
	servertest.Eventually(t, patience, func() bool { return !free(first.NATS) }, "the port is taken")
	second, err := claimPorts(dir)
	if err != nil {
		t.Fatal(err)
	}
	if second.NATS == first.NATS || second.MariaDB != first.MariaDB {
		t.Errorf("ports %+v after %+v, want another for NATS alone", second, first)
	}
	if kept, err := ReadPorts(dir); err != nil || kept != second {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	if err := os.Remove(filepath.Join(cfg.Stages, "enricher")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), cfg, NewConsole(io.Discard, false)); err == nil || !strings.Contains(err.Error(), "enricher missing; `make build` makes them") {
		t.Errorf("error is %v", err)
	}
}
