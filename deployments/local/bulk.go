package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
)

// InnoDB does not know how many rows a LOAD DATA brings. It reserves ids by doubling, 1, 2, 4 and so on, at last 65,535 at
// a time; what a statement reserved and did not use is a gap in the ids. Statements of 2^k − 1 rows and multiples of
// 65,535 use up what they reserve.
const (
	reserved = 1<<16 - 1
	loadRows = 15 * reserved
)

// loadSize is the rows of the next statement when left rows are to be written.
func loadSize(left int) int {
	if left >= reserved {
		return min(left/reserved*reserved, loadRows)
	}
	return 1<<(bits.Len(uint(left+1))-1) - 1
}

// bulk writes a history.
func (s *simulation) bulk(ctx context.Context, writer *mariadb.Writer, truth *truthFile) error {
	if s.speed == 0 {
		s.speed = 1
	}
	from := s.until.Add(-time.Duration(s.days * float64(24*time.Hour)))
	history, err := simulate.History(
		simulate.Config{Seed: s.seed, Orgs: s.orgs, Speed: s.speed, Zone: s.config.zone},
		simulate.Span{Rows: s.rows, From: from, To: s.until},
	)
	if err != nil {
		return err
	}
	empty, err := writer.Empty(ctx, simulate.Table)
	if err != nil {
		return err
	}
	next, stop := iter.Pull(history)
	defer stop()
	l := &bulkLoad{simulation: s, next: next, truth: truth, began: time.Now()}
	l.told = l.began
	if empty {
		err = l.fill(ctx, writer)
	} else {
		err = l.load(ctx, s.rows, writer.Load)
	}
	if err != nil {
		return err
	}
	l.tell(s.out, true)
	return s.writeRecordings(l.recordings)
}

// fill loads into an empty table, at twice the speed.
func (l *bulkLoad) fill(ctx context.Context, writer *mariadb.Writer) error {
	if err := writer.Define(ctx, simulate.WithoutKeys); err != nil {
		return err
	}
	first := loadSize(l.simulation.rows)
	err := l.load(ctx, first, writer.Fill)
	if err == nil {
		err = l.load(ctx, l.simulation.rows-first, writer.Load)
	}
	// The keys come back even when the load is interrupted.
	return errors.Join(err, writer.Define(context.WithoutCancel(ctx), simulate.WithKeys))
}

// load writes so many rows, with one statement after the other.
func (l *bulkLoad) load(
	ctx context.Context, left int,
	write func(context.Context, string, []string, iter.Seq[[]call.Value]) (int64, error),
) error {
	for left > 0 {
		size := loadSize(left)
		n, err := write(ctx, simulate.Table, simulate.Columns, l.rows(size))
		switch {
		case err != nil:
			return err
		case l.err != nil:
			return l.err
		case n != int64(size):
			return fmt.Errorf("load %d rows: the server took %d", size, n)
		}
		left -= size
	}
	return nil
}

// bulkLoad turns hang-ups into rows for one statement after the other.
type bulkLoad struct {
	*simulation
	next  func() (*simulate.Hangup, bool)
	truth *truthFile

	hangup *simulate.Hangup // with rows[done:] still to be written
	done   int
	values []call.Value

	recordings []simulate.Recording // the newest with a talk in them
	written    int
	began      time.Time
	told       time.Time
	err        error
}

func (l *bulkLoad) rows(size int) iter.Seq[[]call.Value] {
	return func(yield func([]call.Value) bool) {
		for range size {
			for l.hangup == nil || l.done == len(l.hangup.Rows) {
				var more bool
				if l.hangup, more = l.next(); !more {
					return
				}
				l.done = 0
				if l.hangup.Last {
					l.over(l.hangup.Of)
				}
			}
			l.values = l.hangup.Rows[l.done].Values(l.values[:0], l.config.zone)
			if l.err != nil || !yield(l.values) {
				return
			}
			l.done++
			l.written++
			if l.written&0xfff == 0 {
				l.tell(l.out, false)
			}
		}
	}
}

// over notes a conversation whose last rows are about to be written.
func (l *bulkLoad) over(c *simulate.Conversation) {
	if l.err = l.truth.add(c); l.err != nil || l.keep == 0 {
		return
	}
	for _, r := range c.Truth.Recordings {
		if r.Seconds > 0 {
			l.recordings = append(l.recordings, r)
		}
	}
	if len(l.recordings) > 2*l.keep {
		l.recordings = append(l.recordings[:0], l.recordings[len(l.recordings)-l.keep:]...)
	}
}

// tell shows the progress, once a second and at the end.
func (l *bulkLoad) tell(out io.Writer, end bool) {
	now := time.Now()
	if !end && now.Sub(l.told) < time.Second {
		return
	}
	l.told = now
	took := now.Sub(l.began)
	fmt.Fprintf(out, "simulate: %d of %d rows, %.0f rows/s\n", l.written, l.simulation.rows,
		float64(l.written)/took.Seconds())
}
