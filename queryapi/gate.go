package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// gate lets so many in at once, and so many of each token: whoever asks for more waits outside, and only for its own.
type gate struct {
	within   chan struct{}
	mostEach int
	wait     time.Duration // at most

	mu   sync.Mutex
	each map[tokenKey]*portion
}

// portion of a token: what it has inside, and how many of it are inside or wait.
type portion struct {
	within chan struct{}
	users  int
}

func newGate(most, mostEach int, wait time.Duration) *gate {
	return &gate{within: make(chan struct{}, most), mostEach: mostEach, wait: wait, each: map[tokenKey]*portion{}}
}

var (
	// errOwnShare means that the caller's own work took the time that there was to wait.
	errOwnShare = errors.New("the token does as much at once as it may")
	// errCrowded means that the work of all together did.
	errCrowded = errors.New("the process does as much at once as it may")
	// errQueue means that as many wait already.
	errQueue = errors.New("the token has as many waiting as it may")
)

// queueOf each token: how many may wait, for each one inside.
const queueOf = 8

// enter waits until there is room; leave makes it again.
func (g *gate) enter(ctx context.Context, of tokenKey) (leave func(), err error) {
	mine, err := g.join(of)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, g.wait)
	defer cancel()
	// The own share first: what waits for it must stand in nobody's way.
	select {
	case mine.within <- struct{}{}:
	case <-ctx.Done():
		g.part(of, mine)
		return nil, errOwnShare
	}
	select {
	case g.within <- struct{}{}:
	case <-ctx.Done():
		<-mine.within
		g.part(of, mine)
		return nil, errCrowded
	}
	return func() {
		<-g.within
		<-mine.within
		g.part(of, mine)
	}, nil
}

func (g *gate) join(of tokenKey) (*portion, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	mine := g.each[of]
	if mine == nil {
		mine = &portion{within: make(chan struct{}, g.mostEach)}
		g.each[of] = mine
	}
	if mine.users >= g.mostEach*(1+queueOf) {
		return nil, errQueue
	}
	mine.users++
	return mine, nil
}

func (g *gate) part(of tokenKey, mine *portion) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(g.each, of)
	}
}
