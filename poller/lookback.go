package main

import (
	"context"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	leastCompared = 1000 // rows that are compared in a round at least, if there are so many
	rotations     = 3    // how often each row is compared within LOOK_BACK at least, however many there are
	marksWithin   = 30   // marks within LOOK_BACK
)

// mark remembers up to which id the source was read at a time.
type mark struct {
	at time.Time
	id uint64
}

// lookBack compares rows that were first read within LOOK_BACK with what they looked like, a page of them at most, and
// publishes those that changed. The rows take turns, so that a table which was drained just now costs the PBX little.
//
// After a start nothing is known of the rows before it, so all of them are published once more.
func (s *session) lookBack(ctx context.Context, now time.Time) error {
	s.age(now)
	if s.accrue(now); s.owed <= 0 {
		return nil
	}
	from := max(s.swept, s.floor)
	if from >= s.cp.LastID {
		s.turn()
		return nil
	}
	limit := min(s.owed, s.limit)
	c := comparing{session: s, changed: s.page(call.KindLookBack), late: s.page(call.KindGap), last: from}
	n, err := s.table.Rows(ctx, []mariadb.Range{{From: from + 1, To: s.cp.LastID}}, limit, c.row)
	if err == nil {
		err = c.err
	}
	if err != nil {
		return err
	}
	if len(c.changed.ids)+len(c.late.ids) > 0 {
		process.Point("poller.read")
		if err := s.parkLarge(ctx, c.large); err != nil {
			return err
		}
		cp := s.cp
		cp.Gaps = ledger(cp.Gaps).fill(c.changed.ids).fill(c.late.ids)
		if err := s.publish(ctx, cp, c.changed, c.late); err != nil {
			return err
		}
		if len(c.late.ids) > 0 {
			s.lower(c.late.ids[0])
		}
	}
	s.metrics.compared.Add(float64(c.equal))
	s.swept, s.owed = c.last, s.owed-n
	if n < limit && !c.cut {
		s.turn()
	}
	if s.firstTo != 0 && s.swept >= s.firstTo {
		s.firstTo = 0
	}
	return nil
}

// comparing is one page of rows that are read again.
type comparing struct {
	*session
	changed *page // rows that look different, or whose looks were forgotten
	late    *page // rows that were not there before: the look-back may be faster than the gaps' second
	large   []large
	last    uint64
	equal   int
	cut     bool
	err     error
}

func (c *comparing) row(id uint64, values [][]byte) bool {
	if c.cut = c.changed.full(c.late); c.cut {
		return false
	}
	uniqueid := c.changed.uniqueidOf(values)
	was, known := c.known.of(id)
	if known {
		is := lookOf(uniqueid, c.hash(id, values))
		if c.err = c.compare(id, was, is); c.err != nil {
			return false
		}
		if is == was {
			c.last = id
			c.equal++
			return true
		}
	}
	c.last = id
	pg := c.changed
	if !known && c.firstTo == 0 {
		pg = c.late
	}
	pg.saw(id, lookOf(uniqueid, c.take(pg, id, values, &c.large)))
	return true
}

// turn begins the next rotation, when there is something owed again.
func (s *session) turn() { s.swept, s.owed, s.firstTo = s.floor, 0, 0 }

// accrue says how many rows are to be compared: a few every round, or more where there are so many that a few would not
// get round in time.
func (s *session) accrue(now time.Time) {
	if s.cfg.LookBack == 0 {
		return
	}
	if s.firstTo != 0 {
		s.owed = s.cfg.PageRows
		return
	}
	passed := now.Sub(s.accrued)
	if passed < s.cfg.PollEvery {
		return
	}
	s.accrued = now
	rows := len(s.known.ids)
	share := int(float64(rows) * rotations * min(1, passed.Seconds()/s.cfg.LookBack.Seconds()))
	s.owed = min(max(s.owed, 0)+max(leastCompared, share), max(rows, leastCompared))
}

// age moves the floor up to where the source stood LOOK_BACK ago.
func (s *session) age(now time.Time) {
	if s.cfg.LookBack == 0 {
		s.floor = s.cp.LastID
		return
	}
	if s.firstTo != 0 {
		return // not before all that was below it was published once more
	}
	for len(s.marks) > 0 && now.Sub(s.marks[0].at) >= s.cfg.LookBack {
		s.raise(s.marks[0].id)
		s.marks = s.marks[1:]
	}
	if n := len(s.marks); n == 0 || now.Sub(s.marks[n-1].at) >= s.cfg.LookBack/marksWithin {
		s.marks = append(s.marks, mark{now, s.cp.LastID})
	}
}

func (s *session) raise(floor uint64) {
	s.floor = max(s.floor, floor)
	s.known.forget(s.floor)
}

// lower makes the floor wait for a row that came out of a gap just now: it too is compared for all of LOOK_BACK.
func (s *session) lower(id uint64) {
	for i := range s.marks {
		s.marks[i].id = min(s.marks[i].id, id-1)
	}
}

// learn remembers the rows of a page that was published.
func (s *session) learn(pg *page) {
	if s.cfg.LookBack == 0 {
		return
	}
	s.known.put(pg.ids, pg.looks)
	// While rows are published once more, the new ones must not push them out before their turn.
	if s.firstTo == 0 {
		s.raise(s.known.bound(s.cfg.LookBackRows))
	}
}
