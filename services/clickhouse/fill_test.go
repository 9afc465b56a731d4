package clickhouse

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// Fill writes about a year of a house with 50 organisations (servertest.Year); one row of a hundred was written again later.
func (s *Store) Fill(t testing.TB, rows uint64, end time.Time) {
	t.Helper()
	const steps = 24
	for i := range uint64(steps) {
		s.fill(t, servertest.Year(rows, rows*i/steps, rows*(i+1)/steps, end, 0))
	}
	s.fill(t, servertest.Year(rows, 0, rows, end, 1))
}

func (s *Store) fill(t testing.TB, statement string) {
	t.Helper()
	if err := s.conn.Exec(exact(t.Context()), statement); err != nil {
		t.Fatal(err)
	}
}
