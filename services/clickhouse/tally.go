package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
)

// tallies runs a statement whose columns are keyColumns and columns.
func (s *Store) tallies(ctx context.Context, statement string, q *StatsQuery) ([]Tally, error) {
	rows, err := s.conn.Query(ctx, statement)
	if err != nil {
		return nil, s.explain("count calls", err)
	}
	defer rows.Close()
	var tallies []Tally
	for rows.Next() {
		t := Tally{Bucket: Whole, Counts: make([]uint64, len(q.Counts)), Spreads: make([]Spread, len(q.Lengths))}
		var allGroups, allBuckets uint8
		var key string
		var bucket int64
		targets := []any{&allGroups, &key, &allBuckets, &bucket}
		for i := range t.Counts {
			targets = append(targets, &t.Counts[i])
		}
		percentiles := make([][]int64, len(t.Spreads))
		for i := range t.Spreads {
			targets = append(targets, &t.Spreads[i].Known, &t.Spreads[i].Sum, &t.Spreads[i].Longest, &percentiles[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("count calls: %w", err)
		}
		for i := range t.Spreads {
			t.Spreads[i].percentiles(percentiles[i])
		}
		if allGroups == 0 {
			t.Group = groupOf(key)
		}
		if allBuckets == 0 {
			t.Bucket = q.place(bucket)
		}
		tallies = append(tallies, t)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("count calls", err)
	}
	return tallies, nil
}

// percentiles of nothing are 0, whatever the server makes of them.
func (x *Spread) percentiles(p []int64) {
	if x.Known == 0 || len(p) != 4 {
		*x = Spread{Known: x.Known}
		return
	}
	x.P50, x.P90, x.P95, x.P99 = p[0], p[1], p[2], p[3]
}

// byGroup sorts tallies: groups by organisation and name, all of them together last; of each the buckets in order, the
// whole time last.
func byGroup(a, b Tally) int {
	last := func(t Tally) int {
		if t.Group == nil {
			return 1
		}
		return 0
	}
	by := cmp.Compare(last(a), last(b))
	if by == 0 && a.Group != nil {
		by = cmp.Or(cmp.Compare(a.Group.Org, b.Group.Org), cmp.Compare(a.Group.Name, b.Group.Name))
	}
	return cmp.Or(by, cmp.Compare(uint(a.Bucket), uint(b.Bucket)))
}

// place of a bucket as the server names it: by its beginning, or by the hour.
func (q *StatsQuery) place(bucket int64) int {
	if q.Week != nil {
		return int(bucket)
	}
	i, _ := slices.BinarySearch(q.Cuts, call.Instant(bucket))
	return i
}

func organisation(text string) uint32 {
	n, _ := strconv.ParseUint(text, 10, 32) // the server wrote it
	return uint32(n)
}
