package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// Stored is where and how a call row lives in the store.
type Stored struct {
	OrgID     uint32
	Calldate  call.Instant
	ID        uint64
	Version   call.Version
	First     call.Version // the lowest version that has not been merged away
	RawHash   uint64
	Direction call.Direction
}

// Lookup finds where the calls of ids live. A call usually has one living row; more than one means that two writers
// understood it differently at once, and all are returned so that the next write can mend it.
func (s *Store) Lookup(ctx context.Context, ids []uint64) (map[uint64][]Stored, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, wanted := idFilter(ids)
	// No FINAL: every version of the rows is read and folded here, which is cheaper for ids that were never stored.
	rows, err := s.conn.Query(searching(ctx), `SELECT org_id, toUnixTimestamp64Milli(calldate), id, argMax(is_deleted, version) AS gone,
		max(version), min(version), argMax(raw_hash, version), argMax(direction, version)
		FROM calls WHERE `+where+` GROUP BY org_id, calldate, id HAVING gone = 0`)
	if err != nil {
		return nil, s.explain(fmt.Sprintf("look %d calls up", len(ids)), err)
	}
	defer rows.Close()
	found := make(map[uint64][]Stored)
	for rows.Next() {
		var (
			r    Stored
			gone uint8
		)
		if err := rows.Scan(&r.OrgID, (*int64)(&r.Calldate), &r.ID, &gone, (*uint64)(&r.Version), (*uint64)(&r.First), &r.RawHash, (*string)(&r.Direction)); err != nil {
			return nil, fmt.Errorf("look %d calls up: %w", len(ids), err)
		}
		if wanted == nil || wanted[r.ID] {
			found[r.ID] = append(found[r.ID], r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(fmt.Sprintf("look %d calls up", len(ids)), err)
	}
	return found, nil
}

// idFilter is a range where the ids are dense, since a list of 20,000 numbers takes the server longer to parse than the
// few neighbours to read; then wanted tells which of the rows were asked for.
func idFilter(ids []uint64) (where string, wanted map[uint64]bool) {
	low, high := slices.Min(ids), slices.Max(ids)
	if span := high - low + 1; span <= 8*uint64(len(ids)) {
		if span != uint64(len(ids)) {
			wanted = make(map[uint64]bool, len(ids))
			for _, id := range ids {
				wanted[id] = true
			}
		}
		return fmt.Sprintf("id BETWEEN %d AND %d", low, high), wanted
	}
	var b strings.Builder
	b.WriteString("id IN (")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, id)
	}
	b.WriteByte(')')
	return b.String(), nil
}

// Horizon is what the store held when it was asked: rows beyond it were provably never stored before, so that nobody
// needs to look them up.
type Horizon struct {
	Version call.Version      // the highest version
	OldIDs  map[uint32]uint64 // the highest id that an earlier epoch stored, by source number
}

// Horizon of the store, for a stream of epoch.
func (s *Store) Horizon(ctx context.Context, epoch uint32) (Horizon, error) {
	h := Horizon{OldIDs: map[uint32]uint64{}}
	first := uint64(call.NewVersion(epoch, 0, 0))
	rows, err := s.conn.Query(ctx, `SELECT toUInt32(bitShiftRight(id, 40)) AS number, maxIf(id, version < ?), max(version) FROM calls GROUP BY number`, first)
	if err != nil {
		return h, s.explain("read the horizon", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			number       uint32
			old, version uint64
		)
		if err := rows.Scan(&number, &old, &version); err != nil {
			return h, fmt.Errorf("read the horizon: %w", err)
		}
		h.OldIDs[number] = old
		h.Version = max(h.Version, call.Version(version))
	}
	if err := rows.Err(); err != nil {
		return h, s.explain("read the horizon", err)
	}
	return h, nil
}

// HighestEpoch ever stored, 0 in an empty store.
func (s *Store) HighestEpoch(ctx context.Context) (uint32, error) {
	var version uint64
	if err := s.conn.QueryRow(ctx, `SELECT max(version) FROM calls`).Scan(&version); err != nil {
		return 0, s.explain("read the highest epoch", err)
	}
	return call.Version(version).Epoch(), nil
}
