package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// insertRows is the most rows of one INSERT.
const insertRows = 500

// live begins calls at the rate, and writes the rows of each when it ends, as Asterisk does.
func (s *simulation) live(ctx context.Context, writer *mariadb.Writer, truth *truthFile) error {
	if s.speed == 0 {
		s.speed = 10
	}
	centre, err := simulate.New(simulate.Config{
		Seed: s.seed, Orgs: s.orgs, Speed: s.speed, Zone: s.config.zone, CallsPerHour: float64(s.rate) * 3600,
	})
	if err != nil {
		return err
	}
	if err := s.makeRecordings(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "simulate: %v calls, seed %d; Ctrl-C ends it\n", &s.rate, s.seed)
	l := &liveCalls{
		simulation: s, centre: centre, writer: writer, truth: truth,
		rand:   rand.New(rand.NewPCG(s.seed, 1)),
		partly: make(map[*simulate.Conversation]bool),
		told:   time.Now(),
	}
	return l.run(ctx)
}

// liveCalls are the calls in progress.
type liveCalls struct {
	*simulation
	centre *simulate.Generator
	writer *mariadb.Writer
	truth  *truthFile
	rand   *rand.Rand

	order                 simulate.Order
	begun, ended, written int
	// partly are the conversations some of whose rows have been written.
	partly map[*simulate.Conversation]bool
	told   time.Time
}

func (l *liveCalls) run(ctx context.Context) error {
	next := time.Now()
	for {
		now := time.Now()
		for !now.Before(next) && (l.calls == 0 || l.begun < l.calls) {
			if err := l.begin(next); err != nil {
				return err
			}
			// Calls come independently of one another.
			next = next.Add(time.Duration(l.rand.ExpFloat64() / float64(l.rate) * float64(time.Second)))
		}
		if err := l.write(ctx, l.due(now)); err != nil {
			return err
		}
		l.tell(now)
		if l.calls > 0 && l.ended == l.calls {
			return nil
		}
		if !process.Pause(ctx, l.wait(next)) {
			return l.stop(ctx)
		}
	}
}

func (l *liveCalls) begin(at time.Time) error {
	c := l.centre.Next(simulate.Millis(at.UnixMilli()))
	l.begun++
	l.order.Add(c)
	for _, r := range c.Truth.Recordings {
		if err := l.beginRecording(r); err != nil {
			return err
		}
	}
	return nil
}

// wait is the time until something happens: a call begins or one ends.
func (l *liveCalls) wait(next time.Time) time.Duration {
	if end, any := l.order.Next(); any && (l.begun == l.calls && l.calls > 0 || end.Time().Before(next)) {
		next = end.Time()
	}
	// A few milliseconds at least, so that at high rates rows go together.
	return max(5*time.Millisecond, time.Until(next))
}

// due are the hang-ups that have happened by now.
func (l *liveCalls) due(now time.Time) []*simulate.Hangup {
	var list []*simulate.Hangup
	for {
		h := l.order.Before(simulate.Millis(now.UnixMilli()))
		if h == nil {
			return list
		}
		list = append(list, h)
	}
}

// write inserts the rows of hang-ups; those of one hang-up are in one transaction.
func (l *liveCalls) write(ctx context.Context, list []*simulate.Hangup) error {
	var rows [][]call.Value
	first := 0
	for i, h := range list {
		for j := range h.Rows {
			rows = append(rows, h.Rows[j].Values(nil, l.config.zone))
		}
		if len(rows) < insertRows && i < len(list)-1 {
			continue
		}
		if err := l.insert(ctx, rows, list[first:i+1]); err != nil {
			return err
		}
		rows, first = nil, i+1
	}
	return nil
}

// insert writes the rows of some hang-ups. When the server refuses or is away they are lost, as Asterisk's are.
func (l *liveCalls) insert(ctx context.Context, rows [][]call.Value, of []*simulate.Hangup) error {
	for _, h := range of {
		if !h.Last {
			continue
		}
		// Before the rows, so that whoever sees the row finds the file.
		for _, r := range h.Of.Truth.Recordings {
			if err := l.endRecording(r); err != nil {
				return err
			}
		}
	}
	// A statement that is interrupted may have been carried out or not; so it has its time even when all is to end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := l.writer.Insert(ctx, simulate.Table, simulate.Columns, rows)
	if err != nil {
		fmt.Fprintf(l.out, "simulate: %d rows lost: %v\n", len(rows), err)
	} else {
		l.written += len(rows)
	}
	for _, h := range of {
		h.Of.Truth.Lost = h.Of.Truth.Lost || err != nil
		l.partly[h.Of] = true
		if h.Last {
			delete(l.partly, h.Of)
			l.ended++
			if err := l.truth.add(h.Of); err != nil {
				return err
			}
		}
	}
	return l.truth.flush()
}

// stop ends at once those conversations that have rows already, so that the truth covers all rows; other calls in
// progress leave nothing, as on a PBX that is killed.
func (l *liveCalls) stop(ctx context.Context) error {
	var rest []*simulate.Hangup
	for {
		h := l.order.Before(1 << 62)
		if h == nil {
			break
		}
		if l.partly[h.Of] {
			rest = append(rest, h)
		}
	}
	err := l.write(ctx, rest)
	fmt.Fprintf(l.out, "simulate: %d calls in %d rows\n", l.ended, l.written)
	return err
}

// tell shows the progress every ten seconds.
func (l *liveCalls) tell(now time.Time) {
	if now.Sub(l.told) < 10*time.Second {
		return
	}
	l.told = now
	fmt.Fprintf(l.out, "simulate: %d calls begun, %d ended, %d rows\n", l.begun, l.ended, l.written)
}
