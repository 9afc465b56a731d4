package clickhouse

import (
	"github.com/cdrflow/cdrflow/services/call"
)

// Filter leaves some of the calls that a scope may see. The zero Filter leaves all of them but those that the PBX marked
// amaflags OMIT. It means the same wherever it is used: in lists, totals, statistics, exports and the live feed.
type Filter struct {
	From, To call.Instant // calldate, To excluded; 0 is open
	Omitted  bool         // those marked amaflags OMIT, and only those
}

// into adds the conditions of the filter to a question.
func (f *Filter) into(q *question) {
	q.and(within(f.From, f.To))
	q.and(omitted(f.Omitted))
}

// Matches tells the same of one call, for who has no store to ask: the live feed.
func (f *Filter) Matches(c *call.Call) bool {
	return (f.From == 0 || c.Calldate >= f.From) && (f.To == 0 || c.Calldate < f.To) && f.Omitted == c.Omitted()
}
