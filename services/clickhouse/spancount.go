package clickhouse

import "context"

// CountSpan counts the living rows that Span gives, all pages together.
func (s *Store) CountSpan(ctx context.Context, q SpanQuery) (uint64, error) {
	q.BeforeID = 0
	return s.count(ctx, q.where(q.From))
}
