package call

// Outcome says in one word what became of a leg or of a conversation.
type Outcome string

// The outcomes. On a leg the word is about the party that it rang; on a conversation about the caller.
const (
	OutcomeAnswered     Outcome = "answered"      // two people talked; behind a trunk whoever the network put through
	OutcomeMissed       Outcome = "missed"        // it rang here, or was to, and nobody took it
	OutcomeNoAnswer     Outcome = "no_answer"     // an outbound call that the far end did not take
	OutcomeElsewhere    Outcome = "elsewhere"     // a leg only: somebody else took the call while it rang, so nothing was missed
	OutcomeAbandoned    Outcome = "abandoned"     // the caller left a queue before a member answered
	OutcomeQueueTimeout Outcome = "queue_timeout" // the queue gave the caller up
	OutcomeBusy         Outcome = "busy"
	OutcomeDeclined     Outcome = "declined" // the called person pressed reject
	OutcomeFailed       Outcome = "failed"   // no route, no such number, phone offline, congestion
	OutcomeBlocked      Outcome = "blocked"  // the dialplan turned the caller away
	OutcomeVoicemail    Outcome = "voicemail"
	OutcomePrompt       Outcome = "prompt" // announcements, a menu, a feature code; no second party
	OutcomeConference   Outcome = "conference"
	OutcomeFax          Outcome = "fax"
	OutcomeUnknown      Outcome = "unknown"
)

// LegKind says what part of its conversation a row is.
type LegKind string

// The kinds of legs.
const (
	LegDial       LegKind = "dial"       // a channel called a phone or a trunk
	LegQueue      LegKind = "queue"      // a queue offered the caller to a member, or had none to offer
	LegForward    LegKind = "forward"    // the dialplan behind a Local channel: a forward, a queue's or ring group's member
	LegTransfer   LegKind = "transfer"   // what followed a blind or attended transfer
	LegConsult    LegKind = "consult"    // the second call of an attended transfer
	LegPickup     LegKind = "pickup"     // another phone took a ringing call, and the row of the phone that rang
	LegOriginate  LegKind = "originate"  // the PBX called the first party by itself
	LegPrompt     LegKind = "prompt"     // menu, announcement, music, a feature code
	LegVoicemail  LegKind = "voicemail"  // a mailbox took or played messages
	LegConference LegKind = "conference" // a room
	LegParking    LegKind = "parking"
	LegFax        LegKind = "fax"
	LegSpy        LegKind = "spy"       // supervision, no call of its own
	LegTail       LegKind = "tail"      // what the dialplan did after the call proper: of no length, or a tone
	LegDuplicate  LegKind = "duplicate" // the PBX wrote the row before it once more, under another id
	LegUnknown    LegKind = "unknown"
)
