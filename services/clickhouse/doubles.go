package clickhouse

import (
	"context"
	"fmt"
	"time"
)

// mostDoubles is how many are looked for at once; a house that has more has other worries first.
const mostDoubles = 1000

// Doubles lists calls that live at more than one key, among those written since. There should be none.
func (s *Store) Doubles(ctx context.Context, since time.Time) ([]uint64, error) {
	rows, err := s.conn.Query(ctx, fmt.Sprintf(`SELECT id FROM calls FINAL
		WHERE id IN (SELECT id FROM calls WHERE stored_at >= fromUnixTimestamp64Milli(%d, 'UTC'))
		GROUP BY id HAVING count() > 1 ORDER BY id LIMIT %d`, since.UnixMilli(), mostDoubles))
	if err != nil {
		return nil, s.explain("look for calls that live twice", err)
	}
	defer rows.Close()
	var ids []uint64
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for calls that live twice: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("look for calls that live twice", err)
	}
	return ids, nil
}
