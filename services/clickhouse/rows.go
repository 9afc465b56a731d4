package clickhouse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// insertRows stores rows as one block, on disk when it returns. A row is a struct whose fields are named after columns, as
// in JSON; columns that it lacks take their defaults.
func insertRows[R any](ctx context.Context, s *Store, table string, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	doing := fmt.Sprintf("insert %d rows into %s", len(rows), table)
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	for i := range rows {
		if err := encoder.Encode(&rows[i]); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	var names []string
	for of, i := reflect.TypeFor[R](), 0; i < of.NumField(); i++ {
		names = append(names, quote(of.Field(i).Tag.Get("json")))
	}
	err := s.conn.InsertFormat(exact(ctx), "JSONEachRow", "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")", &body)
	if err != nil {
		return s.explain(doing, err)
	}
	return nil
}
