package mariadb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Range of row ids, both ends included.
type Range struct{ From, To uint64 }

// Rest is the range from an id to the end of the table.
func Rest(from uint64) Range { return Range{from, math.MaxUint64} }

// Rows reads the rows whose ids lie in the ranges, in the order of ids and at most limit of them, in one statement, hence
// as of one moment. For each it calls row with the id and the bytes of every column of Table, nil for NULL; they are valid
// during the call only. When row returns false the reading ends there. It returns how many rows were handed over.
//
// ErrColumns means that the columns changed since Refresh: call it again. Ids below 1 are not seen; LowIDs names them.
func (s *Source) Rows(ctx context.Context, ranges []Range, limit int, row func(id uint64, values [][]byte) bool) (int, error) {
	where := make([]string, len(ranges))
	args := make([]driver.NamedValue, 0, 2*len(ranges)+1)
	bind := func(n uint64) {
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: n})
	}
	for i, r := range ranges {
		bind(max(1, r.From))
		if r.To == math.MaxUint64 {
			where[i] = s.key + " >= ?"
			continue
		}
		where[i] = s.key + " BETWEEN ? AND ?"
		bind(r.To)
	}
	bind(uint64(limit))
	query := "SELECT " + s.list + s.from + " WHERE " + strings.Join(where, " OR ") + " ORDER BY " + s.key + " LIMIT ?"
	n, err := s.scan(ctx, query, args, row)
	if err != nil {
		return n, s.explain(err)
	}
	return n, nil
}

// scan uses the driver's rows without database/sql between: half of the allocations, and no copy.
func (s *Source) scan(ctx context.Context, query string, args []driver.NamedValue, row func(uint64, [][]byte) bool) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime+netTime)
	defer cancel()
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	err = conn.Raw(func(c any) (err error) {
		rows, err := c.(driver.QueryerContext).QueryContext(ctx, query, args)
		if err != nil {
			return err
		}
		defer func() {
			if e := rows.Close(); err == nil {
				err = e
			}
		}()
		width := len(s.table.Columns)
		fields, values := make([]driver.Value, width), make([][]byte, width)
		digits := make([]byte, 0, 20*width)
		for {
			switch err := rows.Next(fields); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			id, err := s.values(values, fields, digits)
			if err != nil {
				return err
			}
			n++
			if !row(id, values) {
				return nil
			}
		}
	})
	return n, err
}

// values turns a row as the driver gives it into bytes; numbers are written into digits. Integers pass unharmed through
// the driver's numbers, everything else that it would parse was cast to text.
func (s *Source) values(values [][]byte, fields []driver.Value, digits []byte) (id uint64, err error) {
	for i, f := range fields {
		start := len(digits)
		switch f := f.(type) {
		case nil:
			values[i] = nil
			continue
		case []byte:
			values[i] = f
			continue
		case int64:
			digits = strconv.AppendInt(digits, f, 10)
		case uint64:
			digits = strconv.AppendUint(digits, f, 10)
		default:
			return 0, fmt.Errorf("read column %s: the driver gave a %T", s.table.Columns[i].Name, f)
		}
		values[i] = digits[start:len(digits):len(digits)]
	}
	switch f := fields[s.id].(type) {
	case int64:
		return uint64(f), nil // Rows asks for ids from 1 on
	case uint64:
		return f, nil
	default:
		return strconv.ParseUint(string(values[s.id]), 10, 64)
	}
}
