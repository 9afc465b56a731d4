package clickhouse

import (
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// Counted leaves the rows that a number of the statistics counts.
type Counted struct {
	Statistic, Count string  // names of both; an empty Statistic asks for nothing
	Of               string  // how the statistic is grouped where there are several ways
	Group            *string // one group
	Thresholds
}

// condition that the rows meet. It is about the row also where conversations are asked for: those rows are their heads.
func (x *Counted) condition() condition {
	s := StatisticOf(x.Statistic)
	var n *Count
	if s != nil {
		n = s.Count(x.Count)
	}
	if n == nil { // nothing is counted under this name
		none := func(*question) string { return "0" }
		return condition{sql: none, met: func(*call.Call) bool { return false }, head: none}
	}
	group, grouped := s.groups[x.Of]
	sql := func(q *question) string {
		text := fmt.Sprintf("((%s) AND (%s)", s.rows.in(x.Thresholds), n.of.in(x.Thresholds))
		if grouped && x.Group != nil {
			text += fmt.Sprintf(" AND %s = %s", group.sql, q.text(*x.Group))
		}
		return text + ")"
	}
	return condition{sql: sql, head: sql, met: func(c *call.Call) bool {
		return s.rows.met(c, x.Thresholds) && n.of.met(c, x.Thresholds) && (!grouped || x.Group == nil || group.of(c) == *x.Group)
	}}
}
