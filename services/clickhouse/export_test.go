package clickhouse

import "testing"

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
