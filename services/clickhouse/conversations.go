package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// ConversationQuery asks for one page of conversations, newest first.
type ConversationQuery struct {
	Filter        // of the conversation's head, which bears its beginning
	Limit, Offset int
}

// Head is an organisation's first leg of a conversation, which carries what the organisation's legs come to.
type Head struct {
	call.Call
	Settled bool // no further leg is expected
}

// Conversations of the scope, newest first (calldate of the head, then id, both descending).
func (s *Store) Conversations(ctx context.Context, scope Scope, q ConversationQuery) ([]Head, error) {
	for _, low := range steps(q.From, q.To, call.InstantOf(time.Now()), days) {
		var heads []Head
		filter := q.Filter
		filter.From = low
		asked := aboutHeads(scope, &filter)
		err := s.read(asked.carry(ctx), fmt.Sprintf("WHERE %s ORDER BY calldate DESC, id DESC LIMIT %d OFFSET %d",
			asked.where(), q.Limit, q.Offset), func(h *Head) { heads = append(heads, *h) })
		if err != nil || len(heads) == q.Limit || low == q.From {
			return s.amendedHeads(ctx, heads, err)
		}
	}
	return nil, nil
}

// CountConversations of the scope, that the filter leaves, exactly.
func (s *Store) CountConversations(ctx context.Context, scope Scope, f *Filter) (uint64, error) {
	asked := aboutHeads(scope, f)
	return s.count(asked.carry(ctx), asked.where())
}

// Conversation finds what the scope may see of one: a head for each organisation, and all legs, both oldest first and
// omitted ones among them. A conversation that was joined to another is found by either's linkedid. ErrNotFound where
// there is none or the scope covers none of it.
func (s *Store) Conversation(ctx context.Context, scope Scope, key Key) (heads []Head, legs []call.Call, err error) {
	var found []Head
	if err := s.legs(ctx, scope.where(), []Key{key}, func(h *Head) { found = append(found, *h) }); err != nil {
		return nil, nil, err
	}
	// The name that the asked-for rows go by now: a leg on the way between two conversations belongs to one only.
	names := map[string]bool{}
	for i := range found {
		if own, with := keysOf(&found[i].Call); own == key || with == key {
			names[found[i].ConversationKey()] = true
		}
	}
	found = slices.DeleteFunc(found, func(h Head) bool { return !names[h.ConversationKey()] })
	if len(found) == 0 {
		return nil, nil, ErrNotFound
	}
	slices.SortFunc(found, func(a, b Head) int { return cmp.Or(cmp.Compare(a.Calldate, b.Calldate), cmp.Compare(a.ID, b.ID)) })
	for i := range found {
		legs = append(legs, found[i].Call)
		if found[i].Conversation.Legs > 0 {
			heads = append(heads, found[i])
		}
	}
	return heads, legs, s.amendConversation(ctx, heads, legs)
}
