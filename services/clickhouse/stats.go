package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// StatsQuery asks for the numbers of a statistic. The filter's time must be closed.
type StatsQuery struct {
	Filter
	*Statistic
	Of        string // how it is grouped where there are several ways
	Ungrouped bool   // all groups together only, and rows of no group among them
	Thresholds

	// Buckets of the time: their beginnings, the oldest first and at From or before it; or the hours of the week by the clocks
	// of a zone. Neither: the time as a whole.
	Cuts []call.Instant
	Week *time.Location

	Only []Group // these groups alone; nil: all
	Want *Wanted // nil: all that the statistic counts
}

// Wanted are the counts and lengths that are asked for, by their places; the others stay 0. Of a length that is, how many
// rows know it and their sum are always told. Each number takes the server a millisecond for 300,000 rows, percentiles more.
type Wanted struct{ Counts, Lengths, Longest, Percentiles []bool }

func (w *Wanted) count(i int) bool       { return w == nil || w.Counts[i] }
func (w *Wanted) length(i int) bool      { return w == nil || w.Lengths[i] }
func (w *Wanted) longest(i int) bool     { return w == nil || w.Lengths[i] && w.Longest[i] }
func (w *Wanted) percentiles(i int) bool { return w == nil || w.Lengths[i] && w.Percentiles[i] }

// Group is what rows are counted for: a queue, an agent, a trunk, a number, of one organisation.
type Group struct {
	Org  uint32
	Name string
}

// Tally is what was counted: of a group or of all groups together, in a bucket or in the whole time. Counts and Spreads
// stand in the order of the statistic's.
type Tally struct {
	Group   *Group // nil: all groups
	Bucket  int    // place in Cuts, or hour of the week; Whole: the whole time
	Counts  []uint64
	Spreads []Spread
}

// Whole stands for the whole time.
const Whole = -1

// Spread tells of a length in seconds. A percentile is the one behind the shortest so many percent.
type Spread struct {
	Known              uint64 // rows that know it; the rest is 0 where there are none
	Sum, Longest       int64
	P50, P90, P95, P99 int64
}

// mostTallies bounds what one answer can hold; who asks for more is told that it was too much.
const mostTallies = 200_000

// ErrTooManyTallies says that an answer would have more lines than anybody reads.
var ErrTooManyTallies = fmt.Errorf("more than %d numbers", mostTallies)

// about begins the question of a statistic.
func (s *Statistic) about(scope Scope, f *Filter, t Thresholds) *question {
	q := about(scope, f)
	if s.Heads {
		q = aboutHeads(scope, f)
	}
	q.and("(" + s.rows.in(t) + ")")
	return q
}

// Stats counts. There is a tally for each group and bucket that has rows, and of each group, each bucket and everything
// for the whole.
func (s *Store) Stats(ctx context.Context, scope Scope, q StatsQuery) ([]Tally, error) {
	asked := q.about(scope, &q.Filter, q.Thresholds)
	var with []string
	var keys []key
	if q.grouped() {
		group := q.groups[q.Of]
		with, keys = append(with, group.sql+" AS grp"), append(keys, groupKey)
		if q.Only != nil {
			asked.and(group.sql + " IN " + asked.list(groupNames(q.Only)))
		} else {
			asked.and(group.sql + " != ''")
		}
	}
	if q.cut() {
		with, keys = append(with, q.bucket()+" AS bucket"), append(keys, bucketKey)
	}
	statement := ""
	if len(with) > 0 {
		statement = "WITH " + strings.Join(with, ", ") + " "
	}
	parts := q.sumsUp()
	statement += "SELECT " + strings.Join(q.selected(keys, parts), ", ") + " FROM calls FINAL WHERE " + asked.where()
	if len(keys) > 0 {
		statement += fmt.Sprintf(" GROUP BY %s LIMIT %d", groupBy(keys, parts), mostTallies+1)
	}
	tallies, err := s.tallies(asked.carry(long(ctx)), statement, &q)
	if err != nil {
		return nil, err
	}
	if len(tallies) > mostTallies {
		return nil, ErrTooManyTallies
	}
	return tallies, nil
}

// grouped tells whether there is a tally for each group.
func (q *StatsQuery) grouped() bool {
	_, grouped := q.groups[q.Of]
	return grouped && !q.Ungrouped
}

// cut tells whether there is a tally for each bucket.
func (q *StatsQuery) cut() bool { return q.Week != nil || len(q.Cuts) > 0 }

