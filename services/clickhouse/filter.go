package clickhouse

import "github.com/cdrflow/cdrflow/services/call"

// Filter leaves some of the calls that a scope may see. The zero Filter leaves all of them but those that the PBX marked
// amaflags OMIT. It means the same wherever it is used: in lists, totals, statistics, exports and the live feed.
//
// Of a list of words one is enough, and an empty list asks for nothing. Where conversations are asked for, the filter is
// about the conversation as it is shown; what a conversation does not have itself, one of its calls must have, for each
// condition any of them.
type Filter struct {
	From, To call.Instant // calldate, To excluded; 0 is open
	Omitted  bool         // those marked amaflags OMIT, and only those

	Directions, Dispositions, Outcomes, LegKinds, AnsweredTypes []string
	DisconnectedBy, HangupCauses, Sources                       []string

	Caller, Callee string // part of src or caller; of dst or callee
	Search         string // part of a number or name of the call
	Numbers, DIDs  []Number
	Extensions     []string // that called, rang or answered
	Participant    string   // one such extension, beside whatever else is asked for: whose calls these are
	Agents         []string // that answered from a queue: the endpoint, with its technology or without
	Queues, Trunks []string
	Tags           [][]string // one of each list
	Recorded       *bool

	Duration, Talk, Wait Range // seconds

	Conversation *Key

	Counted    Counted     // what a number of the statistics counts
	HourOfWeek *HourOfWeek // when it began
}

// Range of seconds, both ends included; nil is open. What is unknown lies in no range that has an end.
type Range struct{ Least, Most *int64 }

// into adds the conditions of the filter to a question about calls.
func (f *Filter) into(q *question) {
	q.and(within(f.From, f.To))
	q.and(omitted(f.Omitted))
	for _, c := range f.conditions() {
		q.and(c.sql(q))
	}
}

// Everything tells whether nothing but a time narrows a list down.
func (f *Filter) Everything() bool { return len(f.conditions()) == 0 }

// Matches tells the same of one call, for who has no store to ask: the live feed.
func (f *Filter) Matches(c *call.Call) bool {
	if f.From != 0 && c.Calldate < f.From || f.To != 0 && c.Calldate >= f.To || f.Omitted != c.Omitted() {
		return false
	}
	for _, condition := range f.conditions() {
		if !condition.met(c) {
			return false
		}
	}
	return true
}

// conditions of the filter but for the time and what is omitted. What each means is said once to the store and once in
// Go, side by side.
func (f *Filter) conditions() []condition {
	all := make([]condition, 0, 8)
	some := func(asked bool, c func() condition) {
		if asked {
			all = append(all, c())
		}
	}
	words := func(list []string, c func(list []string) condition) {
		some(len(list) > 0, func() condition { return c(list) })
	}

	some(f.Conversation != nil, func() condition { return ofConversation(*f.Conversation) })
	words(f.Sources, word("source", "source", func(c *call.Call) string { return c.Source }))
	words(f.Directions, word("direction", "direction", func(c *call.Call) string { return string(c.Direction) }))
	words(f.Dispositions, word("disposition", "", func(c *call.Call) string { return c.Disposition }))
	words(f.Outcomes, word("outcome", outcomeShown, func(c *call.Call) string { return string(c.Outcome) }))
	words(f.LegKinds, word("leg_kind", "", func(c *call.Call) string { return string(c.LegKind) }))
	words(f.AnsweredTypes, word("answered_type", "conv_answered_type", func(c *call.Call) string { return string(c.AnsweredType) }))
	words(f.DisconnectedBy, word("disconnected_by", "conv_disconnected_by", func(c *call.Call) string { return string(c.DisconnectedBy) }))
	words(f.HangupCauses, word("hangup_cause", "", func(c *call.Call) string { return c.HangupCause }))
	words(f.Trunks, word("trunk", "", func(c *call.Call) string { return c.Trunk }))
	words(f.Queues, inQueue)
	words(f.Agents, byAgent)
	words(f.Extensions, atExtension)
	some(f.Participant != "", func() condition { return atExtension([]string{f.Participant}) })

	some(f.Caller != "", func() condition { return holding(f.Caller, callers) })
	some(f.Callee != "", func() condition { return holding(f.Callee, callees) })
	some(f.Search != "", func() condition { return search(f.Search) })
	some(len(f.Numbers) > 0, func() condition { return numbered(f.Numbers, parties) })
	some(len(f.DIDs) > 0, func() condition { return numbered(f.DIDs, dids) })
	for _, list := range f.Tags {
		words(list, tagged)
	}
	some(f.Recorded != nil, func() condition { return audible(*f.Recorded) })

	some(f.Counted.Statistic != "", f.Counted.condition)
	some(f.HourOfWeek != nil, func() condition { return f.HourOfWeek.condition(f.From, f.To) })
	some(f.Duration != Range{}, func() condition { return lasting(f.Duration) })
	some(f.Talk != Range{}, func() condition {
		return length("talk_time", "conv_talk_time", f.Talk, func(c *call.Call) int64 { return c.TalkTime })
	})
	some(f.Wait != Range{}, func() condition {
		return length("ifNull(wait_time, -1)", "conv_wait_time", f.Wait, func(c *call.Call) int64 { return c.WaitTime })
	})
	return all
}
