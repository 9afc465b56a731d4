package engine

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Main is the whole life of a process that holds the engine: it opens it, serves it on cfg.Addr, calls ready with
// the URL http://127.0.0.1:port once clients can connect, and stops within three seconds after ctx has ended. The
// error of a stop that had to leave the engine open is logged only: the process ends, and nothing acknowledged is
// lost by that.
func Main(ctx context.Context, cfg Config, ready func(url string)) error {
	cfg = cfg.withDefaults()
	e, err := Open(cfg)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("serve the engine: %w", err)
	}
	cfg.Log.Info("engine is open", "version", e.Version(), "addr", listener.Addr().String())
	ready("http://" + listener.Addr().String())
	err = e.Serve(ctx, listener)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := e.Close(closing); err != nil {
		cfg.Log.Warn("engine left open at the end of the process", "err", err)
	}
	return err
}

// EndWithInput calls end when the process's standard input closes, which is how a child notices that its parent has
// gone, even by kill -9. It puts /dev/null in the place of the standard input, because the engine reads rows from
// there when a statement brings none.
func EndWithInput(end func()) error {
	input, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("watch the standard input: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("watch the standard input: %w", err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), 0, 0); err != nil {
		return fmt.Errorf("watch the standard input: %w", err)
	}
	go func() {
		io.Copy(io.Discard, os.NewFile(uintptr(input), "stdin")) //nolint:errcheck // any error is the end as well
		end()
	}()
	return nil
}
