package mariadb

import (
	"context"
	"database/sql"
	"strconv"
)

// Newest names the rows with ids below an id, the highest first and at most limit of them: for each the id and its calldate
// as the server writes it, empty where that is NULL or the table has no such column. A look along the index; no other
// column is read. Ids below 1 are not seen.
func (s *Source) Newest(ctx context.Context, below uint64, limit int, row func(id uint64, calldate string)) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	calldate := "NULL"
	if i := s.table.Place("calldate"); i >= 0 {
		calldate = backquoted(s.table.Columns[i].Name)
	}
	rows, err := s.db.QueryContext(ctx, "SELECT "+s.key+", "+calldate+s.from+
		" WHERE "+s.key+" >= 1 AND "+s.key+" < ? ORDER BY "+s.key+" DESC LIMIT ?", below, limit)
	if err != nil {
		return s.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, at sql.NullString
		if err := rows.Scan(&id, &at); err != nil {
			return s.explain(err)
		}
		n, err := strconv.ParseUint(id.String, 10, 64)
		if err != nil {
			return s.explain(err)
		}
		row(n, at.String)
	}
	return s.explain(rows.Err())
}
