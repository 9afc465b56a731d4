package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// legOutcomeRules say what became of the party that a leg rang.
var legOutcomeRules = []rule[call.Outcome]{
	{"no part of the call", "duration dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return "", l.LegKind == call.LegTail || l.LegKind == call.LegSpy
	}},
	{"the dialplan turns callers away", "dcontext dst lastapp", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeBlocked, s.u.rules.isBlocked(l)
	}},
	{"another phone took the call while this one rang", "dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeElsewhere, l.pickedUp
	}},
	{"mailbox", "lastapp disposition", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		if l.Lastapp == "VoiceMailMain" {
			return call.OutcomePrompt, true // its owner listens to it
		}
		return call.OutcomeVoicemail, l.LegKind == call.LegVoicemail && l.Disposition == call.Answered
	}},
	{"room", "lastapp", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeConference, l.LegKind == call.LegConference
	}},
	{"fax", "lastapp", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeFax, l.LegKind == call.LegFax
	}},
	{"two parties were connected", "disposition dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeAnswered, l.talked()
	}},
	{"behind the Local channel no person took it", "dstchannel", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		if l.Disposition != call.Answered || !l.hollow() {
			return "", false
		}
		s.used(l.inner, "disposition lastapp")
		switch end := l.inner.phone(); end.LegKind {
		case call.LegVoicemail:
			return call.OutcomeVoicemail, true
		case call.LegConference:
			return call.OutcomeConference, true
		case call.LegFax:
			return call.OutcomeFax, true
		case call.LegUnknown:
			return call.OutcomeUnknown, end.Disposition == call.Answered
		}
		return call.OutcomePrompt, l.inner.Disposition == call.Answered
	}},
	{"a program took the call", "lastapp", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeUnknown, l.Dstchannel == "" && isProgram(l.Lastapp)
	}},
	{"answered without a party B", "disposition dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomePrompt, l.Disposition == call.Answered && l.Dstchannel == "" && l.Lastapp != "Queue"
	}},
	{"disposition BUSY", "disposition", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeBusy, l.Disposition == call.Busy
	}},
	{"the called party ended the ringing", "lastdata duration userfield", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeDeclined, s.isDeclined(l)
	}},
	{"the caller left before anybody was called", "disposition dstchannel userfield", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeMissed, l.leftBefore()
	}},
	{"it could not be put through", "disposition dstchannel userfield", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeFailed, s.isFailed(l)
	}},
	{"somebody else answered while it rang", "calldate end", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeElsewhere, l.Dstchannel != "" && s.takenElsewhere(l)
	}},
	{"it stopped while another phone rang on, and nothing tells when that was answered", "calldate end", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeUnknown, l.Dstchannel != "" && s.stoppedBeside(l)
	}},
	{"the caller or the time ended a wait in the queue", "lastapp", 0, func(s *scene, l *leg) (call.Outcome, bool) {
		if l.Lastapp != "Queue" || l.Dstchannel != "" {
			return "", false
		}
		return s.queueEnd(l), true
	}},
	{"the PBX rang party A in vain", "lastapp", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeMissed, l.LegKind == call.LegOriginate
	}},
	{"the far end did not answer", "disposition dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomeNoAnswer, l.b.place == outside && (l.Disposition == call.NoAnswer || l.Disposition == call.Cancel || l.Disposition == "")
	}},
	{"menu or announcement, never answered", "disposition lastapp", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomePrompt, l.LegKind == call.LegPrompt
	}},
	{"nothing was there to be picked up", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		return call.OutcomePrompt, l.LegKind == call.LegPickup && l.Dstchannel == ""
	}},
	{"it rang, or was to, and nobody took it", "disposition", 0, func(_ *scene, l *leg) (call.Outcome, bool) {
		switch l.Disposition {
		case call.NoAnswer, call.Cancel, "":
			return call.OutcomeMissed, true
		}
		return "", false
	}},
}

// leftBefore tells a row without a party B whose caller hung up by itself. It says FAILED all the same where Asterisk knew no
// cause (asterisk.md 5.2).
func (l *leg) leftBefore() bool {
	if l.Dstchannel != "" || l.previous != nil || l.Disposition == call.Answered || l.Lastapp == "Dial" || isTone(l.Lastapp) {
		return false
	}
	return l.hangA.source != "" && l.hangA.source == l.Channel && (l.hangA.cause == "0" || l.hangA.cause == "16" || l.hangA.cause == "127") &&
		(l.Disposition == call.Failed || l.Disposition == call.Congestion)
}

