package servertest

import (
	"errors"
	"testing"
	"time"
)

var errNotYet = errors.New("not yet")

// Eventually asks again and again until check returns true, or nil, and fails the test when it does not within the time
// given. It is for the test's own goroutine.
func Eventually[C func() bool | func() error](t testing.TB, within time.Duration, check C, what string) {
	t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	for pause := 5 * time.Millisecond; ; pause = min(pause*2, 100*time.Millisecond) {
		err := ask(check)
		if err == nil {
			return
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
		case <-end.C:
			next.Stop()
			// Once more: on a busy machine the time may have passed while this goroutine waited for its turn.
			if err = ask(check); err != nil {
				t.Fatalf("%s: not within %v: %v", what, within, err)
			}
			return
		}
	}
}

func ask[C func() bool | func() error](check C) error {
	switch check := any(check).(type) {
	case func() bool:
		if !check() {
			return errNotYet
		}
		return nil
	case func() error:
		return check()
	}
	return nil
}
