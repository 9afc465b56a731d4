package clickhouse

import (
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// aboutHeads begins a question about conversations: about their heads, and what is known of other legs only about those.
func aboutHeads(scope Scope, f *Filter) *question {
	q := ask(scope)
	q.base = join(scope.where(), legsWithin(f.From, f.To)) // what is searched is searched in legs
	q.and("conv_legs > 0")
	q.and(within(f.From, f.To))
	q.and(omitted(f.Omitted))
	for _, c := range f.conditions() {
		switch {
		case c.head != nil:
			q.and(c.head(q))
		case c.no != nil:
			q.and(q.legMeeting("NOT IN", c.no(q)))
		default:
			q.and(q.legMeeting("IN", c.sql(q)))
		}
	}
	return q
}

// conversationOf tells the conversations of organisations apart.
const conversationOf = "(org_id, source, " + conversationKey + ")"

// legMeeting is that a conversation is, or is not, among those of which a leg of the same organisation meets a condition.
func (q *question) legMeeting(in, condition string) string {
	return conversationOf + " " + in + " (SELECT " + conversationOf + " FROM calls FINAL WHERE " + join(q.base, condition) + ")"
}

// longest is how long after its beginning a conversation's legs are still looked for by a filter.
const longest = 48 * time.Hour

// legsWithin is the time that the legs of conversations begin in that begin within a time.
func legsWithin(from, to call.Instant) string {
	if to != 0 {
		to += call.Instant(longest.Milliseconds())
	}
	return within(from, to)
}
