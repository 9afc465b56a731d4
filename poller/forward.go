package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	// lookEvery is how often a poller that has no time to pause looks for new columns.
	lookEvery = 10 * time.Second
	// aheadBytes is the largest page that lies in memory beside the one on its way to the log.
	aheadBytes = 8 << 20
)

// place is where a reading begins: behind a row that was read.
type place struct {
	id       uint64
	uniqueid string
	step     uint64 // of ids
	stride   stride
}

// forward reads the rows after the checkpoint and publishes them as one page. More tells that the table went on; then the
// next page was read already, while this one was on its way.
func (s *session) forward(ctx context.Context, now time.Time) (more bool, err error) {
	// The columns are looked at before every reading but for a long drain: a row read without a column that it has would be
	// found by the look-back only.
	if !s.drain || now.Sub(s.looked) > lookEvery {
		s.ahead = nil
		if err := s.look(ctx, now); err != nil {
			return false, err
		}
	}
	f := s.ahead
	if s.ahead = nil; f == nil || f.from.id != s.cp.LastID {
		if f, err = s.readOn(ctx, place{s.cp.LastID, s.cp.LastUniqueID, s.cp.Stride, s.stride}); err != nil {
			return false, err
		}
	}
	if !f.anchored {
		// The row is gone. Deleted alone it is nobody's business; with all that came after it, somebody began anew.
		st, err := s.table.State(ctx)
		if err != nil {
			return false, err
		}
		if err := s.check(st, s.cp.LastID); err != nil {
			return false, err
		}
	}
	s.drain = f.more
	if f.page == nil {
		return f.more, nil
	}
	process.Point("poller.read")
	if err := s.parkLarge(ctx, f.large); err != nil {
		return false, err
	}
	cp := s.cp
	cp.LastID, cp.LastUniqueID, cp.Stride = f.at.id, f.at.uniqueid, f.at.step
	if len(f.gaps) > 0 {
		gaps := append(append(ledger(nil), cp.Gaps...), f.gaps...)
		cp.Gaps = gaps.join(mostGaps, s.cfg.GapTimeout)
	}
	if err := s.publishAndReadOn(ctx, cp, f); err != nil {
		return false, err
	}
	s.stride = f.at.stride
	return f.more, nil
}

// publishAndReadOn uses the time that the log takes to store a page for reading the next one.
func (s *session) publishAndReadOn(ctx context.Context, cp call.Checkpoint, f *forwarding) error {
	if !f.more || f.page.bytes > aheadBytes {
		return s.publish(ctx, cp, f.page)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read := make(chan *forwarding, 1)
	go func() {
		next, err := s.readOn(ctx, f.at)
		if err != nil {
			next = nil // it will be read again, and the error will come again
		}
		read <- next
	}()
	err := s.publish(ctx, cp, f.page)
	if err != nil {
		stop()
	}
	if next := <-read; err == nil {
		s.ahead = next
	}
	return err
}

// readOn reads a page of rows behind a place. That row is read again with them, in the same statement: with its uniqueid
// it proves that the table is the one that was read before.
//
// It changes nothing of the session but the size of queries, for it may run while the page before is published, and what
// it read may be thrown away.
func (s *session) readOn(ctx context.Context, from place) (*forwarding, error) {
	f := &forwarding{session: s, from: from, at: from, anchored: from.id == 0}
	n, err := s.table.Rows(ctx, []mariadb.Range{{From: from.id, To: call.MaxRowID}}, s.limit+1, f.row)
	if err == nil {
		err = f.err
	}
	if err != nil {
		return nil, err
	}
	f.more = f.cut || n > s.limit
	s.limit = nextLimit(s.limit, s.cfg.PageRows, f.page, f.cut)
	return f, nil
}

// forwarding is one page in the making.
type forwarding struct {
	*session
	from, at place
	page     *page
	anchored bool // the row to begin behind is still there
	more     bool
	cut      bool // the page ended before the rows did
	gaps     ledger
	large    []large
	err      error
}

func (f *forwarding) row(id uint64, values [][]byte) bool {
	if id == f.from.id {
		f.anchored = true
		f.err = f.anchor(values)
		return f.err == nil
	}
	kind := f.kind(id)
	switch {
	case f.page == nil:
		f.page = f.forwardPage(kind)
	case f.page.full() || kind != f.page.origin.Kind:
		f.cut = true
		return false
	}
	if f.at.step = f.at.stride.saw(f.at.id, id, f.at.step); f.cfg.LookBack < f.cfg.GapTimeout {
		f.at.step = 1 // without the look-back's second sight, every id counts
	}
	if id-f.at.id > f.at.step {
		g := call.Gap{From: f.at.id + 1, To: id - 1, Since: time.Now().UTC()}
		g.Once = g.To <= f.oldGround
		f.gaps = append(f.gaps, g)
	}
	uniqueid := f.page.uniqueidOf(values)
	f.at.id = id
	if f.at.uniqueid != string(uniqueid) {
		f.at.uniqueid = string(uniqueid)
	}
	f.page.saw(id, lookOf(uniqueid, f.take(f.page, id, values, &f.large)))
	return true
}

// anchor compares the row to begin behind.
func (f *forwarding) anchor(values [][]byte) error {
	i := f.table.Table().Place("uniqueid")
	if i < 0 || f.from.uniqueid == "" || string(values[i]) == f.from.uniqueid {
		return nil
	}
	return f.reused(fmt.Sprintf("row %d has the uniqueid %q and had %q", f.from.id, values[i], f.from.uniqueid), f.from.id)
}

// forwardPage alternates between two pages: one may be on its way to the log.
func (s *session) forwardPage(kind call.Kind) *page {
	s.turns++
	pg := &s.pair[s.turns%2]
	pg.start(s.origin(kind), s.cfg.PageRows)
	return pg
}

// nextLimit adapts the rows of a query to their size: what is read beyond a full page is thrown away.
func nextLimit(limit, most int, pg *page, cut bool) int {
	if pg == nil {
		return limit
	}
	if cut && pg.full() && pg.rows < limit {
		return max(16, pg.rows)
	}
	return min(most, limit+limit/4+1)
}
