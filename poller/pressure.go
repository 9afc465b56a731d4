package main

import (
	"context"
	"fmt"
	"time"
)

const (
	weighEvery    = 10 * time.Second
	pressurePause = 2 * time.Second
	fullPause     = 5 * time.Second
	alarmShare    = 0.7 // of the stream's bytes
)

// relieved looks now and then whether those who read the log keep up. When the oldest chunk that nobody has acknowledged is
// half as old as the log lets chunks become, the poller stops adding to it: the rows are safe in MariaDB, and on the log
// age would delete them unread.
func (s *session) relieved(ctx context.Context) error {
	if time.Since(s.weighed) < weighEvery && !s.held {
		return nil
	}
	p, err := s.log.Pressure(ctx)
	if err != nil {
		return err
	}
	s.weighed = time.Now()
	late := time.Duration(0)
	if !p.Oldest.IsZero() {
		late = time.Since(p.Oldest)
	}
	if s.held = p.MaxAge > 0 && late > p.MaxAge/2; s.held {
		s.metrics.paused.Set(1)
		s.tight.Report(s.say, "pause, the enrichers are too far behind",
			fmt.Errorf("the oldest chunk without an acknowledgement is %s old and the log keeps chunks for %s", late.Round(time.Second), p.MaxAge))
		return nil
	}
	if s.cramped {
		return nil // the next page will tell
	}
	s.metrics.paused.Set(0)
	if p.MaxBytes > 0 && float64(p.Bytes) >= alarmShare*float64(p.MaxBytes) {
		s.tight.Report(s.say, "the log fills up",
			fmt.Errorf("it holds %d MiB of %d MiB: give it more with CDR_MAX_BYTES, or let rows age sooner with CDR_MAX_AGE", p.Bytes>>20, p.MaxBytes>>20))
		return nil
	}
	s.tight.Over(s.say, "the log has room again")
	return nil
}

// full is told when the log refused a page for its size.
func (s *session) full(err error) {
	s.cramped = true
	s.metrics.paused.Set(1)
	s.tight.Report(s.say, "pause, the log is full: give it more with CDR_MAX_BYTES, or let rows age sooner with CDR_MAX_AGE", err)
}

// room is told when a page went in.
func (s *session) room() {
	if !s.cramped {
		return
	}
	s.cramped = false
	s.weighed = time.Time{}
}