// isFailed tells a leg that never reached a party, or whose cause says that the network or the PBX refused.
func (s *scene) isFailed(l *leg) bool {
	switch l.Disposition {
	case call.Failed, call.Congestion:
		return l.LegKind != call.LegOriginate
	}
	if l.Dstchannel == "" || l.ring() > 0 {
		return false
	}
	// NO ANSWER without a second of ringing, and the dialplan went on to play congestion: the far end refused.
	tail := l.next
	if tail == nil || tail.Dstchannel != "" || tail.Duration > 0 {
		return false
	}
	s.used(tail, "lastapp userfield disposition")
	return tail.Lastapp == "Congestion" || refusal(tail.hangA.cause)
}

// refusal tells the causes by which a network or the PBX refuses a call (asterisk.md 5.7, rank 11).
func refusal(cause string) bool {
	switch cause {
	case "1", "2", "3", "20", "22", "27", "28", "34", "38", "41", "42", "58", "102":
		return true
	}
	return false
}

// isDeclined tells a phone whose user pressed reject. The row says NO ANSWER; either the cause tells, or this: it rang,
// it stopped before the time that Dial allowed, the caller was still there since the dialplan went on, and nobody else
// had taken the call.
func (s *scene) isDeclined(l *leg) bool {
	if l.Disposition != call.NoAnswer || l.Dstchannel == "" || l.b.place != inside || l.Lastapp != "Dial" || l.b.local {
		return false
	}
	if l.hangA.cause == "21" {
		return true
	}
	if l.next == nil || l.next.Dstchannel != "" || l.next.start() > l.end()+1000 {
		return false
	}
	if limit := dialLimit(l.Lastdata); limit == 0 || l.ring() <= 0 || l.ring() >= limit-1 {
		return false // its time was up, give or take the fraction that a row's length is cut by
	}
	s.used(l.next, "lastapp calldate dst")
	return l.next.Lastapp == "Congestion" || strings.HasSuffix(l.next.Dst, "-CHANUNAVAIL") || l.next.hangA.cause == "21"
}

// ring is how long party B rang at most: the whole of a row that nobody answered.
func (l *leg) ring() int64 {
	if l.Disposition == call.Answered {
		return 0
	}
	return l.Duration
}

// takenElsewhere tells a leg that rang while another leg of the conversation was answered.
func (s *scene) takenElsewhere(l *leg) bool {
	if l.outer != nil && l.outer.talked() {
		return false
	}
	for _, o := range s.legs {
		if o == l || o == l.outer || o == l.inner || !o.talked() || o.consults != l.consults || l.sentOnTo(o) {
			continue
		}
		late := call.Instant(0)
		if l.End == call.NoInstant {
			late = 1000 // the length of a row is cut to whole seconds
		}
		if o.start() >= l.end() && o.start() > l.start() && !o.picks {
			continue // it was called after this one had stopped
		}
		if answer := s.tookAt(o); answer != call.NoInstant && answer >= l.start() && answer <= l.end()+late {
			s.used(o, "disposition answer dstchannel")
			return true
		}
	}
	return false
}

// sentOnTo tells that party B of l had the call forwarded (302) to that of o, which may be the inside of a Local channel: one
// Dial, which names the one phone alone, called the other as well. That was after l had stopped, be it in the same second.
func (l *leg) sentOnTo(o *leg) bool {
	o = o.outermost()
	if !o.b.local || o.Lastapp != "Dial" || o.Lastdata != l.Lastdata || o.Uniqueid != l.Uniqueid || o.Channel != l.Channel {
		return false
	}
	targets, _, _ := strings.Cut(l.Lastdata, ",")
	return !strings.Contains(targets, "&") && l.dialled() && !o.dialled()
}

// stoppedBeside tells a leg that rang together with one that was answered, while nothing tells when: it may have been
// stopped by the answer, or have been declined before.
func (s *scene) stoppedBeside(l *leg) bool {
	for _, o := range s.legs {
		if o != l && o.talked() && s.together(l, o) && s.tookAt(o) == call.NoInstant {
			s.used(o, "calldate end")
			return true
		}
	}
	return false
}

// answered is when party B took the call; NoInstant where the row cannot tell, since its channel had been up before.
func (l *leg) answered() call.Instant {
	if !l.talked() || l.answeredBefore() {
		return call.NoInstant
	}
	if l.Answer != call.NoInstant {
		return l.Answer
	}
	return l.Calldate + call.Instant((l.Duration-l.Billsec)*1000)
}
