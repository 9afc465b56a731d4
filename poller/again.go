package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
)

// answers lets others ask for rows once more while this process polls: which there are, and to publish some. Questions
// wait for the loop, which alone may touch the table; and what it publishes cannot be older than what it published before.
func (p *poller) answers(ctx context.Context) error {
	err := p.house.AnswerNames(ctx, p.cfg.Source, func(ctx context.Context, below uint64, limit int) (named jetstream.Named, err error) {
		err = p.inTurn(ctx, func(s *session) error {
			named, err = s.names(ctx, below, limit)
			return err
		})
		return named, err
	})
	if err != nil {
		return err
	}
	return p.house.AnswerAgain(ctx, p.cfg.Source, func(ctx context.Context, ids []uint64) (again jetstream.Again, err error) {
		err = p.inTurn(ctx, func(s *session) error {
			again, err = s.publishAgain(ctx, ids)
			return err
		})
		return again, err
	})
}

// question is work that somebody else waits for.
type question struct {
	do   func(s *session) error
	done chan error
}

// inTurn has the loop do something between two of its rounds.
func (p *poller) inTurn(ctx context.Context, do func(s *session) error) error {
	q := question{do, make(chan error, 1)}
	select {
	case p.questions <- q:
	case <-ctx.Done():
		return &jetstream.Refusal{Text: "the poller is busy or about to stop: ask again"}
	}
	if err := <-q.done; err != nil {
		return &jetstream.Refusal{Text: err.Error()} // an operator asks, and can mend it
	}
	return nil
}

// pause until something is due, and answer meanwhile; where there is no time to pause, one question has its turn.
func (s *session) pause(ctx context.Context, d time.Duration) {
	const turn = 5 * time.Second
	for end := time.Now().Add(d); ; {
		s.proc.Turned()
		left := time.Until(end)
		if left <= 0 {
			select {
			case q := <-s.questions:
				q.done <- q.do(s)
			default:
			}
			return
		}
		select {
		case q := <-s.questions:
			q.done <- q.do(s)
		case <-time.After(min(left, turn)):
		case <-ctx.Done():
			return
		}
	}
}

// names lists rows below an id.
func (s *session) names(ctx context.Context, below uint64, limit int) (jetstream.Named, error) {
	named := jetstream.Named{Number: s.cfg.SourceNumber}
	zone, err := time.LoadLocation(s.cfg.SourceTimezone)
	if err != nil {
		return named, err
	}
	rows, at := 0, time.Now().Unix()
	err = s.table.Newest(ctx, min(below, call.MaxRowID+1), limit, func(id uint64, calldate string) {
		rows++
		if !call.ValidRowID(id) {
			return
		}
		if t, err := time.ParseInLocation(call.DateTimeLayout, calldate[:min(len(calldate), len(call.DateTimeLayout))], zone); err == nil {
			at = t.Unix()
		}
		named.IDs, named.Times = append(named.IDs, id), append(named.Times, at)
	})
	named.End = rows < limit
	return named, err
}

// publishAgain publishes rows as history.
//
// Two sorts are left to the poller's own rounds, which announce them: rows that it has not published yet, and rows that
// changed since it did. Published here first they would pass for history.
func (s *session) publishAgain(ctx context.Context, ids []uint64) (jetstream.Again, error) {
	if s.held || s.cramped {
		return jetstream.Again{Full: true}, nil
	}
	a := jetstream.Again{}
	pg := s.page(call.KindBackfill)
	var list []large
	_, err := s.table.Rows(ctx, ranges(ids), len(ids), func(id uint64, values [][]byte) bool {
		if pg.full() {
			a.Next = id
			return false
		}
		if s.comes(id, pg, values) {
			a.Left++
			return true
		}
		s.take(pg, id, values, &list)
		return true
	})
	if err != nil {
		return a, err
	}
	if err := s.parkLarge(ctx, list); err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	if err := s.house.PublishChunks(ctx, s.cfg.Source, pg.take(nil)); errors.Is(err, jetstream.ErrFull) {
		return jetstream.Again{Full: true}, nil
	} else if err != nil {
		return a, err
	}
	a.Rows = pg.rows
	s.metrics.rows.WithLabelValues(string(call.KindBackfill)).Add(float64(pg.rows))
	return a, nil
}

// comes tells whether the poller is about to publish a row by itself.
func (s *session) comes(id uint64, pg *page, values [][]byte) bool {
	if id > s.cp.LastID {
		return true
	}
	if was, known := s.known.of(id); known {
		return was != lookOf(pg.uniqueidOf(values), s.hash(id, values))
	}
	return slices.ContainsFunc(s.cp.Gaps, func(g call.Gap) bool { return g.From <= id && id <= g.To })
}

// ranges of ids that rise. Ids that follow each other are one range, which reads better than a list.
func ranges(ids []uint64) []mariadb.Range {
	var list []mariadb.Range
	for _, id := range ids {
		if n := len(list); n > 0 && list[n-1].To+1 == id {
			list[n-1].To = id
			continue
		}
		list = append(list, mariadb.Range{From: id, To: id})
	}
	return list
}
