package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
)

// tallies runs a statement of selected columns and gives what it counts in order.
func (s *Store) tallies(ctx context.Context, statement string, q *StatsQuery) ([]Tally, error) {
	rows, err := s.conn.Query(ctx, statement)
	if err != nil {
		return nil, s.explain("count calls", err)
	}
	defer rows.Close()
	tallies := make([]Tally, 0, 8*(len(q.Cuts)+1))
	var (
		overGroups, overBuckets uint8 // 1: the row is over all of them
		group                   Group
		bucket                  int64
		manyCounts              []uint64
		manySpreads             []Spread
	)
	// One line serves all rows, so that its addresses are taken once.
	counts, spreads, percentiles := make([]uint64, len(q.Counts)), make([]Spread, len(q.Lengths)), make([][]int64, len(q.Lengths))
	parts := q.sumsUp()
	targets := []any{&group.Org, &group.Name, &bucket}
	grouped, cut := q.grouped(), q.cut()
	for i := range counts {
		if q.Want.count(i) {
			targets = append(targets, &counts[i])
		}
	}
	for i := range spreads {
		if q.Want.length(i) {
			targets = append(targets, &spreads[i].Known, &spreads[i].Sum)
		}
		if q.Want.longest(i) {
			targets = append(targets, &spreads[i].Longest)
		}
		if q.Want.percentiles(i) {
			targets = append(targets, &percentiles[i])
		}
	}
	// A bucket is named by its place, or by its beginning.
	_, step := q.even()
	byCut := q.Week == nil && step == 0
	groups := map[Group]*Group{}
	if !parts {
		targets = append(targets, &overGroups, &overBuckets)
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("count calls: %w", err)
		}
		t := Tally{Bucket: Whole, Counts: carve(&manyCounts, counts), Spreads: carve(&manySpreads, spreads)}
		for i := range t.Spreads {
			t.Spreads[i].percentiles(percentiles[i])
		}
		if grouped && overGroups == 0 {
			if t.Group = groups[group]; t.Group == nil {
				own := group
				t.Group = &own
				groups[own] = t.Group
			}
		}
		if cut && overBuckets == 0 {
			t.Bucket = int(bucket)
			if byCut {
				t.Bucket, _ = slices.BinarySearch(q.Cuts, call.Instant(bucket))
			}
		}
		tallies = append(tallies, t)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("count calls", err)
	}
	order := inOrder(tallies, slices.Collect(maps.Values(groups)))
	if parts {
		return withSums(order), nil
	}
	sorted := make([]Tally, len(order))
	for i, t := range order {
		sorted[i] = *t
	}
	return sorted, nil
}

// carve a copy of line from memory for many. Thousands of small pieces would be a third of the work.
func carve[T any](many *[]T, line []T) []T {
	if cap(*many)-len(*many) < len(line) {
		*many = make([]T, 0, 256*len(line))
	}
	from := len(*many)
	*many = append(*many, line...)
	return (*many)[from:len(*many):len(*many)]
}

// inOrder sorts tallies: groups by organisation and name, all of them together last; of each the buckets in order, the
// whole time last.
func inOrder(tallies []Tally, groups []*Group) []*Tally {
	slices.SortFunc(groups, func(a, b *Group) int { return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Name, b.Name)) })
	rank := make(map[*Group]uint64, len(groups)+1)
	for i, g := range groups {
		rank[g] = uint64(i)
	}
	rank[nil] = uint64(len(groups))
	type placed struct {
		key uint64
		t   *Tally
	}
	order := make([]placed, len(tallies))
	for i := range tallies {
		t := &tallies[i]
		order[i] = placed{rank[t.Group]<<32 | uint64(uint32(t.Bucket)), t}
	}
	slices.SortFunc(order, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
	sorted := make([]*Tally, len(tallies))
	for i, o := range order {
		sorted[i] = o.t
	}
	return sorted
}

// percentiles of nothing are 0, whatever the server makes of them.
func (x *Spread) percentiles(p []int64) {
	if x.Known == 0 {
		*x = Spread{}
	} else if len(p) == 4 {
		x.P50, x.P90, x.P95, x.P99 = p[0], p[1], p[2], p[3]
	}
}

func organisation(text string) uint32 {
	n, _ := strconv.ParseUint(text, 10, 32) // the server wrote it
	return uint32(n)
}
