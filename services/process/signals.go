package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals gives the context that SIGINT or SIGTERM ends. From then on /readyz says no, so that traffic moves away while
// the stage finishes what is in its hands. The second signal exits at once, for whoever is tired of waiting.
func (p *Process) signals() (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for first := true; ; first = false {
			select {
			case <-ended:
				return
			case s := <-ch:
				if !first {
					os.Exit(128 + int(s.(syscall.Signal)))
				}
				p.log.Load().Info("stopping", "signal", s.String())
				p.stopping.Store(true)
				cancel()
			}
		}
	}()
	return ctx, func() {
		signal.Stop(ch)
		close(ended)
		<-done
		cancel()
	}
}
