package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// parentMode makes this test binary a parent whose children the test then watches.
const parentMode = "EMBEDDED_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) != "" {
		beParent()
	}
	servertest.Main(m)
}

func beParent() {
	sleeper, err := embedded.Start(context.Background(), embedded.Command{Name: "sleep", Path: "/bin/sleep", Args: []string{"600"}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// This one ignores what it can and looks only at its stdin.
	reader, err := embedded.Start(context.Background(), shell("trap '' TERM INT HUP; cat"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(sleeper.PID(), reader.PID())
	select {}
}

func shell(script string) embedded.Command {
	return embedded.Command{Name: "script", Path: "/bin/sh", Args: []string{"-c", script}, HoldStdin: true}
}

func start(t *testing.T, command embedded.Command) *embedded.Child {
	t.Helper()
	child, err := embedded.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Kill)
	return child
}

// gone tells whether a process is dead; one that nobody has reaped yet is dead too.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

func within(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMode+"=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, field := range strings.Fields(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the parent says %q", line)
		}
		if gone(pid) {
			t.Fatalf("child %d does not run", pid)
		}
		pids = append(pids, pid)
	}
	if len(pids) != 2 {
		t.Fatalf("the parent says %q, want two process ids", line)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for _, pid := range pids {
		servertest.Eventually(t, 20*time.Second, func() bool { return gone(pid) }, "a child dies with its parent")
	}
}

func TestChildOutlivesTheThreadOfItsStarter(t *testing.T) {
	t.Parallel()
	started := make(chan *embedded.Child)
	go func() {
		// A goroutine that ends locked takes its thread with it.
		runtime.LockOSThread()
		child, err := embedded.Start(t.Context(), shell("cat"))
		if err != nil {
			t.Error(err)
		}
		started <- child
	}()
	child := <-started
	if child == nil {
		return
	}
	defer child.Kill()
	select {
	case <-child.Done():
		t.Fatalf("the child ended with the thread that asked for it: %v", child.Err())
	case <-time.After(300 * time.Millisecond):
	}
}

func TestChildStopsKillsAndRestarts(t *testing.T) {
	t.Parallel()
	child := start(t, shell("cat"))
	first := child.PID()
	if child.Err() != nil {
		t.Fatalf("a running child has the error %v", child.Err())
	}
	if err := child.Stop(within(t, 20*time.Second)); err != nil {
		t.Fatalf("stop by SIGTERM: %v", err)
	}
	if err := child.Stop(t.Context()); err != nil {
		t.Fatalf("stop a child that has ended: %v", err)
	}
	if err := child.Restart(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	if child.PID() == first || !gone(first) {
		t.Fatalf("restart left process %d in place", first)
	}
	child.Kill()
	var exit *exec.ExitError
	if !errors.As(child.Err(), &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("a killed child ended with %v", child.Err())
	}
	if err := child.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("signal a child that has ended: %v", err)
	}
}

func TestChildThatDoesNotStopIsKilled(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	command := shell("trap '' TERM; touch " + ready + "; while :; do read -r _ || exit; done")
	command.Ready = func(context.Context) error { _, err := os.Stat(ready); return err }
	child := start(t, command)
	err := child.Stop(within(t, 100*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stop script: killed") {
		t.Fatalf("stop says %v", err)
	}
	select {
	case <-child.Done():
	default:
		t.Fatal("the child still runs")
	}
}

func TestChildThatFailsToStart(t *testing.T) {
	t.Parallel()
	never := func(context.Context) error { return errors.New("nobody answers") }
	for name, c := range map[string]struct {
		command embedded.Command
		ready   func(context.Context) error
		want    []string
	}{
		"missing program": {embedded.Command{Name: "server", Path: "/nowhere/server"}, nil, []string{"start server:", "no such file"}},
		"ends at once": {
			shell("echo first; echo 'no such table' >&2; exit 3"), never,
			[]string{"start script: ended before it was ready: exit status 3", "\n  | first", "\n  | no such table"},
		},
		"never ready": {shell("echo working; cat"), never, []string{"start script: not ready in time: nobody answers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.command.Ready = c.ready
			limit := 20 * time.Second
			if name == "never ready" {
				limit = 200 * time.Millisecond
			}
			_, err := embedded.Start(within(t, limit), c.command)
			if err == nil {
				t.Fatal("it started")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in the error, got %v", want, err)
				}
			}
		})
	}
}

// log is a writer that several children share.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func TestChildOutputComesInWholeLines(t *testing.T) {
	t.Parallel()
	var output log
	var children []*embedded.Child
	for _, name := range []string{"a", "b"} {
		command := shell(`i=0; while [ $i -lt 200 ]; do printf %s half; printf ' line %s\n' $i; i=$((i+1)); done; printf end`)
		command.Output, command.Prefix = &output, name+": "
		children = append(children, start(t, command))
	}
	for _, child := range children {
		<-child.Done()
		if tail := child.Tail(); !strings.HasSuffix(tail, "half line 199\nend") || strings.Count(tail, "\n") != 19 {
			t.Errorf("the tail is %q", tail)
		}
	}
	lines := strings.Split(strings.TrimSuffix(output.text.String(), "\n"), "\n")
	if len(lines) != 2*201 {
		t.Errorf("%d lines, want %d", len(lines), 2*201)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "a: half line ") && !strings.HasPrefix(line, "b: half line ") && line != "a: end" && line != "b: end" {
			t.Errorf("a line is mixed: %q", line)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("nobody reads this") }

func TestChildSurvivesABrokenOutput(t *testing.T) {
	t.Parallel()
	command := shell("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done")
	command.Output = broken{}
	child := start(t, command)
	<-child.Done()
	if err := child.Err(); err != nil {
		t.Fatalf("the child ended with %v", err)
	}
}
