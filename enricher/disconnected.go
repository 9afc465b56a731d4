package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// endingRules rank the evidence on who ended a call (asterisk.md 5.7), asked of the leg with which it ended. The cause
// alone never tells; what nothing tells is unknown, since a wrong name would accuse somebody.
var endingRules = []rule[call.DisconnectedBy]{
	{"party B was busy", "disposition userfield", 90, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByBusy, s.settled.outcome == call.OutcomeBusy || s.settled.human == nil && l.Dstchannel != "" && l.hangA.cause == "17" && !answeredByMachine(s.settled.outcome)
	}},
	{"party B declined", "disposition userfield lastdata", 85, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByCallee, s.settled.outcome == call.OutcomeDeclined
	}},
	{"the queue's time was up", "userfield lastdata", 90, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByTimeout, s.settled.outcome == call.OutcomeQueueTimeout && !s.sourceIsCaller()
	}},
	{"the call could not be put through", "disposition userfield", 80, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.BySystem, s.settled.outcome == call.OutcomeFailed || s.settled.outcome == call.OutcomeBlocked
	}},
	{"disposition CANCEL", "disposition", 95, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByCaller, s.settled.human == nil && l.Disposition == call.Cancel
	}},
	{"cause 18 or 19: it rang out", "userfield", 80, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByTimeout, s.unanswered() && s.anyCause("18", "19") && !s.sourceIsCaller() && !s.stoppedEarly()
	}},
	{"cause 21: rejected by the network", "userfield", 80, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.BySystem, s.unanswered() && s.anyCause("21") && l.b.place == outside
	}},
	{"Dial's time was up", "lastdata duration", 80, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByTimeout, s.unanswered() && s.rangOut() && !s.sourceIsCaller()
	}},
	{"hang-up source is the caller's channel", "userfield channel", 90, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByCaller, s.sourceIsCaller()
	}},
	{"hang-up source is somebody who was called and remained after the caller's transfer", "userfield channel", 90, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByCallee, l.Channel != s.root.Channel && s.source() != "" && s.source() == l.Channel && s.calledEarlier(l.Channel)
	}},
	{"hang-up source is the channel of party B", "userfield dstchannel", 90, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByCallee, s.sourceIsCallee()
	}},
	{"the dialplan hung up on ringing whose time was up", "userfield dstchannel lastdata duration", 80, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByTimeout, s.unanswered() && strings.HasPrefix(s.source(), "dialplan/") && s.timeUp(s.lastRung())
	}},
	{"the dialplan hung up", "userfield", 90, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		// Behind ringing that stopped before its time, or had none, it may have been the called phone or its network.
		return call.BySystem, strings.HasPrefix(s.source(), "dialplan/") && !(s.unanswered() && s.lastRung() != nil)
	}},
	{"Dial's limit of a talk was reached", "userfield lastdata billsec", 70, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		l := s.settled.last
		if l == nil || s.source() != "" {
			return "", false
		}
		limit := talkLimit(l.Lastdata)
		s.used(l, "lastdata billsec")
		return call.BySystem, limit > 0 && l.TalkTime >= limit-1 && l.TalkTime <= limit+1
	}},
	{"media stopped (cause 44)", "userfield", 70, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.BySystem, s.settled.human != nil && s.source() == "" && s.anyCause("44")
	}},
	{"the caller's handler names nobody, and party B was behind a Local channel, which does not carry the name", "userfield dstchannel", 70, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		l := s.settled.last
		if l == nil || !l.b.local || l.inner == nil || l.inner.end() < s.closing().end()-1000 {
			return "", false
		}
		own := s.closing()
		s.used(own, "userfield")
		s.used(l, "dstchannel")
		return call.ByCallee, own.hangA.cause == "16" && own.hangA.source == "" && own.Channel == s.root.Channel
	}},
	{"the caller left the queue", "lastapp", 60, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByCaller, s.settled.outcome == call.OutcomeAbandoned
	}},
	{"cause 127 or 16 before an answer: the caller gave up", "userfield", 70, func(s *scene, _ *leg) (call.DisconnectedBy, bool) {
		return call.ByCaller, s.unanswered() && s.source() == "" && s.closing().hangA.cause == "127"
	}},
}

// legEndingRules say who ended one leg: the end of the call where it lasted until then.
var legEndingRules = []rule[call.DisconnectedBy]{
	{"party B was busy", "disposition", 90, func(_ *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByBusy, l.Outcome == call.OutcomeBusy
	}},
	{"party B declined", "disposition userfield lastdata", 85, func(_ *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByCallee, l.Outcome == call.OutcomeDeclined
	}},
	{"the PBX stopped the ringing, since somebody else had answered", "calldate end", 90, func(_ *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.BySystem, l.Outcome == call.OutcomeElsewhere
	}},
	{"it could not be put through", "disposition userfield", 80, func(_ *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.BySystem, l.Outcome == call.OutcomeFailed || l.Outcome == call.OutcomeBlocked
	}},
	{"the hang-up source is party B of this leg, after which the call went on", "dstchannel userfield", 90, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		if end := l.lastOfChain(); end != l && l.talked() && l.Dstchannel == end.hangA.source && end.start() >= l.end()-1000 && end.Duration > 0 {
			s.used(end, "userfield")
			return call.ByCallee, true
		}
		return "", false
	}},
	{"hang-up source is party A, who was called first and sent on", "channel userfield", 90, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByCaller, l.Channel != s.root.Channel && l == s.closing() && l.hangA.source != "" && l.hangA.source == l.Channel && l.outer == nil
	}},
	{"it ended with the call", "end userfield", 0, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		if !s.endsCall(l) {
			return "", false
		}
		s.used(s.closing(), "userfield channel")
		return s.settled.ending, true
	}},
	{"Dial's time was up and the call went on", "duration lastdata", 80, func(s *scene, l *leg) (call.DisconnectedBy, bool) {
		return call.ByTimeout, (l.Outcome == call.OutcomeMissed || l.Outcome == call.OutcomeNoAnswer) && s.timeUp(l)
	}},
}
