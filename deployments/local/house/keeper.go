package house

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	firstRestart = 500 * time.Millisecond
	lastRestart  = 15 * time.Second
	startTime    = 60 * time.Second
	// steady is how long a child must live to count as sound again.
	steady = 30 * time.Second
)

// keeper keeps one child running: one that dies is started again, later each time if it dies soon.
type keeper struct {
	name    string
	child   *embedded.Child
	console *Console
	backoff process.Backoff
	// early takes the news that the child ended by itself, while that still ends the start of the whole house.
	early func(error) bool

	stopping context.Context
	stop     context.CancelFunc
	done     chan struct{}
}

func keep(name string, child *embedded.Child, console *Console, early func(error) bool) *keeper {
	k := &keeper{
		name: name, child: child, console: console, early: early, done: make(chan struct{}),
		backoff: process.Backoff{First: firstRestart, Most: lastRestart},
	}
	k.stopping, k.stop = context.WithCancel(context.Background())
	go k.run()
	return k
}

func (k *keeper) run() {
	defer close(k.done)
	for {
		began := time.Now()
		select {
		case <-k.stopping.Done():
			return
		case <-k.child.Done():
		}
		if time.Since(began) > steady {
			k.backoff.Reset()
		}
		if k.stopping.Err() == nil && k.early(fmt.Errorf("%s ended as soon as it was started (%s): what it said stands above", k.name, ending(k.child.Err()))) {
			return
		}
		for {
			// Both may have happened: a child that was asked to end did nothing wrong.
			if k.stopping.Err() != nil {
				return
			}
			wait := k.backoff.Next()
			k.console.Say("%s ended (%s), starting it again in %s", k.name, ending(k.child.Err()), wait.Round(10*time.Millisecond))
			if !process.Pause(k.stopping, wait) {
				return
			}
			ctx, cancel := context.WithTimeout(k.stopping, startTime)
			err := k.child.Restart(ctx)
			cancel()
			if err == nil {
				k.console.Say("%s runs again", k.name)
				break
			}
			// What a child said that ended by itself is there to be read.
			if errors.Is(err, context.DeadlineExceeded) {
				k.console.Say("%v", err)
			}
		}
	}
}

func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// end stops the child for good: asked first, killed when ctx ends.
func (k *keeper) end(ctx context.Context) error {
	k.stop()
	<-k.done
	if err := k.child.Stop(ctx); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return nil
}
