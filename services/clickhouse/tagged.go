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

// taggedConversation is the condition of a head. A call may have come to another conversation after it was edited, so the
// conversations that edits are about are those of the edited calls by now.
func (q *question) taggedConversation(tag string) string {
	// PREWHERE is safe under FINAL here, since all versions of a row agree in its key.
	edited := func(present int) string {
		return fmt.Sprintf("(SELECT %s FROM calls FINAL PREWHERE %s AND %s AND (org_id, id) IN %s)", conversationOf, q.base,
			q.aroundEdits(tag, present), q.tagEdits("org_id, id", tag, present))
	}
	// Where the tag was taken off one leg, another may still bear it.
	bare := fmt.Sprintf(`(SELECT %[1]s FROM calls FINAL WHERE %[2]s AND %[3]s AND %[1]s IN %[4]s
		GROUP BY %[1]s HAVING countIf(has(tags, %[5]s) AND (org_id, id) NOT IN %[6]s) = 0)`,
		conversationOf, q.base, q.aroundEdits(tag, 0), edited(0), tag, q.tagEdits("org_id, id", tag, 0))
	return fmt.Sprintf("(%[1]s IN %[2]s OR has(conv_tags, %[3]s) AND %[1]s NOT IN %[4]s)", conversationOf, edited(1), tag, bare)
}

// aroundEdits is the time of the calls whose tag was edited, and of the other legs of their conversations, which lie within
// two days (longest); a day more is for a calldate that was corrected since. Without edits no time is looked through.
func (q *question) aroundEdits(tag string, present int) string {
	return fmt.Sprintf("calldate >= %s AND calldate <= %s", q.tagEdits("min(calldate) - INTERVAL 3 DAY", tag, present),
		q.tagEdits("max(calldate) + INTERVAL 3 DAY", tag, present))
}

// tagEdits selects from what people changed about a tag.
func (q *question) tagEdits(columns, tag string, present int) string {
	return fmt.Sprintf("(SELECT %s FROM call_tags FINAL WHERE %s AND tag = %s AND present = %d)", columns, q.scope.where(), tag, present)
}
