package clickhouse

import (
	"cmp"
	"context"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// Head is an organisation's first leg of a conversation, which carries what the organisation's legs come to.
type Head struct {
	call.Call
	Settled bool // no further leg is expected
}

// Conversations of the scope, in their order; without one newest first (calldate of the head, then id, both descending).
// What is not shown of a conversation is not there.
func (s *Store) Conversations(ctx context.Context, scope Scope, q ConversationQuery) ([]Head, error) {
	b := s.beside(ctx, scope)
	defer b.wait()
	heads, err := s.page(ctx, scope, (*ListQuery)(&q), list{aboutHeads, q.in(conversationSorts), s.headColumns})
	if err != nil {
		return nil, err
	}
	return heads, s.amendHeads(ctx, b, heads)
}

// unshown are the columns that no conversation shows. Rows of a page lie scattered, and each column of each takes a block
// of thousands of values to be read.
var unshown = []string{
	"nulls", "flags", "calldate_offset", "clid", "channel", "lastdata", "amaflags", "accountcode", "userfield",
	"answer_offset", "end", "end_offset", "peeraccount", "sequence", "extra",
}

// CountConversations of the scope, that the filter leaves, exactly.
func (s *Store) CountConversations(ctx context.Context, scope Scope, f *Filter) (uint64, error) {
	asked := aboutHeads(scope, f)
	if f.Everything() {
		return s.countByMonth(ctx, "conversations of "+join(scope.where(), omitted(f.Omitted)), asked, f.From, f.To)
	}
	return s.count(asked.carry(ctx), asked.where())
}

// Conversation finds what the scope may see of one: a head for each organisation, and all legs, both oldest first and
// omitted ones among them. A conversation that was joined to another is found by either's linkedid. ErrNotFound where
// there is none or the scope covers none of it.
func (s *Store) Conversation(ctx context.Context, scope Scope, key Key) (heads []Head, legs []call.Call, err error) {
	b := s.beside(ctx, scope)
	defer b.wait()
	var found []Head
	if err := s.legs(ctx, s.wholeColumns, scope.where(), []Key{key}, func(h *Head) { found = append(found, *h) }); err != nil {
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
	return heads, legs, s.amendConversation(ctx, b, heads, legs)
}
