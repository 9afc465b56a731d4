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
}

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
// for the whole: percentiles of parts cannot be put together afterwards.
func (s *Store) Stats(ctx context.Context, scope Scope, q StatsQuery) ([]Tally, error) {
	asked := q.about(scope, &q.Filter, q.Thresholds)
	var with, keys []string
	if group, grouped := q.groups[q.Of]; grouped && !q.Ungrouped {
		with, keys = append(with, "concat(toString(org_id), ':', "+group.sql+") AS grp"), append(keys, "grp")
		if q.Only != nil {
			asked.and(group.sql + " IN " + asked.list(groupNames(q.Only)))
		} else {
			asked.and(group.sql + " != ''")
		}
	}
	if bucket := q.bucket(); bucket != "" {
		with, keys = append(with, bucket+" AS bucket"), append(keys, "bucket")
	}
	statement := ""
	if len(with) > 0 {
		statement = "WITH " + strings.Join(with, ", ") + " "
	}
	statement += "SELECT " + strings.Join(append(keyColumns(keys), q.columns()...), ", ") + " FROM calls FINAL WHERE " + asked.where()
	if len(keys) > 0 {
		statement += fmt.Sprintf(" GROUP BY GROUPING SETS (%s) LIMIT %d", subsets(keys), mostTallies+1)
	}
	tallies, err := s.tallies(asked.carry(long(ctx)), statement, &q)
	if err != nil {
		return nil, err
	}
	if len(tallies) > mostTallies {
		return nil, ErrTooManyTallies
	}
	slices.SortFunc(tallies, byGroup)
	return tallies, nil
}

// groupNames are the names of groups, each once.
func groupNames(groups []Group) []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.Name
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// bucket is the expression of the bucket that a row falls into; empty where there are none.
func (q *StatsQuery) bucket() string {
	switch {
	case q.Week != nil:
		return "toInt64(" + hourOfWeek(q.Week, q.From, q.To) + ")"
	case len(q.Cuts) > 0:
		cuts := make([]int64, len(q.Cuts))
		for i, cut := range q.Cuts {
			cuts[i] = int64(cut)
		}
		return fmt.Sprintf("roundDown(toUnixTimestamp64Milli(calldate), %s)", numbers(cuts))
	}
	return ""
}

// keyColumns tell of a row which keys it is the sum over, and the keys.
func keyColumns(keys []string) []string {
	columns := []string{"toUInt8(1)", "''", "toUInt8(1)", "toInt64(0)"}
	if slices.Contains(keys, "grp") {
		columns[0], columns[1] = "toUInt8(grouping(grp))", "grp"
	}
	if slices.Contains(keys, "bucket") {
		columns[2], columns[3] = "toUInt8(grouping(bucket))", "bucket"
	}
	return columns
}

// columns that count, in the order in which tallies scans them.
func (q *StatsQuery) columns() []string {
	var list []string
	for i := range q.Counts {
		list = append(list, "countIf("+q.Counts[i].of.in(q.Thresholds)+")")
	}
	for i := range q.Lengths {
		l := &q.Lengths[i]
		known := l.condition(q.Thresholds)
		list = append(list,
			"countIf("+known+")",
			fmt.Sprintf("toInt64(sumIf(%s, %s))", l.expression, known),
			fmt.Sprintf("toInt64(maxIf(%s, %s))", l.expression, known),
			fmt.Sprintf("arrayMap(x -> toInt64(x), quantilesExactIf(0.5, 0.9, 0.95, 0.99)(%s, %s))", l.expression, known))
	}
	return list
}

// subsets of one or two keys, each of which rows are counted by. WITH CUBE gives the same; it puts the states of all the
// smaller groups together again, which took ten times as long for the percentiles of a month by hour and queue.
func subsets(keys []string) string {
	if len(keys) == 1 {
		return "(" + keys[0] + "), ()"
	}
	return "(" + strings.Join(keys, ", ") + "), (" + strings.Join(keys, "), (") + "), ()"
}
