package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is also the tiny program that the tests run: TestMain is its main when PROCESS_TEST_MAIN is set.
func TestMain(m *testing.M) {
	if os.Getenv("PROCESS_TEST_MAIN") != "" {
		Main("tiny", tiny, Command{"echo", "print the arguments", echo}, Command{"fail", "fail", fail},
			Command{"die", "reach a point three times", die}, Command{"limit", "print the memory limit", limit},
			Command{"quiet", "", echo})
		return
	}
	goleak.VerifyTestMain(m)
}

type tinyConfig struct {
	Mode     string        `env:"MODE" envDefault:"wait"`
	Password string        `env:"TINY_PASSWORD" secret:"true"`
	Every    time.Duration `env:"POLL_EVERY" envDefault:"1s"`
}

func tiny(ctx context.Context, p *Process) error {
	cfg, err := Config[tinyConfig](p)
	if err != nil {
		return err
	}
	p.Ready("sea", func(context.Context) error { return nil })
	switch cfg.Mode {
	case "done":
		return nil
	case "broken":
		return errors.New("insert 812 calls: no route")
	case "canceled":
		return fmt.Errorf("take rows: %w", context.Canceled)
	case "deaf":
		p.Log.Info("deaf")
		select {}
	}
	p.Log.Info("turning", "addr", p.AdminAddr())
	for p.Pause(ctx, cfg.Every) {
		p.Turned()
	}
	return fmt.Errorf("take rows: %w", ctx.Err())
}

func echo(_ context.Context, p *Process) error {
	p.Log.Info("echoing")
	_, err := fmt.Fprintln(p.Out, strings.Join(p.Args, "|"))
	return err
}

func fail(_ context.Context, p *Process) error {
	if _, err := Config[tinyConfig](p); err != nil {
		return err
	}
	return errors.New("list parked rows: no such stage")
}

func die(_ context.Context, p *Process) error {
	for i := range 3 {
		fmt.Fprintln(p.Out, "reaching", i+1)
		Point("tiny.reached")
	}
	return nil
}

func limit(_ context.Context, p *Process) error {
	if _, err := Config[tinyConfig](p); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Out, debug.SetMemoryLimit(-1))
	return err
}

// tinyCmd is the program, not yet started, with only the given environment.
func tinyCmd(t *testing.T, environ []string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append([]string{"PROCESS_TEST_MAIN=1", "ADMIN_ADDR=127.0.0.1:0", "GORACE=atexit_sleep_ms=0"}, environ...)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func TestMainExits(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("opensesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		environ  []string
		args     []string
		code     int
		out, err []string // what standard output and standard error contain; nil: nothing
		not      string   // what neither contains
	}{
		{name: "done", environ: []string{"MODE=done"}, out: []string{`"msg":"start"`, `"msg":"stopped","stage":"tiny"`}},
		{name: "an error is logged once", environ: []string{"MODE=broken"}, code: 1, out: []string{`"err":"insert 812 calls: no route"`}},
		{name: "canceled without a signal", environ: []string{"MODE=canceled"}, code: 1, out: []string{"take rows: context canceled"}},
		{name: "text", environ: []string{"MODE=done", "LOG_FORMAT=text"}, out: []string{"msg=start stage=tiny"}},
		{name: "level", environ: []string{"MODE=done", "LOG_LEVEL=error"}},
		{name: "check", environ: []string{"MODE=done", "TINY_PASSWORD_FILE=" + secret}, args: []string{"-check"}, out: []string{"MODE=done\n", "\nTINY_PASSWORD=***\n", "POLL_EVERY=1s\n", "LOG_LEVEL=INFO\n"}, not: "sesame"},
		{name: "check finds all", environ: []string{"POLL_EVREY=2s", "POLL_EVERY=abc", "LOG_FORMAT=xml"}, args: []string{"--check"}, code: 1, err: []string{"tiny: the configuration has mistakes:\n", "\nPOLL_EVREY is not a setting; did you mean POLL_EVERY?\n", "POLL_EVERY is \"abc\", want a duration such as 30s\n", "LOG_FORMAT is \"xml\", want json, text or auto\n"}},
		{name: "mistakes in the log", environ: []string{"POLL_EVREY=2s", "POLL_EVERY=abc"}, code: 1, out: []string{`"msg":"configuration refused","stage":"tiny","err":"POLL_EVERY is \"abc\", want a duration such as 30s"}`, `"err":"POLL_EVREY is not a setting; did you mean POLL_EVERY?"}`}},
		{name: "command", args: []string{"echo", "a", "-b"}, out: []string{"a|-b\n"}, err: []string{"echoing"}},
		{name: "command fails", args: []string{"fail"}, code: 1, err: []string{"tiny: list parked rows: no such stage\n"}, not: "level"},
		{name: "command misconfigured", args: []string{"fail"}, environ: []string{"POLL_EVERY=abc"}, code: 1, err: []string{"mistakes:\nPOLL_EVERY is"}},
		{name: "checked command", args: []string{"-check", "fail"}, out: []string{"MODE=wait"}},
		{name: "memory limit by default", args: []string{"limit"}, out: []string{"104857600\n"}},
		{name: "memory limit set", args: []string{"limit"}, environ: []string{"MEMORY_LIMIT=1GiB"}, out: []string{"1073741824\n"}},
		{name: "Go's memory limit wins", args: []string{"limit"}, environ: []string{"GOMEMLIMIT=64MiB"}, out: []string{"67108864\n"}},
		{name: "unknown command", args: []string{"ecoh"}, code: 2, err: []string{`tiny: unknown command "ecoh"; tiny -h lists what there is`}},
		{name: "unknown flag", args: []string{"-chekc"}, code: 2, err: []string{"tiny: unknown flag -chekc"}},
		{name: "help", args: []string{"-h"}, out: []string{"tiny -check", "tiny echo", "print the arguments"}, not: "quiet"},
		{name: "help in a word", args: []string{"help"}, out: []string{"tiny echo"}},
		{name: "version", args: []string{"-version"}, out: []string{"tiny ", "go1."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd, stdout, stderr := tinyCmd(t, tt.environ, tt.args...)
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("exit code %d, want %d (%v)\n%s%s", code, tt.code, err, stdout, stderr)
			}
			contains(t, "standard output", stdout.String(), tt.out)
			contains(t, "standard error", stderr.String(), tt.err)
			if tt.not != "" && strings.Contains(stdout.String()+stderr.String(), tt.not) {
				t.Errorf("output contains %q:\n%s%s", tt.not, stdout, stderr)
			}
		})
	}
}

