package main

import (
	"context"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// gapRanges is how many ranges one query asks for.
const gapRanges = 100

// gapPass is one reading of all gaps that were due when it began, in several pages where they hold much.
type gapPass struct {
	began time.Time // zero: none is under way
	at    uint64    // ids below it were read
}

// readGaps reads the next page of what is due and publishes the rows that became visible. More tells that the pass goes on.
func (s *session) readGaps(ctx context.Context, now time.Time) (more bool, err error) {
	if s.pass.began.IsZero() {
		s.pass = gapPass{began: now}
	}
	ranges, rest := s.gapRanges()
	g := gapReading{session: s, page: s.page(call.KindGap)}
	if len(ranges) > 0 {
		n, err := s.table.Rows(ctx, ranges, s.cfg.PageRows, g.row)
		if err == nil {
			err = g.err
		}
		if err != nil {
			return false, err
		}
		more = g.cut || n == s.cfg.PageRows || rest
		s.pass.at = ranges[len(ranges)-1].To + 1
		if g.cut || n == s.cfg.PageRows {
			s.pass.at = g.last + 1
		}
	}
	cp := s.cp
	cp.Gaps = ledger(cp.Gaps).fill(g.filled)
	closed := 0
	if !more {
		cp.Gaps, closed = ledger(cp.Gaps).expire(s.pass.began, s.cfg.GapTimeout)
		s.pass = gapPass{}
	}
	if len(g.page.ids) > 0 {
		process.Point("poller.read")
		if err := s.parkLarge(ctx, g.large); err != nil {
			return false, err
		}
		if err := s.publish(ctx, cp, g.page); err != nil {
			s.pass = gapPass{}
			return false, err
		}
		s.lower(g.filled[0])
	}
	// Without new rows the log need not be told: who reads the older checkpoint reads a gap once more.
	s.cp.Gaps = cp.Gaps
	s.metrics.expired.Add(float64(closed))
	s.show(s.cp)
	return more, nil
}

// gapRanges lists what the pass reads next; rest tells that there is more behind it.
func (s *session) gapRanges() (ranges []mariadb.Range, rest bool) {
	for _, g := range ledger(s.cp.Gaps).due(s.pass.began, s.cfg.GapTimeout) {
		if g.To < s.pass.at {
			continue
		}
		if len(ranges) == gapRanges {
			return ranges, true
		}
		ranges = append(ranges, mariadb.Range{From: max(g.From, s.pass.at), To: g.To})
	}
	return ranges, false
}

// gapReading is one page of rows out of gaps.
type gapReading struct {
	*session
	page   *page
	filled []uint64 // visible now, whether published here or known before
	large  []large
	last   uint64
	cut    bool
	err    error
}

func (g *gapReading) row(id uint64, values [][]byte) bool {
	if g.page.full() {
		g.cut = true
		return false
	}
	g.last = id
	g.filled = append(g.filled, id)
	uniqueid := g.page.uniqueidOf(values)
	// Gaps that were joined hold rows that were read long ago.
	if was, known := g.known.of(id); known {
		is := lookOf(uniqueid, g.hash(id, values))
		if g.err = g.compare(id, was, is); g.err != nil || is == was {
			return g.err == nil
		}
	}
	g.page.saw(id, lookOf(uniqueid, g.take(g.page, id, values, &g.large)))
	return true
}