// groupNames are the names of groups, each once.
func groupNames(groups []Group) []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.Name
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// bucket is the expression of the bucket that a row falls into.
func (q *StatsQuery) bucket() string {
	if q.Week != nil {
		return "toInt64(" + hourOfWeek(q.Week, q.From, q.To) + ")"
	}
	if base, step := q.even(); step > 0 {
		return fmt.Sprintf("intDiv(toUnixTimestamp64Milli(calldate) - %d, %d)", base, step)
	}
	cuts := make([]int64, len(q.Cuts))
	for i, cut := range q.Cuts {
		cuts[i] = int64(cut)
	}
	return fmt.Sprintf("roundDown(toUnixTimestamp64Milli(calldate), %s)", numbers(cuts))
}

// even tells of buckets that are all as long as the second, the first and the last at most, where the first would have begun
// as a whole one; a step of 0 says that they are not. A quotient takes the server half the time of a search among cuts.
func (q *StatsQuery) even() (base, step int64) {
	if len(q.Cuts) < 3 {
		return 0, 0
	}
	step = int64(q.Cuts[2] - q.Cuts[1])
	for i := 2; i < len(q.Cuts); i++ {
		if int64(q.Cuts[i]-q.Cuts[i-1]) != step {
			return 0, 0
		}
	}
	last := q.Cuts[len(q.Cuts)-1]
	if base = int64(q.Cuts[1]) - step; int64(q.Cuts[0]) < base || int64(q.To-last) > step {
		return 0, 0
	}
	return base, step
}

// sumsUp tells whether what is asked for of a whole is the sum of its parts: then the store counts the parts alone, and the
// sums are made here. Percentiles of parts cannot be put together.
func (q *StatsQuery) sumsUp() bool {
	for i := range q.Lengths {
		if q.Want.percentiles(i) {
			return false
		}
	}
	return true
}

// key of what rows are counted by.
type key struct{ columns, none, over string }

var (
	groupKey  = key{"org_id, grp", "toUInt32(0), ''", "toUInt8(grouping(grp))"}
	bucketKey = key{"bucket", "toInt64(0)", "toUInt8(grouping(bucket))"}
)

// selected are the keys of a row, what is counted and, where not only parts are, which of the keys the row is over all of.
func (q *StatsQuery) selected(keys []key, parts bool) []string {
	var columns, over []string
	for _, k := range []key{groupKey, bucketKey} {
		if slices.Contains(keys, k) {
			columns, over = append(columns, k.columns), append(over, k.over)
		} else {
			columns, over = append(columns, k.none), append(over, "toUInt8(1)")
		}
	}
	columns = append(columns, q.columns()...)
	if parts {
		return columns
	}
	return append(columns, over...)
}

// columns that count.
func (q *StatsQuery) columns() []string {
	var list []string
	for i := range q.Counts {
		if q.Want.count(i) {
			list = append(list, "countIf("+q.Counts[i].of.in(q.Thresholds)+")")
		}
	}
	for i := range q.Lengths {
		if !q.Want.length(i) {
			continue
		}
		l := &q.Lengths[i]
		known := l.condition(q.Thresholds)
		list = append(list,
			"countIf("+known+")",
			fmt.Sprintf("toInt64(sumIf(%s, %s))", l.expression, known))
		if q.Want.longest(i) {
			list = append(list, fmt.Sprintf("toInt64(maxIf(%s, %s))", l.expression, known))
		}
		if q.Want.percentiles(i) {
			list = append(list, fmt.Sprintf("arrayMap(x -> toInt64(x), quantilesExactIf(0.5, 0.9, 0.95, 0.99)(%s, %s))", l.expression, known))
		}
	}
	return list
}

// groupBy is what rows are counted by: by all keys, and where sums are not made of parts by each and by none as well. WITH
// CUBE gives the same; it puts the states of all the smaller groups together again, which took ten times as long for the
// percentiles of a month by hour and queue.
func groupBy(keys []key, parts bool) string {
	columns := make([]string, len(keys))
	for i, k := range keys {
		columns[i] = k.columns
	}
	every := strings.Join(columns, ", ")
	switch {
	case parts:
		return every
	case len(keys) == 1:
		return "GROUPING SETS ((" + every + "), ())"
	}
	return "GROUPING SETS ((" + every + "), (" + strings.Join(columns, "), (") + "), ())"
}
