package clickhouse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// tagged is one of a list among the tags that a call bears by now, or among those that a conversation's calls bear together:
// understood and not taken off, or put on by people. It is the one place that knows where tags stand.
func tagged(list []string) condition {
	oneOf := func(one func(q *question, tag string) string) func(*question) string {
		return func(q *question) string {
			conditions := make([]string, len(list))
			for i, tag := range list {
				conditions[i] = one(q, q.text(tag))
			}
			return "(" + strings.Join(conditions, " OR ") + ")"
		}
	}
	return condition{
		sql:  oneOf((*question).taggedCall),
		head: oneOf((*question).taggedConversation),
		met: func(c *call.Call) bool {
			return slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(list, tag) })
		},
	}
}

// taggedCall is the condition of a call that bears the tag, which is bound.
func (q *question) taggedCall(tag string) string {
	return fmt.Sprintf("(has(tags, %s) AND (org_id, id) NOT IN %s OR (org_id, id) IN %s)", tag,
		q.tagEdits("org_id, id", tag, 0), q.tagEdits("org_id, id", tag, 1))
}

// taggedConversation is the condition of a head.
func (q *question) taggedConversation(tag string) string {
	const conversation = "(org_id, conversation_id)"
	touched := q.tagEdits("org_id, conversation_id", tag, 0)
	// Where the tag was taken off one leg, another may still bear it. The legs of a conversation lie within a day of each
	// other; where it was taken off none, no time is looked through.
	others := fmt.Sprintf(`(SELECT org_id, conversation_id FROM calls FINAL WHERE %s AND has(tags, %s) AND calldate >= %s AND calldate <= %s
		AND %s IN %s AND (org_id, id) NOT IN %s)`, q.scope.where(), tag, q.tagEdits("min(calldate) - INTERVAL 1 DAY", tag, 0),
		q.tagEdits("max(calldate) + INTERVAL 1 DAY", tag, 0), conversation, touched, q.tagEdits("org_id, id", tag, 0))
	return fmt.Sprintf("(%[1]s IN %[2]s OR has(conv_tags, %[3]s) AND (%[1]s NOT IN %[4]s OR %[1]s IN %[5]s))", conversation,
		q.tagEdits("org_id, conversation_id", tag, 1), tag, touched, others)
}

// tagEdits selects from what people changed about a tag.
func (q *question) tagEdits(columns, tag string, present int) string {
	return fmt.Sprintf("(SELECT %s FROM call_tags FINAL WHERE %s AND tag = %s AND present = %d)", columns, q.scope.where(), tag, present)
}
