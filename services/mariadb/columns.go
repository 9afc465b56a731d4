package mariadb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// Refresh looks at the table's columns again and tells whether they changed, or are seen for the first time. It fails
// where the table cannot be read as it is: no such table, no right to it, no usable id.
func (s *Source) Refresh(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	columns, err := s.columns(ctx)
	if err != nil {
		return false, s.explain(err)
	}
	if len(columns) == 0 {
		return false, s.explain(s.whyNothing(ctx))
	}
	table := call.NewTable(columns)
	if s.table != nil && s.table.String() == table.String() {
		return false, nil
	}
	if err := s.check(columns); err != nil {
		return false, err
	}
	place := table.Place("id")
	if place < 0 {
		return false, s.noID()
	}
	id := columns[place]
	if !isInteger(id.Type) {
		return false, fmt.Errorf("column %s of %s is %s, want an integer that rises with every row: %s",
			id.Name, s, id.Type, s.addID())
	}
	index, err := s.index(ctx, id.Name)
	if err != nil {
		return false, err
	}
	s.table, s.id, s.key = table, place, backquoted(id.Name)
	s.list, s.from = selected(columns), " FROM "+s.quoted()+index
	return true, nil
}

// columns are named as the server names them, in its order.
func (s *Source) columns(ctx context.Context) ([]call.Column, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION", s.schema, s.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	means := make(map[string]string, len(s.own))
	for standard, own := range s.own {
		means[strings.ToLower(own)] = standard
	}
	var columns []call.Column
	for rows.Next() {
		var c call.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		c.Means = means[strings.ToLower(c.Name)]
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// whyNothing asks the server for its reason: an unknown table and a forbidden one look alike in information_schema.
func (s *Source) whyNothing(ctx context.Context) error {
	var one int
	err := s.db.QueryRowContext(ctx, "SELECT 1 FROM "+s.quoted()+" LIMIT 1").Scan(&one)
	if err == nil || err == sql.ErrNoRows {
		return fmt.Errorf("table %s has no columns that this account may read", s)
	}
	return err
}

// check holds COLUMN_MAP against the table.
func (s *Source) check(columns []call.Column) error {
	has := func(name string) bool {
		return slices.ContainsFunc(columns, func(c call.Column) bool { return strings.EqualFold(c.Name, name) })
	}
	for _, c := range columns {
		if strings.Contains(c.Name, ",") {
			return fmt.Errorf("column %q of %s has a comma in its name, which is not supported: rename it, or read a view without it", c.Name, s)
		}
	}
	for standard, own := range s.own {
		switch {
		case !has(own):
			return fmt.Errorf("COLUMN_MAP says %s=%s, but %s has no column %s", standard, own, s, own)
		case has(standard) && !strings.EqualFold(standard, own):
			return fmt.Errorf("COLUMN_MAP says %s=%s, but %s has a column %s already: take the pair out of COLUMN_MAP", standard, own, s, standard)
		}
	}
	return nil
}

// index makes the server walk the rows by id. Without a unique index that begins with the id, every page would read the
// whole table, and two rows could share an identity.
func (s *Source) index(ctx context.Context, id string) (hint string, err error) {
	var kind string
	err = s.db.QueryRowContext(ctx, "SELECT TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
		s.schema, s.name).Scan(&kind)
	if err != nil {
		return "", s.explain(err)
	}
	if kind == "VIEW" {
		return "", nil // its table has the index, or the owner of the view knows why not
	}
	var name string
	err = s.db.QueryRowContext(ctx, "SELECT INDEX_NAME FROM information_schema.STATISTICS"+
		" WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? GROUP BY INDEX_NAME"+
		" HAVING COUNT(*) = 1 AND MAX(NON_UNIQUE) = 0 AND LOWER(MAX(COLUMN_NAME)) = LOWER(?)"+
		" ORDER BY INDEX_NAME = 'PRIMARY' DESC LIMIT 1", s.schema, s.name, id).Scan(&name)
	if err == sql.ErrNoRows {
		return "", fmt.Errorf("column %s of %s has no unique index of its own: ALTER TABLE %s ADD UNIQUE KEY (%s)",
			id, s, s.quoted(), backquoted(id))
	}
	if err != nil {
		return "", s.explain(err)
	}
	return " FORCE INDEX (" + backquoted(name) + ")", nil
}

func (s *Source) noID() error {
	return fmt.Errorf("table %s has no column id, which rows are read by: %s, or name the column it has in COLUMN_MAP=id=…", s, s.addID())
}

func (s *Source) addID() string {
	return "ALTER TABLE " + s.quoted() + " ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY"
}

func (s *Source) String() string { return s.schema + "." + s.name }

func (s *Source) quoted() string { return backquoted(s.schema) + "." + backquoted(s.name) }

// selected lists the columns for a SELECT. The driver turns numbers of the text protocol into Go numbers, which an
// integer survives; a float, a year and the zeros in front of a ZEROFILL do not, so the server makes texts of those.
func selected(columns []call.Column) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		base, _, _ := strings.Cut(c.Type, "(")
		base, _, _ = strings.Cut(strings.ToLower(base), " ")
		if base == "float" || base == "double" || base == "year" || strings.Contains(c.Type, "zerofill") {
			b.WriteString("CAST(" + backquoted(c.Name) + " AS CHAR)")
		} else {
			b.WriteString(backquoted(c.Name))
		}
	}
	return b.String()
}

func isInteger(columnType string) bool {
	base, _, _ := strings.Cut(columnType, "(")
	base, _, _ = strings.Cut(strings.ToLower(base), " ")
	switch base {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return true
	}
	return false
}
