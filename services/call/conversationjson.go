package call

import (
	"cmp"
	"strconv"
	"strings"
)

// AppendConversationJSON appends the conversation whose head c is, as the Call Logs API shows it. The names are those of a
// row wherever the meaning is the same. settled tells whether no further leg is expected; legs are the whole rows in
// order, and where there are none the list names each leg only.
func (c *Call) AppendConversationJSON(dst []byte, settled bool, legs []Call) ([]byte, error) {
	d, err := c.detail()
	if err != nil {
		return dst, err
	}
	v := &c.Conversation
	d.fill(c)
	o := object{dst: append(dst, '{')}
	o.text("conversation_id", c.ConversationID())
	o.uint("org_id", uint64(c.OrgID))
	o.text("source", c.Source)
	o.instant("start", c.Calldate)
	o.instant("answer", v.Answer)
	o.instant("end", v.End)
	o.text("direction", string(c.Direction))
	o.text("outcome", string(v.outcome(settled)))
	o.bool("answered", v.AnsweredType == Human || v.AnsweredType == Queue)
	o.bool("settled", settled)
	o.text("src", d.Src)
	o.text("source_name", d.SourceName)
	o.text("caller_extension", c.CallerExtension)
	o.text("caller", c.Caller)
	o.text("callee", c.Callee)
	o.bool("withheld", c.Withheld)
	o.text("dst", d.Dst)
	o.text("did", d.DID)
	o.text("trunk", d.Trunk)
	o.text("requested_extension", d.RequestedExtension)
	o.text("requested_name", d.RequestedName)
	o.text("requested_context", d.RequestedContext)
	o.text("destination_extension", d.DestinationExtension)
	o.text("destination_name", d.DestinationName)
	o.text("destination_context", d.DestinationContext)
	o.text("queue_name", v.QueueName)
	if d.QueueWaitTime == nil {
		o.null("queue_wait_time")
	} else {
		o.seconds("queue_wait_time", *d.QueueWaitTime)
	}
	o.text("answered_by", v.AnsweredBy)
	o.text("answered_type", string(v.AnsweredType))
	o.text("answered_agent", d.AnsweredAgent)
	o.seconds("wait_time", v.WaitTime)
	o.seconds("ring_time", v.RingTime)
	o.seconds("talk_time", v.TalkTime)
	o.text("disconnected_by", string(v.DisconnectedBy))
	o.confidence("disconnected_confidence", v.Confidence)
	o.text("hangup_cause", d.HangupCause)
	o.text("hangup_reason", d.HangupReason)
	o.text("hangup_source", d.HangupSource)
	o.texts("tags", v.Tags)
	o.array("recordings", len(d.Recordings), func(o *object, i int) {
		r := &d.Recordings[i]
		o.uint("call_id", r.CallID)
		o.text("file", r.File)
		o.text("recording_url", "/api/v1/calls/"+strconv.FormatUint(r.CallID, 10)+"/recording")
	})
	o.array("participants", len(d.Participants), func(o *object, i int) {
		p := &d.Participants[i]
		o.text("extension", p.Extension)
		o.text("name", p.Name)
		o.bool("rang", p.Rang)
		o.bool("answered", p.Answered)
	})
	o.array("path", len(d.Path), func(o *object, i int) {
		o.text("kind", d.Path[i].Kind)
		o.text("who", d.Path[i].Who)
		o.instant("at", d.Path[i].At)
	})
	o.uint("leg_count", uint64(max(0, v.Legs)))
	if legs != nil {
		o.key("legs")
		o.dst = append(o.dst, '[')
		for i := range legs {
			if i > 0 {
				o.dst = append(o.dst, ',')
			}
			o.dst = legs[i].AppendJSON(o.dst)
		}
		o.dst = append(o.dst, ']')
	} else {
		o.array("legs", len(d.Legs), func(o *object, i int) {
			o.uint("id", d.Legs[i].ID)
			o.text("leg_kind", string(d.Legs[i].Kind))
		})
	}
	return append(o.dst, '}'), nil
}

