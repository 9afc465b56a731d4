package call

import (
	"encoding/json"
	"strings"
)

// Conversation is what the legs of a conversation come to, as one organisation sees them: made of that organisation's legs
// only. It is kept on the organisation's first leg, the head, which is the oldest by calldate and id; every other leg has
// none (Legs is 0).
type Conversation struct {
	Legs     int64 // how many legs the organisation has; 0: this row is not the head
	Complete bool  // the caller's own row is here, and no half of a Local channel is still missing

	Answer         Instant // when the first human took it; NoInstant where none did
	End            Instant
	Outcome        Outcome
	QueueName      string
	AnsweredBy     string // the first human's extension; empty where that was behind a trunk
	AnsweredType   AnsweredType
	DisconnectedBy DisconnectedBy
	Confidence     uint8 // of DisconnectedBy, percent
	WaitTime       int64 // seconds from arrival to the first human answer, or to the end
	RingTime       int64 // seconds that phones rang before that answer
	TalkTime       int64 // seconds that people talked
	Tags           []string

	Detail string // a Detail as JSON; empty where the head's own columns tell everything
}

// Detail is what is shown of a conversation but never searched for.
type Detail struct {
	Src                  string        `json:"src,omitempty"`
	Dst                  string        `json:"dst,omitempty"`
	DID                  string        `json:"did,omitempty"`
	Trunk                string        `json:"trunk,omitempty"`
	SourceName           string        `json:"source_name,omitempty"`
	RequestedExtension   string        `json:"requested_extension,omitempty"`
	RequestedName        string        `json:"requested_name,omitempty"`
	RequestedContext     string        `json:"requested_context,omitempty"`
	DestinationExtension string        `json:"destination_extension,omitempty"`
	DestinationName      string        `json:"destination_name,omitempty"`
	DestinationContext   string        `json:"destination_context,omitempty"`
	QueueWaitTime        *int64        `json:"queue_wait_time,omitempty"` // seconds
	AnsweredAgent        string        `json:"answered_agent,omitempty"`
	HangupCause          string        `json:"hangup_cause,omitempty"`
	HangupReason         string        `json:"hangup_reason,omitempty"`
	HangupSource         string        `json:"hangup_source,omitempty"`
	Participants         []Participant `json:"participants,omitempty"`
	Path                 []Step        `json:"path,omitempty"`
	Recordings           []Recording   `json:"recordings,omitempty"`
	Legs                 []Leg         `json:"legs,omitempty"`
}

// Participant is an extension that took part, called or calling.
type Participant struct {
	Extension string `json:"extension"`
	Name      string `json:"name,omitempty"`
	Rang      bool   `json:"rang"`
	Answered  bool   `json:"answered"`
}

// Step of the way that a caller took.
type Step struct {
	Kind string  `json:"kind"` // ivr, queue, rang, answered, transfer, forward, pickup, voicemail, prompt, conference, …
	Who  string  `json:"who,omitempty"`
	At   Instant `json:"at"` // milliseconds
}

// Recording of a conversation: one of the rows that name the file.
type Recording struct {
	CallID uint64 `json:"call_id"`
	File   string `json:"file"`
}

// Leg names a row of a conversation.
type Leg struct {
	ID   uint64  `json:"id"`
	Kind LegKind `json:"leg_kind"`
}

// AppendJSON appends the detail as JSON, without what is empty; encoding/json reads it back.
func (d *Detail) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	for _, f := range [...]struct{ name, text string }{
		{"src", d.Src},
		{"dst", d.Dst},
		{"did", d.DID},
		{"trunk", d.Trunk},
		{"source_name", d.SourceName},
		{"requested_extension", d.RequestedExtension},
		{"requested_name", d.RequestedName},
		{"requested_context", d.RequestedContext},
		{"destination_extension", d.DestinationExtension},
		{"destination_name", d.DestinationName},
		{"destination_context", d.DestinationContext},
		{"answered_agent", d.AnsweredAgent},
		{"hangup_cause", d.HangupCause},
		{"hangup_reason", d.HangupReason},
		{"hangup_source", d.HangupSource},
	} {
		if f.text != "" {
			o.text(f.name, f.text)
		}
	}
	if d.QueueWaitTime != nil {
		o.int("queue_wait_time", *d.QueueWaitTime)
	}
	if len(d.Participants) > 0 {
		o.array("participants", len(d.Participants), func(o *object, i int) {
			p := &d.Participants[i]
			o.text("extension", p.Extension)
			if p.Name != "" {
				o.text("name", p.Name)
			}
			o.bool("rang", p.Rang)
			o.bool("answered", p.Answered)
		})
	}
	if len(d.Path) > 0 {
		o.array("path", len(d.Path), func(o *object, i int) {
			o.text("kind", d.Path[i].Kind)
			if d.Path[i].Who != "" {
				o.text("who", d.Path[i].Who)
			}
			o.int("at", int64(d.Path[i].At))
		})
	}
	if len(d.Recordings) > 0 {
		o.array("recordings", len(d.Recordings), func(o *object, i int) {
			o.uint("call_id", d.Recordings[i].CallID)
			o.text("file", d.Recordings[i].File)
		})
	}
	if len(d.Legs) > 0 {
		o.array("legs", len(d.Legs), func(o *object, i int) {
			o.uint("id", d.Legs[i].ID)
			o.text("leg_kind", string(d.Legs[i].Kind))
		})
	}
	return append(o.dst, '}')
}

// NameOnly is a Detail that holds nothing but the caller's name, as JSON: that of nearly all conversations of one leg.
func NameOnly(sourceName string) string {
	if sourceName == "" {
		return ""
	}
	return string(append(appendString(append(make([]byte, 0, 48), `{"source_name":`...), sourceName), '}'))
}

// detail of a head; where none is kept the row tells it.
func (c *Call) detail() (Detail, error) {
	var d Detail
	if c.Conversation.Detail == "" {
		return d, nil
	}
	// Nearly all are made by NameOnly, and hardly a name has something to escape.
	if rest, ok := strings.CutPrefix(c.Conversation.Detail, `{"source_name":"`); ok {
		if name, ok := strings.CutSuffix(rest, `"}`); ok && !strings.ContainsAny(name, `"\`) {
			return Detail{SourceName: name}, nil
		}
	}
	err := json.Unmarshal([]byte(c.Conversation.Detail), &d)
	return d, err
}

// Names of those who took part, as the detail of a conversation has them; none where it cannot be read.
func (c *Call) Names() []string {
	d, err := c.detail()
	if err != nil {
		return nil
	}
	return d.names()
}

func (d *Detail) names() []string {
	list := []string{d.SourceName, d.RequestedName, d.DestinationName}
	for i := range d.Participants {
		list = append(list, d.Participants[i].Name)
	}
	return list
}
