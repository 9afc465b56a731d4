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
			q.and(legMeeting("NOT IN", scope, f, c.no(q)))
		default:
			q.and(legMeeting("IN", scope, f, c.sql(q)))
		}
	}
	return q
}

// legMeeting is that a conversation is, or is not, among those of which a leg of the same organisation meets a condition.
func legMeeting(in string, scope Scope, f *Filter, condition string) string {
	const key = "(org_id, source, " + conversationKey + ")"
	return key + " " + in + " (SELECT " + key + " FROM calls FINAL WHERE " + join(scope.where(), legsWithin(f.From, f.To), condition) + ")"
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
