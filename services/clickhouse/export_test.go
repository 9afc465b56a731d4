package clickhouse

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"
)

// PhysicalRows counts what lies in the table before versions fold.
func (s *Store) PhysicalRows(t testing.TB) uint64 {
	t.Helper()
	var n uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM calls").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Merge folds all versions as background merges do in time.
func (s *Store) Merge(t testing.TB) {
	t.Helper()
	if err := s.conn.Exec(t.Context(), "OPTIMIZE TABLE calls FINAL"); err != nil {
		t.Fatal(err)
	}
}

// Age makes all living rows look as if they had been stored that much earlier.
func (s *Store) Age(t testing.TB, by time.Duration) {
	t.Helper()
	sql := "INSERT INTO calls SELECT * REPLACE (version + 1 AS version, stored_at - toIntervalSecond(%d) AS stored_at) FROM calls FINAL"
	if err := s.conn.Exec(t.Context(), fmt.Sprintf(sql, int(by.Seconds()))); err != nil {
		t.Fatal(err)
	}
}

// Text is the first column of a query's only row, as text.
func (s *Store) Text(t testing.TB, query string) string {
	t.Helper()
	var text string
	if err := s.conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

// Answers counts what a query gives.
func (s *Store) Answers(ctx context.Context, query string) (int, error) {
	rows, err := s.conn.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

// TextPattern gives tests the pattern for search_text.
var TextPattern = textPattern

// MigrateTo applies the schema files up to one, as an earlier version did, and runs statements after them.
func (s *Store) MigrateTo(t testing.TB, last string, statements ...string) {
	t.Helper()
	var all []string
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if path.Base(name) > last {
			break
		}
		text, err := schema.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(string(text), ";\n")...)
	}
	for _, statement := range append(all, statements...) {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := s.conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Conditions that a filter becomes, about calls and about conversations.
func Conditions(scope Scope, f *Filter) []string {
	return []string{about(scope, f).where(), aboutHeads(scope, f).where()}
}

// Find is what a question about calls finds, by id.
func (s *Store) Find(t testing.TB, scope Scope, f *Filter) []uint64 {
	t.Helper()
	q := about(scope, f)
	rows, err := s.conn.Query(q.carry(t.Context()), "SELECT id FROM calls FINAL WHERE "+q.where()+" ORDER BY id")
	if err != nil {
		t.Fatalf("%s: %v", q.where(), err)
	}
	defer rows.Close()
	var ids []uint64
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// Setting is the value of a setting as a query with this context has it.
func (s *Store) Setting(ctx context.Context, name string) (value string, err error) {
	return value, s.conn.QueryRow(ctx, "SELECT toString(getSetting('"+name+"'))").Scan(&value)
}

// Searching is a context of a search.
func Searching(ctx context.Context) context.Context { return searching(ctx) }

// KeepVersions lets no merge take old versions away.
func (s *Store) KeepVersions(t testing.TB) {
	t.Helper()
	if err := s.conn.Exec(t.Context(), "SYSTEM STOP MERGES "+s.database+".calls"); err != nil {
		t.Fatal(err)
	}
}
