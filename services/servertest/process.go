package servertest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Process is the server of one test, which may end it as it likes. It is ended after the test.
type Process struct {
	child *embedded.Child
}

func newProcess(t testing.TB, child *embedded.Child) *Process {
	t.Cleanup(child.Kill)
	return &Process{child: child}
}

// Kill ends the server with SIGKILL; it returns when the server is gone.
func (p *Process) Kill() { p.child.Kill() }

// Stop ends the server with SIGTERM; it fails the test when that takes longer than half a minute.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.child.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server again, on the same address and data, and waits until it answers. One that still runs is
// stopped first.
func (p *Process) Restart(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := p.child.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}

// Signal sends a signal: SIGSTOP makes a server that hangs, and hangs when it returns; SIGCONT wakes it.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := p.child.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if signal == syscall.SIGSTOP {
		// Its threads stop one by one; until the last has, a request may still be answered.
		Eventually(t, 30*time.Second, func() error { return hangs(p.PID()) }, "every thread has stopped")
	}
}

// hangs returns an error that names a thread of the process which is not stopped, as far as /proc tells.
func hangs(pid int) error {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return err
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name in brackets may hold anything; the state follows it.
		state := stat[bytes.LastIndexByte(stat, ')')+1:]
		if !bytes.HasPrefix(state, []byte(" T ")) {
			return fmt.Errorf("%s:%.3s", path, state)
		}
	}
	return nil
}

// PID is the server's process id.
func (p *Process) PID() int { return p.child.PID() }

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }
