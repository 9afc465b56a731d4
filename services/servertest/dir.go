package servertest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// broom removes the directory once its stdin ends, which happens when this process ends, be it by SIGKILL. The servers
// die at the same moment and may still be writing, hence the loop.
const broom = `while read -r _; do :; done
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" 2>/dev/null && exit; sleep 0.2; done`

// sweeper is the process that removes the directory; hold is its stdin, kept here because the garbage collector would
// close a pipe that nothing refers to.
var sweeper struct {
	process *exec.Cmd
	hold    io.Closer
}

// scratch makes the directory in which all servers of this test binary live.
var scratch = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cdrflow-test-")
	if err != nil {
		return "", err
	}
	sweep := exec.Command("sh", "-c", broom, "sh", dir)
	// Not in our process group: it has work to do after a Ctrl-C.
	sweep.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	hold, err := sweep.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := sweep.Start(); err != nil {
		return "", fmt.Errorf("start the sweeper of %s: %w", dir, err)
	}
	sweeper.process, sweeper.hold = sweep, hold
	return dir, nil
})

// sweepNow removes the directory and returns when it is gone.
func sweepNow() error {
	if sweeper.process == nil {
		return nil
	}
	if err := sweeper.hold.Close(); err != nil {
		return err
	}
	return sweeper.process.Wait()
}

// directory makes an empty directory with a short path, for a unix socket may live in it. It is removed after the test.
func directory(t testing.TB, name string) string {
	t.Helper()
	dir, err := newDirectory(name)
	if err != nil {
		t.Fatalf("make a directory for %s: %v", name, err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func newDirectory(name string) (string, error) {
	root, err := scratch()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(root, name+"-")
}

// output is the file that keeps what a server says; its path stands in the failures.
func output(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "output.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
