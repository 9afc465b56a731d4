package clickhouse

import (
	"context"

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

func bit(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}
