package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
)

// Reasons to park a row, as metrics count them.
const (
	parkedLarge = "large"
	parkedID    = "id"
)

// large is a row that is too large to travel.
type large struct {
	id   uint64
	size int
}

// pointer is the body of what the poller parks: where the row is.
type pointer struct {
	Source string `json:"source"`
	Table  string `json:"table"`
	ID     string `json:"id"`
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

func (p *poller) parkLarge(ctx context.Context, rows []large) error {
	for _, r := range rows {
		why := fmt.Sprintf("row of %d bytes, want at most %d", r.size, call.ChunkBytes)
		if err := p.park(ctx, fmt.Sprint(r.id), parkedLarge, why); err != nil {
			return err
		}
	}
	return nil
}

// outside remembers which ids outside the range were parked.
type outside struct {
	low  bool
	high uint64 // up to this one
}

// parkOutside parks rows whose id no identity can hold, a pointer each. There should be none; a thousand at a time do.
func (s *session) parkOutside(ctx context.Context, st mariadb.State) error {
	low, high := !st.Empty && st.MinID < 1, max(st.MaxID, call.MaxRowID)
	var ids []string
	if low && !s.outside.low {
		found, err := s.table.LowIDs(ctx, 1000)
		if err != nil {
			return err
		}
		ids = append(ids, found...)
	}
	if above := max(s.outside.high, call.MaxRowID); high > above {
		found, err := s.table.HighIDs(ctx, above, 1000)
		if err != nil {
			return err
		}
		ids = append(ids, found...)
	}
	for _, id := range ids {
		why := fmt.Sprintf("row id %s, want 1 to %d", id, uint64(call.MaxRowID))
		if err := s.park(ctx, id, parkedID, why); err != nil {
			return err
		}
	}
	s.outside = outside{low, high}
	return nil
}

func (p *poller) park(ctx context.Context, id, reason, why string) error {
	body, err := json.Marshal(pointer{Source: p.cfg.Source, Table: p.table.String(), ID: id})
	if err != nil {
		return fmt.Errorf("park row %s: %w", id, err)
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	err = p.house.Park(ctx, jetstream.Parked{
		Stage: stage, ID: p.cfg.Source + "-" + id, Reason: why, Source: p.cfg.Source, At: time.Now(), Body: body,
	})
	if err != nil {
		return err
	}
	p.metrics.parked.WithLabelValues(reason).Inc()
	p.say.Warn("row parked", "id", id, "reason", why)
	return nil
}
