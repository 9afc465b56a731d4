package process

import (
	"context"
	"math/rand/v2"
	"time"
)

// Pause waits for d, or less if ctx ends first; it reports whether the whole time passed.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Pause waits like the function [Pause] and keeps /livez content meanwhile: a loop that sleeps on purpose for an hour is
// alive.
func (p *Process) Pause(ctx context.Context, d time.Duration) bool {
	const step = 5 * time.Second
	for ; d > step; d -= step {
		p.Turned()
		if !Pause(ctx, step) {
			return false
		}
	}
	p.Turned()
	return Pause(ctx, d)
}

// Backoff says how long to wait after each failure in a row: First, then twice as long each time up to Most, each drawn
// from the upper half of that so that many processes do not come back in step. The zero value goes from 200 ms to 30 s.
// It belongs to one loop; it is not safe for concurrent use.
type Backoff struct {
	First, Most time.Duration

	next time.Duration
}

// Next gives the next wait.
func (b *Backoff) Next() time.Duration {
	first, most := b.First, b.Most
	if first <= 0 {
		first = 200 * time.Millisecond
	}
	if most <= 0 {
		most = 30 * time.Second
	}
	if b.next == 0 {
		b.next = first
	}
	wait := min(b.next, most)
	b.next = min(wait*2, most)
	return wait/2 + rand.N(wait/2+1)
}

// Wait pauses for the next wait; it reports whether ctx still stands.
func (b *Backoff) Wait(ctx context.Context) bool {
	return Pause(ctx, b.Next())
}

// Reset starts over, after a success.
func (b *Backoff) Reset() {
	b.next = 0
}
