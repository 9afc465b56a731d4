package clickhouse

import (
	"context"
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// TagEdit puts a tag on a call, or takes it off.
type TagEdit struct {
	OrgID          uint32 // the call's organisation at this time: the edit is seen by it alone
	ID             uint64
	Tag            string
	Present        bool
	ConversationID string
	Calldate       call.Instant
	By             string // who edits
}

// EditTags stores edits as one block: all are there, or none. Of two edits of one tag of one call the later one counts.
func (s *Store) EditTags(ctx context.Context, edits []TagEdit) error {
	type row struct {
		OrgID          uint32 `json:"org_id"`
		ID             uint64 `json:"id"`
		Tag            string `json:"tag"`
		Present        uint8  `json:"present"`
		ConversationID string `json:"conversation_id"`
		Calldate       string `json:"calldate"`
		By             string `json:"by"`
	}
	rows := make([]row, len(edits))
	for i, e := range edits {
		rows[i] = row{e.OrgID, e.ID, e.Tag, bit(e.Present), e.ConversationID, e.Calldate.Time().UTC().Format(milliseconds), e.By}
	}
	return insertRows(ctx, s, "call_tags", rows)
}

// tagged is the condition of a call that bears a tag by now, put on by people or understood and not taken off.
func (q *question) tagged(scope Scope, tag string) string {
	value := q.text(tag)
	edits := func(present int) string {
		return fmt.Sprintf("(SELECT org_id, id FROM call_tags FINAL WHERE %s AND tag = %s AND present = %d)", scope.where(), value, present)
	}
	return fmt.Sprintf("(has(tags, %s) AND (org_id, id) NOT IN %s OR (org_id, id) IN %s)", value, edits(0), edits(1))
}

// taggedConversation is the condition of a head whose conversation bears a tag by now: one of its legs does.
func (q *question) taggedConversation(scope Scope, tag string) string {
	value := q.text(tag)
	edits := func(columns string, present int) string {
		return fmt.Sprintf("(SELECT %s FROM call_tags FINAL WHERE %s AND tag = %s AND present = %d)", columns, scope.where(), value, present)
	}
	const conversation = "(org_id, conversation_id)"
	// Where it was taken off one leg, another may still bear it. The legs of a conversation lie within a day of each other;
	// where it was taken off none, no time is looked through.
	others := fmt.Sprintf(`%s IN (SELECT org_id, conversation_id FROM calls FINAL WHERE %s AND has(tags, %s)
		AND calldate >= %s AND calldate <= %s AND %[1]s IN %[6]s AND (org_id, id) NOT IN %[7]s)`, conversation, scope.where(), value,
		edits("min(calldate) - INTERVAL 1 DAY", 0), edits("max(calldate) + INTERVAL 1 DAY", 0), edits("org_id, conversation_id", 0), edits("org_id, id", 0))
	return fmt.Sprintf("(%s IN %s OR has(conv_tags, %s) AND (%[1]s NOT IN %[4]s OR %[5]s))", conversation, edits("org_id, conversation_id", 1), value,
		edits("org_id, conversation_id", 0), others)
}

func bit(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}
