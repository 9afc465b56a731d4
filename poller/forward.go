package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// lookEvery is how often a poller that has no time to pause looks for new columns.
const lookEvery = 10 * time.Second

// forward reads the rows after the checkpoint and publishes them as one page. More tells that the table went on.
//
// The row of the checkpoint is read again with them, in the same statement: with its uniqueid it proves that the table is
// the one that was read before.
func (s *session) forward(ctx context.Context, now time.Time) (more bool, err error) {
	// The columns are looked at before every reading but for a long drain: a row read without a column that it has would be
	// found by the look-back only.
	if !s.drain || now.Sub(s.looked) > lookEvery {
		if err := s.look(ctx, now); err != nil {
			return false, err
		}
	}
	f := forwarding{session: s, prev: s.cp.LastID, anchored: s.cp.LastID == 0, stride: s.stride, step: s.cp.Stride}
	n, err := s.table.Rows(ctx, []mariadb.Range{{From: s.cp.LastID, To: call.MaxRowID}}, s.limit+1, f.row)
	switch {
	case errors.Is(err, mariadb.ErrColumns):
		s.looked = time.Time{}
		return false, err
	case err != nil:
		return false, err
	case f.err != nil:
		return false, f.err
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
	s.drain = f.cut || n > s.limit
	s.limit = nextLimit(s.limit, s.cfg.PageRows, f.page, f.cut)
	if f.page == nil {
		return s.drain, nil
	}
	process.Point("poller.read")
	if err := s.parkLarge(ctx, f.large); err != nil {
		return false, err
	}
	cp := s.cp
	cp.LastID, cp.LastUniqueID, cp.Stride = f.prev, f.uniqueid, f.step
	if len(f.gaps) > 0 {
		gaps := append(append(ledger(nil), cp.Gaps...), f.gaps...)
		cp.Gaps = gaps.join(mostGaps, s.cfg.GapTimeout)
	}
	if err := s.publish(ctx, cp, f.page); err != nil {
		return false, err
	}
	s.stride = f.stride
	return s.drain, nil
}

// forwarding is one page in the making. It changes nothing of the session: the page may be refused.
type forwarding struct {
	*session
	page     *page
	prev     uint64
	uniqueid string // of the row prev
	anchored bool   // the row of the checkpoint is still there
	cut      bool   // the page ended before the rows did
	gaps     ledger
	large    []large
	stride   stride
	step     uint64
	err      error
}

func (f *forwarding) row(id uint64, values [][]byte) bool {
	if id == f.cp.LastID {
		f.anchored = true
		f.err = f.anchor(values)
		return f.err == nil
	}
	kind := f.kind(id)
	switch {
	case f.page == nil:
		f.page = f.session.page(kind)
	case f.page.full() || kind != f.page.origin.Kind:
		f.cut = true
		return false
	}
	if f.step = f.stride.saw(f.prev, id, f.step); f.cfg.LookBack < f.cfg.GapTimeout {
		f.step = 1 // without the look-back's second sight, every id counts
	}
	if id-f.prev > f.step {
		g := call.Gap{From: f.prev + 1, To: id - 1, Since: time.Now().UTC()}
		g.Once = g.To <= f.oldGround
		f.gaps = append(f.gaps, g)
	}
	f.prev = id
	uniqueid := f.page.uniqueidOf(values)
	if f.uniqueid != string(uniqueid) {
		f.uniqueid = string(uniqueid)
	}
	hash := f.take(f.page, id, values, &f.large)
	f.page.saw(id, lookOf(uniqueid, hash))
	return true
}

// anchor compares the row of the checkpoint.
func (f *forwarding) anchor(values [][]byte) error {
	i := f.table.Table().Place("uniqueid")
	if f.uniqueid = f.cp.LastUniqueID; i < 0 || f.cp.LastUniqueID == "" || string(values[i]) == f.cp.LastUniqueID {
		return nil
	}
	return f.reused(fmt.Sprintf("row %d has the uniqueid %q and had %q", f.cp.LastID, values[i], f.cp.LastUniqueID), f.cp.LastID)
}

// take puts a row into a page, or on the list of those that are too large to travel, and gives its content hash.
func (p *poller) take(pg *page, id uint64, values [][]byte, list *[]large) uint64 {
	size := rowSize(values)
	if size > call.ChunkBytes {
		*list = append(*list, large{id, size})
		return p.hash(id, values)
	}
	return pg.add(id, values, size)
}

// hash of a row that does not travel, or may not have to.
func (p *poller) hash(id uint64, values [][]byte) uint64 {
	if t := p.table.Table(); p.scratch == nil || p.scratchT != t || p.scratch.Size() > spareBytes {
		p.scratch, p.scratchT = call.NewBuilder(p.origin(call.KindLookBack), 0), t
	}
	p.scratch.Reset()
	return call.Append(p.scratch, id, values)
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
