package clickhouse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// condition is one thing that a filter asks for.
type condition struct {
	sql func(q *question) string // of a row, with its values bound to q
	met func(c *call.Call) bool  // the same, of a call in hand

	indexed bool // the index over all texts finds the few rows that meet it

	// Of a conversation: of its head, or else that none of the organisation's legs meets it. Without both, one must meet sql.
	head, no func(q *question) string
}

// word is one of a list in a column that holds words. shown is what stands for it on a head, empty where nothing does.
func word(column, shown string, field func(*call.Call) string) func(list []string) condition {
	in := func(expression string, list []string) func(*question) string {
		return func(q *question) string { return expression + " IN " + q.list(list) }
	}
	return func(list []string) condition {
		c := condition{
			sql: in(column, list),
			met: func(c *call.Call) bool { return slices.Contains(list, field(c)) },
		}
		if shown != "" {
			c.head = in(shown, list)
		}
		return c
	}
}

// While the caller's own row is still expected, nobody was missed: so is a conversation shown.
const outcomeShown = "if(conv_complete = 0 AND conv_settled = 0 AND conv_outcome != 'answered', 'unknown', toString(conv_outcome))"

// inQueue is the queue that is shown as queue_name: the row's own, or what it is understood to be.
func inQueue(list []string) condition {
	return word("if(queue_name = '', toString(queue), toString(queue_name))", "conv_queue_name", func(c *call.Call) string {
		if c.QueueName == "" {
			return c.Queue
		}
		return c.QueueName
	})(list)
}

// byAgent is the agent that is shown as answered_agent, likewise; SIP/1001 is found as 1001, too.
func byAgent(list []string) condition {
	const agent = "if(answered_agent = '', toString(agent), toString(answered_agent))"
	return condition{
		sql: func(q *question) string {
			bound := q.list(list)
			return fmt.Sprintf("(%[1]s IN %[2]s OR splitByChar('/', %[1]s)[-1] IN %[2]s)", agent, bound)
		},
		met: func(c *call.Call) bool {
			name := c.AnsweredAgent
			if name == "" {
				name = c.Agent
			}
			return slices.Contains(list, name) || slices.Contains(list, name[strings.LastIndexByte(name, '/')+1:])
		},
	}
}

func atExtension(list []string) condition {
	return condition{
		sql: func(q *question) string {
			bound := q.list(list)
			return fmt.Sprintf("(rang_extension IN %[1]s OR caller_extension IN %[1]s OR answered_by IN %[1]s)", bound)
		},
		met: func(c *call.Call) bool {
			return slices.Contains(list, c.RangExtension) || slices.Contains(list, c.CallerExtension) || slices.Contains(list, c.AnsweredBy)
		},
	}
}

// audible is what call.Call.HasRecording tells; a conversation is recorded where one of its calls is.
func audible(want bool) condition {
	has := func(*question) string { return "(" + recorded + ")" }
	c := condition{sql: has, met: func(c *call.Call) bool { return c.HasRecording() == want }}
	if !want {
		c.sql = func(q *question) string { return "NOT " + has(q) }
		c.no = has
	}
	return c
}

// ofConversation is the conversation that goes by a name, or was joined to it.
func ofConversation(k Key) condition {
	sql := func(q *question) string {
		return fmt.Sprintf("(source = %s AND %s = %s)", q.text(k.Source), conversationKey, q.text(k.Linkedid))
	}
	return condition{
		sql:  sql,
		met:  func(c *call.Call) bool { return c.Source == k.Source && c.ConversationKey() == k.Linkedid },
		head: sql,
	}
}

// conversationKey is call.Call.ConversationKey.
const conversationKey = "multiIf(joined != '', joined, linkedid != '', linkedid, uniqueid)"

// length is a number of seconds of which those below 0 are unknown.
func length(column, shown string, r Range, field func(*call.Call) int64) condition {
	return condition{
		sql:  func(*question) string { return r.of(column) },
		met:  func(c *call.Call) bool { return r.has(field(c)) },
		head: func(*question) string { return r.of(shown) },
	}
}

// lasted is how long a conversation took, in seconds; -1 is unknown.
const lasted = "if(toUnixTimestamp64Milli(conv_end) = 0, -1, intDiv(toUnixTimestamp64Milli(conv_end) - toUnixTimestamp64Milli(calldate), 1000))"

// lasting is the row's duration, and of a conversation the time from its beginning to its end.
func lasting(r Range) condition {
	return condition{
		sql: func(*question) string {
			return "(" + r.of("duration") + " AND NOT " + isNull("duration") + ")"
		},
		met: func(c *call.Call) bool {
			return r.has(c.Duration) && !c.IsNull("duration")
		},
		head: func(*question) string {
			return r.of("if(toUnixTimestamp64Milli(conv_end) = 0, -1, intDiv(toUnixTimestamp64Milli(conv_end) - toUnixTimestamp64Milli(calldate), 1000))")
		},
	}
}

// isNull is call.Call.IsNull.
func isNull(column string) string { return "has(splitByChar(',', nulls), '" + column + "')" }

func (r Range) of(expression string) string {
	least := int64(0) // what is below is unknown
	if r.Least != nil {
		least = *r.Least
	}
	if r.Most == nil {
		return fmt.Sprintf("%s >= %d", expression, least)
	}
	return fmt.Sprintf("%s BETWEEN %d AND %d", expression, least, *r.Most)
}

func (r Range) has(v int64) bool {
	return v >= 0 && (r.Least == nil || v >= *r.Least) && (r.Most == nil || v <= *r.Most)
}
