package call

// AskExplain is the subject on which an enricher tells how it understands a call or a conversation. The question is an
// Explain as JSON, the answer a JSON document that names its org_id.
const AskExplain = "ask.v1.enricher.explain"

// Explain asks about a call or else about a conversation, as one organisation sees it.
type Explain struct {
	ID           uint64 `json:"id,omitempty"`
	Conversation string `json:"conversation,omitempty"` // its ConversationID
	OrgID        uint32 `json:"org_id"`
}

// Gone is what the refusal of an enricher begins with when the organisation has no such call or conversation any more.
const Gone = "gone"
