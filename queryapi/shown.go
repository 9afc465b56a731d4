package main

import (
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// What a holder is shown of a call or conversation is decided here and nowhere else, whether it goes into a list, an export
// or the live feed.

// appendCall appends a call as the holder may see it.
func (h *holder) appendCall(dst []byte, c *call.Call) []byte {
	if h.masked() {
		return mask(dst, c.AppendJSON(nil))
	}
	return c.AppendJSON(dst)
}

// view names what decides how calls are shown to a holder: holders of one view are shown the same bytes of a call, which
// the live feed counts on.
func (h *holder) view() int {
	if h.masked() {
		return 1
	}
	return 0
}

// views is how many there are.
const views = 2

// shown is a document about calls that somebody else wrote, as the holder may see it.
func (h *holder) shown(document []byte) []byte {
	if h.masked() {
		return mask(nil, document)
	}
	return document
}

// appendConversation does the same of a conversation; legs are shown by name where they are nil. Detail that cannot be read
// costs the detail, not the whole page.
func (a *api) appendConversation(dst []byte, h *holder, head *clickhouse.Head, legs []call.Call) []byte {
	if h.masked() {
		return mask(dst, a.conversationJSON(nil, head, legs))
	}
	return a.conversationJSON(dst, head, legs)
}

func (a *api) conversationJSON(dst []byte, head *clickhouse.Head, legs []call.Call) []byte {
	shown, err := head.AppendConversationJSON(dst, head.Settled, legs)
	if err == nil {
		return shown
	}
	a.detailTrouble.Report(a.log, "the detail of a conversation cannot be read", err, "id", head.ID)
	bare := head.Call
	bare.Conversation.Detail = ""
	shown, _ = bare.AppendConversationJSON(dst, head.Settled, legs) // without detail it cannot fail
	return shown
}
