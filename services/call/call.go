package call

import "strings"

// Call is one understood row: the raw columns in typed fields, what was derived from them, and what it takes to show the
// raw row again exactly as the PBX wrote it (Table, Nulls, Extra and the offsets; see Raw).
//
// An empty derived text means null: no derived field has a meaning for the empty string.
type Call struct {
	// The key. OrgID and Calldate are derived, so a row that is understood anew may move; ID never changes.
	OrgID    uint32
	Calldate Instant // UTC; for an impossible calldate the epoch of uniqueid, else 1970-01-01, and a flag says so
	ID       uint64

	Version Version
	Removed bool // a tombstone: the row lived at this key and does no longer
	Source  string
	Table   *Table
	Nulls   string // standard and site columns that are NULL, by meaning, comma-separated in the table's order
	Flags   string // what was odd about the row, comma-separated: calldate_invalid, invalid_utf8:clid, …
	RawHash uint64

	// Seconds that the PBX's local clock was ahead of UTC at each time.
	CalldateOffset, AnswerOffset, EndOffset int32

	// Raw columns, Asterisk's names. A missing or NULL one is empty or 0.
	Clid, Src, Dst, Dcontext, Channel, Dstchannel, Lastapp, Lastdata string
	Duration, Billsec                                                int64 // seconds
	Disposition                                                      string
	Amaflags                                                         int64
	Accountcode, Uniqueid, Userfield                                 string
	Answer, End                                                      Instant // NoInstant where NULL or impossible
	Linkedid, Peeraccount                                            string
	Sequence                                                         int64
	QueueName                                                        string
	QueueWaitTime                                                    int64 // seconds
	AnsweredAgent, Recordingfile                                     string
	// Extra holds site columns, and the verbatim text of any standard column that its typed field cannot give back.
	Extra []Pair

	// Derived.
	Direction      Direction
	Trunk          string
	RangExtension  string
	AnsweredBy     string
	AnsweredType   AnsweredType
	WaitTime       int64 // seconds, duration − billsec, never below 0; NoSeconds where either is unknown
	DisconnectedBy DisconnectedBy
	HangupCause    string // Q.850 cause as decimal digits
	HangupReason   string
	HangupSource   string
	Confidence     uint8 // of DisconnectedBy, percent; 0 where that is unknown

	Did string // the number that an outside caller dialled, as a trunk delivered it
	// CallerExtension is the extension that called, from its channel: src may bear another number. Empty for a caller from outside.
	CallerExtension string
	Outcome         Outcome
	LegKind         LegKind
	RingTime        int64  // seconds that the called party rang; NoSeconds where nobody rang or nothing tells
	TalkTime        int64  // seconds that two people talked; 0 where they did not
	IvrTime         int64  // seconds of menu, announcement or queue before it rang; NoSeconds where nothing tells
	Caller          string // E.164, as +918065978001; empty where the number is short, withheld or no number
	Callee          string
	Withheld        bool // the caller kept the number back
	Tags            []string

	// What queue_name, queue_wait_time and answered_agent are understood to be where the row's own columns are NULL or empty.
	Queue     string
	QueueWait int64 // seconds or NoSeconds
	Agent     string

	// Joined is the linkedid of the conversation that the leg was joined to, where its own linkedid is another: an
	// attended transfer leaves two. Empty for nearly all rows.
	Joined string

	// What statistics count a row for.
	Entry  Entry
	Called Called

	Conversation Conversation
}

// Blank is a call of which nothing is known yet: its times and lengths are not 0 but unknown.
func Blank(id uint64) Call {
	return Call{
		ID: id, Answer: NoInstant, End: NoInstant, WaitTime: NoSeconds, RingTime: NoSeconds, TalkTime: NoSeconds,
		IvrTime: NoSeconds, QueueWait: NoSeconds, Entry: NoEntry, Conversation: NoConversation,
	}
}

// NoConversation is what every leg but the first has.
var NoConversation = Conversation{Answer: NoInstant, End: NoInstant, WaitTime: NoSeconds, RingTime: NoSeconds, TalkTime: NoSeconds}

// Pair is a column and its verbatim text.
type Pair struct{ Name, Text string }

// NoSeconds is a duration that is not known.
const NoSeconds int64 = -1

// Direction of a call as its organisation sees it.
type Direction string

// Transit is outside to outside through the PBX: a forward, a click to call.
const (
	Inbound          Direction = "inbound"
	Outbound         Direction = "outbound"
	Internal         Direction = "internal"
	Transit          Direction = "transit"
	UnknownDirection Direction = "unknown"
)

// AnsweredType says what picked up; empty where nothing did.
type AnsweredType string

// Voicemail and fax count as prompt.
const (
	Human  AnsweredType = "human"
	Prompt AnsweredType = "prompt"
	Queue  AnsweredType = "queue"
)

// DisconnectedBy says who ended the call. Unknown is an answer: a wrong name would accuse somebody.
type DisconnectedBy string

// The Call Logs API's five words, and the sixth for what no column tells.
const (
	ByCaller  DisconnectedBy = "caller"
	ByCallee  DisconnectedBy = "callee"
	ByTimeout DisconnectedBy = "timeout"
	ByBusy    DisconnectedBy = "busy"
	BySystem  DisconnectedBy = "system"
	ByUnknown DisconnectedBy = "unknown"
)

// Dispositions that Asterisk writes; the set is open (see reference of ast_cdr_disp2str).
const (
	Answered   = "ANSWERED"
	NoAnswer   = "NO ANSWER"
	Busy       = "BUSY"
	Failed     = "FAILED"
	Congestion = "CONGESTION"
	Cancel     = "CANCEL" // with canceldispositionenabled=yes
)

// Flags set while a row is understood. A flag of a column carries its name behind a colon.
const (
	FlagCalldateInvalid = "calldate_invalid"
	FlagAnswerInvalid   = "answer_invalid"
	FlagEndInvalid      = "end_invalid"
	FlagInvalidUTF8     = "invalid_utf8"
	FlagUTC             = "usegmtime" // the PBX writes its times in UTC, whatever zone the source is said to be in
	FlagUnjoined        = "unjoined"  // the other party came from a call that is not known here, as after an attended transfer
)

// ConversationID names the conversation that the row is a leg of: its source and the linkedid that the conversation goes by,
// since two PBXs may give the same linkedid.
func (c *Call) ConversationID() string { return c.Source + ":" + c.ConversationKey() }

// ConversationKey is the linkedid that the leg's conversation goes by within its source.
func (c *Call) ConversationKey() string {
	if c.Joined != "" {
		return c.Joined
	}
	return c.partitionText()
}

// Omitted tells whether the PBX asked to leave the row out of accounts (amaflags OMIT, ast_channel_amaflags2string): it is
// stored, and hidden from lists, statistics and tickets.
func (c *Call) Omitted() bool {
	if c.Amaflags == amaOmit {
		return true
	}
	for _, p := range c.Extra {
		if p.Name == "amaflags" {
			return strings.EqualFold(p.Text, "OMIT")
		}
	}
	return false
}

const amaOmit = 1

// HasRecording tells whether the row names a recording that can hold a conversation.
func (c *Call) HasRecording() bool { return c.Recordingfile != "" && c.Billsec > 0 }
