package main

import (
	"math"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// phoneOf the row: the nth time that its phone was called, since queues call a phone several times.
func (sc *scenario) phoneOf(c *call.Call, legs []*call.Call) *played {
	phone, n := endpointOf(c.Dstchannel), 0
	local := strings.HasPrefix(c.Dstchannel, "Local/")
	for _, o := range legs {
		if endpointOf(o.Dstchannel) == phone && strings.HasPrefix(o.Dstchannel, "Local/") == local && (o.Calldate < c.Calldate || o.Calldate == c.Calldate && o.Sequence < c.Sequence) {
			n++
		}
	}
	for i := range sc.Phones {
		p := &sc.Phones[i]
		if p.Role == "called" && p.Phone == phone {
			if n == 0 {
				return p
			}
			n--
		}
	}
	return nil
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func (sc *scenario) org() string {
	if sc.Org == "" {
		return "0"
	}
	return sc.Org
}

// hungUp in the words of disconnected_by.
func (sc *scenario) hungUp() []string {
	switch {
	case strings.HasPrefix(sc.HungUp, "callee/"):
		return []string{"callee", "system"}
	case strings.HasPrefix(sc.HungUp, "callee"), strings.HasPrefix(sc.HungUp, "answerer"):
		return []string{"callee"}
	}
	return []string{sc.HungUp}
}

// outcome in our words.
func (sc *scenario) outcome() []string {
	switch sc.AnsweredBy {
	case "prompt", "voicemail", "conference":
		return []string{sc.AnsweredBy}
	case "":
	default:
		return []string{"answered"}
	}
	d := sc.Disposition
	switch {
	case sc.Queue != "" && sc.HungUp == "timeout":
		return []string{"queue_timeout"}
	case sc.Queue != "":
		return []string{"abandoned"}
	case d == "BUSY?":
		return []string{"declined"}
	case d == "BUSY":
		return []string{"busy"}
	case strings.Contains(d, "FAILED"), sc.HungUp == "system":
		return []string{"failed"}
	case sc.Direction == "outbound" && sc.Rang == "trunk":
		return []string{"no_answer"}
	}
	return []string{"missed"}
}

func (s *scores) rowOutcome(sc *scenario, c *call.Call, phone *played, answered string, trunk bool, target string) []string {
	switch {
	case answered != "", trunk && phone != nil && phone.Answered != nil:
		return []string{"answered"}
	case c.Lastapp == "ConfBridge":
		return []string{"conference"}
	case c.Lastapp == "VoiceMail":
		return []string{"voicemail"}
	case c.Lastapp == "AppDial":
		return []string{"elsewhere"}
	case target == "" && c.Duration == 0 && c.Lastapp != "Dial" && sc.Rows[0] != c.ID:
		return []string{""}
	case target == "":
		return sc.outcome()
	case phone == nil:
		return nil
	case phone.Status == "486" && c.Lastapp == "Queue":
		return []string{"busy", "missed"} // a queue writes NO ANSWER for every offer that the member did not take
	case phone.Status == "486":
		return []string{"busy"}
	case phone.Status == "603":
		return []string{"declined"}
	case phone.Status == "503", phone.Status == "404":
		return []string{"failed"}
	}
	for i := range sc.Phones {
		o := &sc.Phones[i]
		if o.Answered != nil && math.Abs(*o.Answered-phone.Ended) < 0.3 && (o.Role == "called" || o.Phone == sc.AnsweredBy) {
			return []string{"elsewhere"}
		}
	}
	if trunk {
		return []string{"no_answer"}
	}
	return []string{"missed"}
}

// endedBy is who ended the leg: where it lasted until the end of the call, whoever ended that.
func (sc *scenario) endedBy(c *call.Call, phone *played, legs []*call.Call) []string {
	switch {
	case phone != nil && phone.Status == "486":
		if c.Lastapp == "Queue" {
			return []string{"busy", "unknown"} // a queue writes NO ANSWER for every offer that the member did not take
		}
		return []string{"busy"}
	case phone != nil && phone.Status == "603":
		return []string{"callee"}
	case phone != nil && (phone.Status == "503" || phone.Status == "404"):
		return []string{"system"}
	case c.Lastapp == "AppDial":
		return []string{"system", "unknown"} // the PBX stopped it, since another phone had taken the call
	case phone != nil && phone.EndedBy == "the PBX" && phone.Answered == nil && phone.Ended < sc.end()-1:
		return []string{"system", "timeout", "unknown"} // while the caller waited on
	}
	last := true
	for _, o := range legs {
		last = last && c.Calldate+call.Instant(c.Duration)*1000 >= o.Calldate+call.Instant(o.Duration)*1000-1000
	}
	ended := sc.hungUp()
	if !last || phone != nil && phone.Ended < sc.end()-1 {
		ended = append(ended, "unknown") // a transfer: the call went on without it
	} else if phone != nil && phone.EndedBy == "the PBX" && phone.Answered == nil {
		ended = append(ended, "system")
	}
	return ended
}

// machines and rooms answer, but are no person.
func (sc *scenario) machine() bool {
	switch sc.AnsweredBy {
	case "prompt", "voicemail", "conference", "":
		return true
	}
	return false
}

// isPerson tells a phone at which somebody took the call: one that was called, or the one that picked it up.
func (sc *scenario) isPerson(p *played) bool {
	return p.Answered != nil && !sc.machine() && (p.Role == "called" || p.Phone == sc.AnsweredBy)
}

// isAgent tells the phone of a click to call, which the PBX rang first: it is the caller's.
func (sc *scenario) isAgent(p *played) bool {
	return sc.Name == "click_to_call" && p.Phone == sc.Caller
}

// answeredFirst names the first person in our words: nobody where it was behind a trunk.
func (sc *scenario) answeredFirst() []string {
	list := words(sc.AnsweredBy)
	switch {
	case sc.machine(), list[0] == "far":
		return []string{""}
	case strings.Contains(sc.AnsweredBy, " and "):
		return []string{list[0], list[len(list)-1]}
	}
	return list[:1]
}

func (sc *scenario) answeredType() string {
	switch {
	case sc.AnsweredBy == "":
		return ""
	case sc.AnsweredBy == "prompt", sc.AnsweredBy == "voicemail":
		return "prompt"
	case sc.Queue != "":
		return "queue"
	}
	return "human"
}

// callerExtension is the caller where that is a phone here. Of a call that the PBX made it is nobody, or the first phone.
func (sc *scenario) callerExtension() []string {
	switch {
	case sc.Direction == "inbound":
		return []string{""}
	case strings.Contains(sc.Caller, " "):
		return append(words(sc.Dialled)[:1], "")
	}
	return []string{sc.Caller}
}

// requested is what was dialled first; on a trunk it goes without the prefix that the dialplan takes off.
func (sc *scenario) requested() []string {
	if strings.Contains(sc.Dialled, " then ") {
		return words(sc.Dialled)
	}
	if sc.Name == "in_ivr_dial_ext" {
		return []string{sc.Rang} // what was dialled in the menu
	}
	dialled := strings.TrimPrefix(sc.Dialled, "+")
	list := []string{dialled, strings.TrimPrefix(dialled, "0"), strings.TrimPrefix(dialled, "9")}
	if sc.Queue != "" {
		list = append(list, sc.Queue) // where the number led
	}
	return list
}

func (s *scores) trunkOf(sc *scenario) string {
	name := ""
	for _, p := range sc.Phones {
		if s.trunks[p.Phone] {
			name = p.Phone // of several the last, which put it through
		}
	}
	return name
}
