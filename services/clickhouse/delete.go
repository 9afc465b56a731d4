package clickhouse

import (
	"context"
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// DeleteSince removes every living row with a calldate of since or later and returns how many: each is left as a tombstone
// right above its version. A row comes back when it is inserted with a higher version than that.
//
// It goes month by month: 20 million rows take minutes, and no answer should be waited for that long. After an error some
// months may be done; to ask again does the rest.
func (s *Store) DeleteSince(ctx context.Context, since call.Instant) (uint64, error) {
	months, err := s.monthsSince(ctx, since)
	if err != nil {
		return 0, err
	}
	var deleted uint64
	for _, month := range months {
		n, err := s.bury(ctx, fmt.Sprintf("toYYYYMM(calldate) = %d AND calldate >= %s", month, moment(since)))
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// monthsSince are those that have rows, as 202604.
func (s *Store) monthsSince(ctx context.Context, since call.Instant) ([]uint32, error) {
	var months []uint32
	err := s.conn.QueryRow(ctx, "SELECT groupUniqArray(toYYYYMM(calldate)) FROM calls WHERE calldate >= "+moment(since)).Scan(&months)
	if err != nil {
		return nil, s.explain("delete calls", err)
	}
	return months, nil
}

// bury leaves a tombstone for every living row that meets the condition and counts them.
func (s *Store) bury(ctx context.Context, where string) (uint64, error) {
	// The tombstones are told from others by their stored_at, since the server does not say how many it wrote.
	var at int64
	if err := s.conn.QueryRow(ctx, "SELECT toUnixTimestamp64Milli(now64(3))").Scan(&at); err != nil {
		return 0, s.explain("delete calls", err)
	}
	err := s.conn.Exec(exact(ctx), fmt.Sprintf(`INSERT INTO calls (org_id, calldate, id, version, is_deleted, source, stored_at)
		SELECT org_id, calldate, id, version + 1, 1, source, fromUnixTimestamp64Milli(%d) FROM calls FINAL WHERE %s`, at, where))
	if err != nil {
		return 0, s.explain("delete calls", err)
	}
	var n uint64
	err = s.conn.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM calls WHERE is_deleted AND stored_at = fromUnixTimestamp64Milli(%d) AND %s",
		at, where)).Scan(&n)
	if err != nil {
		return 0, s.explain("count deleted calls", err)
	}
	return n, nil
}
