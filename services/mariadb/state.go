package mariadb

import (
	"context"
	"database/sql"
	"strconv"
)

// State is where a table's ids stand.
type State struct {
	Empty bool
	// Lowest and highest visible id. A negative one counts as 0.
	MinID, MaxID uint64
	// NextID is the AUTO_INCREMENT counter: ids below it were given out, whether they are visible or not. 0 where the
	// server does not tell, as for a view.
	NextID uint64
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
	number := func(text sql.NullString) uint64 {
		n, _ := strconv.ParseUint(text.String, 10, 64) // 0 for NULL and for a negative one
		return n
	}
	return State{Empty: !highest.Valid, MinID: number(lowest), MaxID: number(highest), NextID: number(next)}, nil
}

// LowIDs lists ids below 1 as texts, the highest first: no identity can hold them, and Rows does not see them.
func (s *Source) LowIDs(ctx context.Context, limit int) ([]string, error) {
	return s.ids(ctx, " < ? ORDER BY "+s.key+" DESC LIMIT ?", 1, limit)
}

// HighIDs lists ids above most as texts, the lowest first.
func (s *Source) HighIDs(ctx context.Context, most uint64, limit int) ([]string, error) {
	return s.ids(ctx, " > ? ORDER BY "+s.key+" LIMIT ?", most, limit)
}

func (s *Source) ids(ctx context.Context, where string, args ...any) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, "SELECT "+s.key+s.from+" WHERE "+s.key+where, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, s.explain(err)
		}
		ids = append(ids, id)
	}
	return ids, s.explain(rows.Err())
}
