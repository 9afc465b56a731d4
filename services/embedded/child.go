package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Command says how to start a child process.
type Command struct {
	Name string   // stands in errors: "mariadbd", "poller"
	Path string   // the executable
	Args []string // without the name of the program
	Env  []string // nil: the environment of this process; empty: none
	Dir  string   // working directory; "": the one of this process

	// Output gets stdout and stderr in whole lines, each with Prefix before it. One that several children share must
	// allow concurrent writes, as os.Stdout does. A failing Output does not disturb the child. nil discards.
	Output io.Writer
	Prefix string

	// HoldStdin keeps the child's stdin open for as long as this process lives; the child sees the end of file when it
	// dies. Otherwise stdin is empty.
	HoldStdin bool

	// Ready tells whether the child does its work yet; it is asked again and again after each start until it returns
	// nil. Without it a child counts as ready once it runs.
	Ready func(context.Context) error
}

// Child is a process that never outlives the one that started it. Its methods may be called at any time, from any
// goroutine.
type Child struct {
	command Command

	starting sync.Mutex // held while the process is being replaced
	mu       sync.Mutex // guards run
	run      *run
}

// run is one life of a child.
type run struct {
	process *os.Process
	output  *lines
	done    chan struct{}
	err     error // how it ended; to be read after done
}

// Start starts a child and waits until it is ready. The context bounds that wait, not the child's life. A child that
// does not become ready is killed; the error then ends with the last lines it wrote.
func Start(ctx context.Context, command Command) (*Child, error) {
	c := &Child{command: command}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Name is the name from the command.
func (c *Child) Name() string { return c.command.Name }

// PID is the process id of the current run, or of the last one.
func (c *Child) PID() int { return c.current().process.Pid }

// Done is closed when the current run has ended; Restart makes a new channel.
func (c *Child) Done() <-chan struct{} { return c.current().done }

// Err tells how the last run ended: nil for a clean exit and while it runs, else an *exec.ExitError with the signal or
// the exit code.
func (c *Child) Err() error {
	r := c.current()
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// Tail returns the last lines that the current run wrote, at most 20.
func (c *Child) Tail() string { return c.current().output.tail() }

// Signal sends a signal; to a child that has ended it does nothing.
func (c *Child) Signal(signal os.Signal) error {
	if err := c.current().process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", c.command.Name, err)
	}
	return nil
}

// Stop asks the child to end (SIGTERM) and kills it when the context ends first, which is an error. It returns when the
// process is gone. Stopping a child that has ended is no error.
func (c *Child) Stop(ctx context.Context) error {
	return c.current().stop(ctx, c.command.Name)
}

// Kill ends the child with SIGKILL and returns when it is gone.
func (c *Child) Kill() { c.current().kill() }

// Restart starts the child again with the same arguments and waits until it is ready, as Start does; one that still
// runs is stopped first.
func (c *Child) Restart(ctx context.Context) error {
	c.starting.Lock()
	defer c.starting.Unlock()
	if err := c.Stop(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return c.start(ctx)
}

func (c *Child) current() *run {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run
}

func (c *Child) start(ctx context.Context) error {
	r, err := c.command.start()
	if err != nil {
		return fmt.Errorf("start %s: %w", c.command.Name, err)
	}
	c.mu.Lock()
	c.run = r
	c.mu.Unlock()
	if err := r.awaitReady(ctx, c.command.Ready); err != nil {
		r.kill()
		return fmt.Errorf("start %s: %w%s", c.command.Name, err, indent(r.output.tail()))
	}
	return nil
}

func (c Command) start() (*run, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	r := &run{output: &lines{to: c.Output, prefix: []byte(c.Prefix)}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = r.output, r.output
	// A grandchild that inherited the output must not hold up the news that the child is dead.
	cmd.WaitDelay = 2 * time.Second
	// A process group of its own: Ctrl-C in a terminal reaches the parent alone, which stops its children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.HoldStdin {
		if _, err := cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}

	started := make(chan error)
	go func() {
		// The kernel sends Pdeathsig when the starting *thread* ends, and Go ends threads as it likes. So the thread
		// that starts the child stays with this goroutine until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		// That a grandchild still holds the output says nothing about the child.
		if err := cmd.Wait(); !errors.Is(err, exec.ErrWaitDelay) {
			r.err = err
		}
		r.output.flush()
		close(r.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	r.process = cmd.Process
	return r, nil
}

func (r *run) awaitReady(ctx context.Context, ready func(context.Context) error) error {
	if ready == nil {
		return nil
	}
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := ready(once)
		cancel()
		select {
		case <-r.done:
			return fmt.Errorf("ended before it was ready: %w", r.ended())
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready in time: %w (%w)", err, context.Cause(ctx))
		case <-r.done:
		case <-pause.C:
		}
	}
}

func (r *run) stop(ctx context.Context, name string) error {
	select {
	case <-r.done:
		return nil
	default:
	}
	if err := r.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		r.kill()
		return fmt.Errorf("stop %s: killed, since it did not end in time: %w", name, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(r.err, &exit) {
		// A program without a handler ends by the signal itself, which is what was asked for.
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM {
			return nil
		}
	}
	if r.err != nil {
		return fmt.Errorf("stop %s: %w", name, r.err)
	}
	return nil
}

func (r *run) kill() {
	// The only error is "already finished".
	_ = r.process.Kill()
	<-r.done
}

func (r *run) ended() error {
	if r.err == nil {
		return errors.New("exit status 0")
	}
	return r.err
}
