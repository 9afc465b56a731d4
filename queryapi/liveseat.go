package main

import (
	"fmt"
	"sync"
)

// seats are the live streams that may be open at once, in all and for each token.
type seats struct {
	most, mostEach int

	mu    sync.Mutex
	taken map[tokenKey]int
	total int
}

// take a seat; leave gives it back.
func (s *seats) take(of tokenKey) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.total >= s.most:
		return nil, refuse(tooManyStreams, fmt.Sprintf("all %d live streams of this server are taken; try again later, or follow the list meanwhile", s.most))
	case s.taken[of] >= s.mostEach:
		return nil, refuse(tooManyStreams, fmt.Sprintf("this token has %d live streams open, the most that one may; close one first", s.mostEach))
	}
	if s.taken == nil {
		s.taken = map[tokenKey]int{}
	}
	s.taken[of]++
	s.total++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total--
		if s.taken[of]--; s.taken[of] == 0 {
			delete(s.taken, of)
		}
	}, nil
}

// open is how many streams are.
func (s *seats) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
