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
