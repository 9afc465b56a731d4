package clickhouse

import (
	"fmt"
	"math"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// Sort is the order of a list. The zero Sort is newest first. Whatever it is by, calldate and id decide between equals, so
// that no two rows have the same place. What is unknown is less than all that is known.
type Sort struct {
	By        string // one of CallSorts or ConversationSorts; empty is by time
	Ascending bool
}

// sorted is what a list can be sorted by: as the store says it, and of a call in hand.
type sorted struct {
	name  string
	sql   string
	value func(c *call.Call) int64
}

var callSorts = []sorted{
	{"calldate", "", nil},
	{"id", "toInt64(id)", func(c *call.Call) int64 { return int64(c.ID) }},
	raw("duration", func(c *call.Call) int64 { return c.Duration }),
	raw("billsec", func(c *call.Call) int64 { return c.Billsec }),
	{"wait_time", "ifNull(wait_time, -1)", func(c *call.Call) int64 { return c.WaitTime }},
	{"ring_time", "toInt64(ring_time)", func(c *call.Call) int64 { return c.RingTime }},
	{"talk_time", "toInt64(talk_time)", func(c *call.Call) int64 { return c.TalkTime }},
}

// raw is a column of the PBX, which is stored as 0 where it is NULL. A PBX whose clock was set back writes negative lengths, so
// that what is unknown has to be less than -1.
func raw(column string, field func(c *call.Call) int64) sorted {
	const null = math.MinInt64
	return sorted{column, fmt.Sprintf("if(%s, toInt64(%d), %s)", isNull(column), null, column), func(c *call.Call) int64 {
		if c.IsNull(column) {
			return null
		}
		return field(c)
	}}
}

var conversationSorts = []sorted{
	{"start", "", nil},
	{"duration", lasted, func(c *call.Call) int64 {
		if c.Conversation.End == call.NoInstant {
			return call.NoSeconds
		}
		return int64(c.Conversation.End-c.Calldate) / 1000
	}},
	{"wait_time", "toInt64(conv_wait_time)", func(c *call.Call) int64 { return c.Conversation.WaitTime }},
	{"ring_time", "toInt64(conv_ring_time)", func(c *call.Call) int64 { return c.Conversation.RingTime }},
	{"talk_time", "toInt64(conv_talk_time)", func(c *call.Call) int64 { return c.Conversation.TalkTime }},
}

// CallSorts and ConversationSorts name what lists can be sorted by; the first is the default.
var CallSorts, ConversationSorts = namesOf(callSorts), namesOf(conversationSorts)

func namesOf(list []sorted) (names []string) {
	for _, s := range list {
		names = append(names, s.name)
	}
	return names
}

// in a list of what there is; what is not in it is by time.
func (s Sort) in(list []sorted) sorted {
	for _, by := range list {
		if by.name == s.By {
			return by
		}
	}
	return list[0]
}

// Position is the place of a row in a list: the next page begins behind it, whatever has come before it since.
type Position struct {
	Value    int64 // what the list is sorted by, 0 where that is time
	Calldate call.Instant
	ID       uint64
}

// Call is the position of a call in a list of calls.
func (s Sort) Call(c *call.Call) Position { return s.in(callSorts).position(c) }

// Conversation is the position of a head in a list of conversations.
func (s Sort) Conversation(h *Head) Position { return s.in(conversationSorts).position(&h.Call) }

func (by sorted) position(c *call.Call) Position {
	p := Position{Calldate: c.Calldate, ID: c.ID}
	if by.value != nil {
		p.Value = by.value(c)
	}
	return p
}

// order is the ORDER BY of a list.
func (by sorted) order(ascending bool) string {
	way := " DESC"
	if ascending {
		way = " ASC"
	}
	keys := []string{"calldate", "id"}
	if by.sql != "" {
		keys = append([]string{by.sql}, keys...)
	}
	return strings.Join(keys, way+", ") + way
}

// behind is the condition that a row lies behind a position.
func (by sorted) behind(p *Position, ascending bool) string {
	if p == nil {
		return ""
	}
	way := "<"
	if ascending {
		way = ">"
	}
	if by.sql != "" {
		return fmt.Sprintf("(%s, calldate, id) %s (%d, %s, %d)", by.sql, way, p.Value, moment(p.Calldate), p.ID)
	}
	// The first half says nothing new, but it is what keeps the server from reading what lies before.
	return fmt.Sprintf("calldate %s= %s AND (calldate, id) %[1]s (%[2]s, %[3]d)", way, moment(p.Calldate), p.ID)
}
