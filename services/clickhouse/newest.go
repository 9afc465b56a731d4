package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Rows finds the living rows of calls by their ids, whole.
func (s *Store) Rows(ctx context.Context, ids []uint64) ([]Head, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, wanted := idFilter(ids)
	places, err := s.places(ctx, nil, "", where)
	if err != nil {
		return nil, err
	}
	var rows []Head
	err = s.at(ctx, unknown(places, map[place]bool{}), func(h *Head) {
		if wanted == nil || wanted[h.ID] {
			rows = append(rows, *h)
		}
	})
	return rows, err
}

// NewestConversations is, by source number, the highest epoch (seconds) that the linkedid of a stored row bears: a
// conversation that began later has no rows here. A source whose linkedids bear none is left out, which says nothing.
func (s *Store) NewestConversations(ctx context.Context) (map[uint32]int64, error) {
	newest := map[uint32]int64{}
	// The newest conversations are found among the newest rows; two days allow for a clock or zone that was set wrong, and
	// one row that a wrong clock put into the future does not hide those of today.
	rows, err := s.conn.Query(ctx, `SELECT number, max(epoch) FROM
		(SELECT toUInt32(bitShiftRight(id, 40)) AS number, toInt64OrZero(extract(if(linkedid = '', uniqueid, linkedid), '([0-9]{9,10})\\.[0-9]+$')) AS epoch FROM calls
			WHERE calldate >= least((SELECT max(calldate) FROM calls), now64(3)) - INTERVAL 2 DAY) GROUP BY number HAVING max(epoch) > 0
		UNION ALL
		SELECT toUInt32(bitShiftRight(id, 40)) AS number, toInt64(toUnixTimestamp(max(calldate))) + 86400 FROM calls GROUP BY number
			HAVING max(calldate) < least((SELECT max(calldate) FROM calls), now64(3)) - INTERVAL 2 DAY`)
	if err != nil {
		return nil, s.explain("read the newest conversations", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			number uint32
			epoch  int64
		)
		if err := rows.Scan(&number, &epoch); err != nil {
			return nil, fmt.Errorf("read the newest conversations: %w", err)
		}
		newest[number] = max(newest[number], epoch)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read the newest conversations", err)
	}
	return newest, nil
}

// Unjoined finds the living rows that were stored from from to to and whose party B came from a call that was not known
// then (call.FlagUnjoined).
func (s *Store) Unjoined(ctx context.Context, from, to time.Time) ([]call.Call, error) {
	places, err := s.places(ctx, nil, fmt.Sprintf("stored_at >= fromUnixTimestamp64Milli(%d) AND stored_at < fromUnixTimestamp64Milli(%d)",
		from.UnixMilli(), to.UnixMilli()), "flags LIKE '%"+call.FlagUnjoined+"%'")
	if err != nil {
		return nil, err
	}
	var calls []call.Call
	err = s.at(ctx, unknown(places, map[place]bool{}), func(h *Head) {
		if h.Flagged(call.FlagUnjoined) {
			calls = append(calls, h.Call)
		}
	})
	return calls, err
}