// outcome that can be told by now. The legs of a queue's members are written minutes before the caller's own: while that is
// still expected, nobody was missed.
func (v *Conversation) outcome(settled bool) Outcome {
	if !v.Complete && !settled && v.Outcome != OutcomeAnswered {
		return OutcomeUnknown
	}
	return v.Outcome
}

// array shows n objects.
func (o *object) array(name string, n int, each func(*object, int)) {
	o.key(name)
	o.dst = append(o.dst, '[')
	for i := range n {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		one := object{dst: append(o.dst, '{')}
		each(&one, i)
		o.dst = append(one.dst, '}')
	}
	o.dst = append(o.dst, ']')
}

// fill says what the head alone tells: a conversation of one leg is its row, and keeps no detail but names.
func (d *Detail) fill(c *Call) {
	set(&d.Src, c.Src)
	set(&d.Dst, c.Dst)
	set(&d.DID, c.Did)
	set(&d.Trunk, c.Trunk)
	if c.Did != "" || d.Legs == nil && (IsDialled(d.Dst) || d.Dst == c.RangExtension || d.Dst == c.Queue) {
		set(&d.RequestedExtension, d.Dst)
	}
	set(&d.RequestedContext, c.Dcontext)
	set(&d.DestinationExtension, c.RangExtension)
	set(&d.DestinationExtension, d.Dst)
	set(&d.DestinationContext, c.Dcontext)
	if c.Conversation.Legs > 1 {
		return
	}
	set(&d.AnsweredAgent, c.Agent)
	set(&d.HangupCause, c.HangupCause)
	set(&d.HangupReason, c.HangupReason)
	set(&d.HangupSource, c.HangupSource)
	if d.QueueWaitTime == nil && c.QueueWait != NoSeconds {
		d.QueueWaitTime = &c.QueueWait
	}
	if d.Legs == nil {
		d.Legs = []Leg{{c.ID, c.LegKind}}
	}
	if d.Recordings == nil && c.Recordingfile != "" {
		d.Recordings = []Recording{{c.ID, c.Recordingfile}}
	}
	if d.Participants == nil {
		d.Participants = c.Participants(nil)
	}
	if d.Path == nil {
		d.Path = c.Path(nil)
	}
}

// IsDialled tells what somebody can have dialled, digits and the keys * and #, from a label of the dialplan and from a key
// that was pressed in a menu.
func IsDialled(text string) bool {
	return len(text) > 1 && strings.Trim(text, "+0123456789*#") == ""
}

func set(field *string, text string) {
	if *field == "" {
		*field = text
	}
}

// Participants of one leg, appended.
func (c *Call) Participants(to []Participant) []Participant {
	if c.CallerExtension != "" {
		to = append(to, Participant{Extension: c.CallerExtension})
	}
	if c.RangExtension != "" {
		to = append(to, Participant{Extension: c.RangExtension, Rang: true, Answered: c.AnsweredBy != ""})
	}
	return to
}

// Path of one leg, appended: the steps that a caller took within it.
func (c *Call) Path(to []Step) []Step {
	at := c.Calldate
	step := func(kind, who string) {
		to = append(to, Step{Kind: kind, Who: who, At: at})
	}
	if c.IvrTime > 0 && c.LegKind != LegPrompt {
		step("ivr", "")
		at += Instant(c.IvrTime * 1000)
	}
	if c.Queue != "" {
		step("queue", c.Queue)
	}
	who := c.RangExtension
	switch {
	case who == "" && c.AnsweredBy != "":
		who = c.AnsweredBy
	case who == "" && (c.Direction == Outbound || c.Direction == Transit):
		who = c.Trunk
	}
	switch c.LegKind {
	case LegPrompt, LegVoicemail, LegConference, LegParking, LegFax:
		step(string(c.LegKind), c.Dst)
		if c.LegKind != LegParking {
			return to
		}
	case LegTransfer, LegPickup:
		step(string(c.LegKind), cmp.Or(who, c.Dst))
	case LegForward:
		step(string(c.LegKind), c.Dst)
	}
	if c.Dstchannel != "" && who != "" && c.LegKind != LegPickup && c.LegKind != LegParking {
		step("rang", who)
	}
	if c.Outcome == OutcomeAnswered {
		at += Instant(max(0, c.RingTime) * 1000)
		step("answered", who)
	}
	return to
}