func contains(t *testing.T, what, got string, parts []string) {
	t.Helper()
	if parts == nil && got != "" {
		t.Errorf("%s is %q, want nothing", what, got)
	}
	for _, part := range parts {
		if strings.Count(got, part) != 1 {
			t.Errorf("%s has %q %d times, want once:\n%s", what, part, strings.Count(got, part), got)
		}
	}
}

// line is what a JSON log line holds of interest here.
type line struct{ Level, Msg, Addr, Signal string }

// untilLogged reads the program's log up to the message.
func untilLogged(t *testing.T, log *bufio.Scanner, msg string) line {
	t.Helper()
	for log.Scan() {
		var l line
		if err := json.Unmarshal(log.Bytes(), &l); err != nil {
			t.Fatalf("log line %q: %v", log.Text(), err)
		}
		if l.Msg == msg {
			return l
		}
	}
	t.Fatalf("the log ended without %q", msg)
	return line{}
}

func TestMainSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			cmd, _, _ := tinyCmd(t, nil)
			log := logOf(t, cmd)
			addr := untilLogged(t, log, "turning").Addr

			for path, want := range map[string]string{
				"/livez":   `{"live":true,`,
				"/readyz":  `{"doors":{"sea":"ok"},"ready":true}`,
				"/metrics": "go_goroutines ",
			} {
				if body := get(t, "http://"+addr+path); !strings.Contains(body, want) {
					t.Errorf("%s answers %q, want %q", path, body, want)
				}
			}

			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			if l := untilLogged(t, log, "stopping"); l.Signal != s.String() {
				t.Errorf("stopping on %q, want %q", l.Signal, s)
			}
			untilLogged(t, log, "stopped")
			if err := cmd.Wait(); err != nil {
				t.Errorf("a clean stop ends with %v, want exit 0", err)
			}
		})
	}
}

func TestMainSecondSignalExitsAtOnce(t *testing.T) {
	t.Parallel()
	cmd, _, _ := tinyCmd(t, []string{"MODE=deaf"})
	log := logOf(t, cmd)
	untilLogged(t, log, "deaf")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	untilLogged(t, log, "stopping")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d, want %d", code, 128+int(syscall.SIGTERM))
	}
}

func TestMainRefusesATakenAdminAddress(t *testing.T) {
	t.Parallel()
	cmd, _, _ := tinyCmd(t, nil)
	addr := untilLogged(t, logOf(t, cmd), "admin address open").Addr
	second, stdout, _ := tinyCmd(t, []string{"MODE=done", "ADMIN_ADDR=" + addr})
	if err := second.Run(); err == nil {
		t.Error("a second process started on the same address")
	}
	contains(t, "the log", stdout.String(), []string{`which another process listens on already: choose a free one`})

	without, stdout, _ := tinyCmd(t, []string{"MODE=done", "ADMIN_ADDR="})
	if err := without.Run(); err != nil {
		t.Errorf("no admin address: %v\n%s", err, stdout)
	}
	if strings.Contains(stdout.String(), "admin address open") {
		t.Errorf("ADMIN_ADDR= opened an address:\n%s", stdout)
	}
}

// logOf starts the program and reads its standard output; the program is stopped with the test.
func logOf(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return bufio.NewScanner(pipe)
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
