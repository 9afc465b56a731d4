package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// near tells a length in whole seconds, cut on the PBX, from one that was measured at the phones.
func near(got int64, want float64) string {
	switch {
	case got == call.NoSeconds:
		return "unknown"
	case math.Abs(float64(got)-want) <= 1.3:
		return "right"
	}
	return fmt.Sprintf("%d s instead of %.1f", got, want)
}

// row holds one row against the truth.
func (s *scores) row(sc *scenario, c *call.Call, legs []*call.Call) {
	say := func(field, got string, want ...string) { s.say("row", field, sc, c.ID, got, want...) }
	say("direction", string(c.Direction), sc.Direction)
	say("organisation", fmt.Sprint(c.OrgID), sc.org())
	phone := sc.phoneOf(c, legs)
	target, from := endpointOf(c.Dstchannel), endpointOf(c.Channel)
	trunk := s.trunks[target]
	switch {
	case trunk:
		say("trunk", c.Trunk, target)
	case s.trunks[from]:
		say("trunk", c.Trunk, from)
	default:
		say("trunk", c.Trunk, "")
	}
	rang, answered := "", ""
	if phone != nil && !trunk {
		rang = phone.Phone
	}
	if c.Lastapp == "AppDial" || c.Lastapp == "AppDial2" {
		rang = from
	}
	if phone == nil && slices.Contains(words(sc.Rang), target) {
		// It rang, though called by another row: the second call of an attended transfer.
		say("rang_extension", c.RangExtension, "", target)
	} else {
		say("rang_extension", c.RangExtension, rang)
	}
	// A phone that picked up was not called; whoever is named as answerer and stands on an answered row took it.
	if c.Disposition == call.Answered && slices.Contains(words(sc.AnsweredBy), target) {
		answered = target
	}
	say("answered_by", c.AnsweredBy, answered)
	kind := ""
	switch {
	case answered != "" && sc.Queue != "" && (c.Lastapp == "Queue" || strings.Contains(c.Channel, ";2")):
		kind = "queue"
	case answered != "", trunk && phone != nil && phone.Answered != nil:
		kind = "human"
	case c.Lastapp == "ConfBridge" && target != "":
		kind = "human"
	case c.Disposition == call.Answered && target == "" && (c.Duration > 0 || len(legs) == 1 || c.Lastapp == "ConfBridge") && c.Lastapp != "AppDial":
		kind = "prompt"
	}
	say("answered_type", string(c.AnsweredType), kind)
	if c.Lastapp == "Queue" || sc.Queue != "" && strings.Contains(c.Channel, ";2") {
		say("queue_name", c.Queue, sc.Queue)
	} else {
		say("queue_name", c.Queue, "", sc.Queue)
	}
	say("outcome", string(c.Outcome), s.rowOutcome(sc, c, phone, answered, trunk, target)...)
	say("disconnected_by", string(c.DisconnectedBy), sc.endedBy(c, phone, legs)...)
	if phone != nil && phone.Ringing != nil && c.Dstchannel != "" {
		end := phone.Ended
		if phone.Answered != nil {
			end = *phone.Answered
			say("talk_time", near(c.TalkTime, min(phone.Ended, sc.offset(c)+float64(c.Duration))-*phone.Answered), "right")
		} else {
			say("talk_time", near(c.TalkTime, 0), "right")
		}
		say("ring_time", near(c.RingTime, end-*phone.Ringing), "right")
	}
}

// conversation holds what the rows come to against the truth.
func (s *scores) conversation(sc *scenario, legs []*call.Call) {
	var head *call.Call
	for _, c := range legs {
		if c.Conversation.Legs > 0 && (head == nil || c.Calldate < head.Calldate) {
			head = c
		}
	}
	if head == nil {
		return // no row was written at all
	}
	shown := recordOf(head)
	v := &head.Conversation
	say := func(field, got string, want ...string) { s.say("conversation", field, sc, head.ID, got, want...) }
	three := sc.Name == "int_conference_3" // three callers, three conversations
	if !three {
		say("legs", fmt.Sprint(v.Legs), fmt.Sprint(len(legs)))
	}
	say("direction", string(head.Direction), sc.Direction)
	say("organisation", fmt.Sprint(head.OrgID), sc.org())
	say("trunk", text(shown["trunk"]), s.trunkOf(sc))
	if !three {
		say("caller_extension", head.CallerExtension, sc.callerExtension()...)
	}
	if sc.Direction == "inbound" {
		say("did", text(shown["did"]), strings.TrimPrefix(sc.Dialled, "+"))
	}
	say("requested_extension", text(shown["requested_extension"]), sc.requested()...)
	say("queue_name", v.QueueName, sc.Queue)
	say("answered_by", v.AnsweredBy, sc.answeredFirst()...)
	say("answered_type", string(v.AnsweredType), sc.answeredType())
	say("outcome", string(v.Outcome), sc.outcome()...)
	say("disconnected_by", string(v.DisconnectedBy), sc.hungUp()...)
	if three || sc.Direction == "" {
		return
	}
	rang, answered := participants(shown["participants"])
	say("participants that rang", rang, sc.phonesThat(s, func(p *played) bool { return p.Role == "called" && p.Ringing != nil }))
	say("participants that answered", answered, sc.phonesThat(s, sc.isPerson))
	answer, end := sc.firstAnswer()
	if answer < 0 {
		answer = end
	}
	say("wait_time", near(v.WaitTime, answer), "right")
	if ring, ok := sc.ringing(answer); ok {
		say("ring_time", near(v.RingTime, ring), "right")
	}
	say("talk_time", near(v.TalkTime, sc.talking()), "right")
	if sc.Queue != "" {
		wait := call.NoSeconds
		if d := shown["queue_wait_time"]; d != nil {
			n, _ := d.(json.Number).Int64()
			wait = n
		}
		say("queue_wait_time", near(wait, sc.queued(answer)), "right")
	}
}

// recordOf a conversation, as the API shows it.
func recordOf(head *call.Call) map[string]any {
	body, err := head.AppendConversationJSON(nil, true, nil)
	if err != nil {
		panic(err)
	}
	var record map[string]any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&record); err != nil {
		panic(err)
	}
	return record
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

func participants(v any) (rang, answered string) {
	list, _ := v.([]any)
	var r, a []string
	for _, p := range list {
		one := p.(map[string]any)
		if one["rang"] == true {
			r = append(r, text(one["extension"]))
		}
		if one["answered"] == true {
			a = append(a, text(one["extension"]))
		}
	}
	slices.Sort(r)
	slices.Sort(a)
	return strings.Join(r, " "), strings.Join(a, " ")
}
