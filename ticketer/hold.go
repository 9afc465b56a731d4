package main

import (
	"context"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// signOfLife is how often the log is told that a batch is still in hand.
const signOfLife = 2 * time.Second

// hold keeps a batch from being delivered to somebody else until it is released.
func hold(batch jetstream.Batch) (release func()) {
	over := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		beat := time.NewTicker(signOfLife)
		defer beat.Stop()
		for {
			select {
			case <-over:
				return
			case <-beat.C:
				batch.Working()
			}
		}
	})
	return func() { close(over); done.Wait() }
}

// pause waits without seeming dead.
func (t *ticketer) pause(ctx context.Context, d time.Duration) {
	const step = 5 * time.Second
	for ; d > 0 && ctx.Err() == nil; d -= step {
		t.turned()
		process.Pause(ctx, min(d, step))
	}
}

// lingering outlives ctx by a while: what is on its way may arrive.
func lingering(ctx context.Context, while time.Duration) (context.Context, func()) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return work, func() { stop(); cancel() }
}
