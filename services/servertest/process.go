package servertest

import (
	"context"
	"os"
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

// Signal sends a signal: SIGSTOP makes a server that hangs, SIGCONT wakes it.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := p.child.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// PID is the server's process id.
func (p *Process) PID() int { return p.child.PID() }

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }
