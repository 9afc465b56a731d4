package main

import "github.com/cdrflow/cdrflow/services/call"

// outcomeRules say for a human reader what became of the caller; asked once of a conversation, of its last leg.
var outcomeRules = []rule[call.Outcome]{
	{"the dialplan turned the caller away", "dcontext lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomeBlocked, s.any(call.OutcomeBlocked) != nil
	}},
	{"two people talked", "disposition dstchannel", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		s.used(s.settled.human, "disposition dstchannel")
		return call.OutcomeAnswered, s.settled.human != nil
	}},
	{"people met in a room", "lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomeConference, s.any(call.OutcomeConference) != nil
	}},
	{"a mailbox took a message", "lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomeVoicemail, s.any(call.OutcomeVoicemail) != nil
	}},
	{"fax", "lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomeFax, s.any(call.OutcomeFax) != nil
	}},
	{"the caller was in a queue and nobody answered", "lastapp lastdata userfield", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		var last *leg
		for _, l := range s.legs {
			if l.Lastapp == "Queue" && l.outer == nil {
				last = l
			}
		}
		if last == nil || s.dialledAfter(last) {
			return "", false
		}
		s.used(last, "lastapp lastdata")
		return s.queueEnd(last), true
	}},
	{"the last phone that rang", "disposition dstchannel lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		l := s.lastCalled()
		if l == nil {
			return "", false
		}
		s.used(l, "disposition dstchannel")
		switch l.Outcome {
		case call.OutcomeBusy, call.OutcomeDeclined, call.OutcomeFailed:
			// One busy phone of several that rang does not make the call busy, nor does a forward that failed after them.
			if rang := s.rangUnanswered(l); rang != nil {
				s.used(rang, "disposition duration")
				return rang.Outcome, true
			}
		case call.OutcomeNoAnswer:
			if s.settled.direction == call.Inbound || s.settled.direction == call.Internal {
				return call.OutcomeMissed, true // forwarded outside, and lost for the office all the same
			}
		}
		return l.Outcome, l.Outcome != call.OutcomeUnknown && l.Outcome != ""
	}},
	{"menu or announcement only", "disposition lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomePrompt, s.any(call.OutcomePrompt) != nil
	}},
	{"supervision only", "lastapp", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		return call.OutcomePrompt, s.root.LegKind == call.LegSpy
	}},
	{"what the only leg came to", "disposition", 0, func(s *scene, _ *leg) (call.Outcome, bool) {
		for i := len(s.legs) - 1; i >= 0; i-- {
			if o := s.legs[i].Outcome; o != "" && o != call.OutcomeUnknown && o != call.OutcomeElsewhere {
				s.used(s.legs[i], "disposition")
				return o, true
			}
		}
		return "", false
	}},
}

// any leg with an outcome.
func (s *scene) any(outcome call.Outcome) *leg {
	for _, l := range s.legs {
		if l.Outcome == outcome {
			s.used(l, "lastapp disposition")
			return l
		}
	}
	return nil
}

// lastCalled is the last leg that rang, or was to ring, somebody; what stands behind a Local channel speaks for it.
func (s *scene) lastCalled() *leg {
	var last *leg
	for _, l := range s.legs {
		if l.LegKind == call.LegTail || l.LegKind == call.LegPickup && l.Dstchannel == "" || l.LegKind == call.LegConsult {
			continue
		}
		if (l.Dstchannel != "" || l.LegKind == call.LegDial || l.LegKind == call.LegOriginate) && l.outer == nil {
			last = l
		}
	}
	if last != nil {
		if phone := last.phone(); phone != last && phone.Outcome != "" {
			return phone
		}
	}
	return last
}

// rangUnanswered is a leg of the same caller that rang and nobody took, beside l or before.
func (s *scene) rangUnanswered(l *leg) *leg {
	for _, o := range s.legs {
		if o != l && o.Uniqueid == l.Uniqueid && o.Dstchannel != "" && (o.Outcome == call.OutcomeMissed || o.Outcome == call.OutcomeNoAnswer) && o.Duration > 0 {
			return o
		}
	}
	return nil
}

func (s *scene) dialledAfter(l *leg) bool {
	for n := l.next; n != nil; n = n.next {
		if n.Lastapp != "Queue" && n.Dstchannel != "" {
			return true
		}
	}
	return false
}
