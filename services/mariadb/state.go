package mariadb

import (
	"context"
	"database/sql"
	"strconv"
)

// State is where a table's ids stand.
type State struct {
	Empty bool
	MaxID uint64 // highest visible id; 0 when empty or when all ids are negative
	// NextID is the AUTO_INCREMENT counter: ids below it were given out, whether they are visible or not. 0 where the
	// server does not tell, as for a view.
	NextID uint64
	Low    bool // there are ids below 1
}

// State asks for it. Two look-ups at the ends of an index and one in the dictionary.
func (s *Source) State(ctx context.Context) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var lowest, highest, next sql.NullString
	err := s.db.QueryRowContext(ctx, "SELECT MIN("+s.key+"), MAX("+s.key+"),"+
		" (SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?)"+s.from,
		s.schema, s.name).Scan(&lowest, &highest, &next)
	if err != nil {
		return State{}, s.explain(err)
	}
	st := State{Empty: !highest.Valid}
	st.MaxID, _ = strconv.ParseUint(highest.String, 10, 64) // 0 for a negative one
	st.NextID, _ = strconv.ParseUint(next.String, 10, 64)
	if lowest.Valid {
		n, err := strconv.ParseUint(lowest.String, 10, 64)
		st.Low = err != nil || n == 0
	}
	return st, nil
}

// LowIDs lists ids below 1, the highest first and at most limit: they cannot be part of an identity.
func (s *Source) LowIDs(ctx context.Context, limit int) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, "SELECT "+s.key+s.from+" WHERE "+s.key+" < 1 ORDER BY "+s.key+" DESC LIMIT ?", limit)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, s.explain(err)
		}
		ids = append(ids, id)
	}
	return ids, s.explain(rows.Err())
}
