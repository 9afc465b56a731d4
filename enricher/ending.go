package main

import (
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// answeredByMachine tells the outcomes in which something picked up that is no person.
func answeredByMachine(o call.Outcome) bool {
	return o == call.OutcomePrompt || o == call.OutcomeVoicemail || o == call.OutcomeConference || o == call.OutcomeFax
}

func (s *scene) unanswered() bool {
	return s.settled.human == nil && !answeredByMachine(s.settled.outcome)
}

// closing is the caller's own last row, on which its hang-up handler wrote; after a transfer, the last row of whoever
// remained.
func (s *scene) closing() *leg {
	if s.settled.closing != nil {
		return s.settled.closing
	}
	end := s.root.lastOfChain()
	if l := s.settled.last; l != nil && l.lastOfChain() != end && l.outer == nil {
		// The one who remained after a transfer.
		if rest := l.lastOfChain(); rest.end() > end.end() {
			end = rest
		}
	}
	s.settled.closing = end
	return end
}

// source is the hang-up source of the call: a channel name, dialplan/…, or empty.
func (s *scene) source() string {
	end := s.closing()
	if end.hangA.source == "" {
		return end.hangB.source
	}
	return end.hangA.source
}

func (s *scene) sourceIsCaller() bool {
	source, end := s.source(), s.closing()
	if source == "" || source != end.Channel || end.Channel != s.root.Channel {
		return false
	}
	if s.unanswered() && end.Dstchannel == "" && (end.hangA.cause == "17" || end.hangA.cause == "34") {
		return false // Busy() and Congestion() leave the caller's own name (asterisk.md 5.7)
	}
	s.used(end, "userfield channel")
	return true
}

func (s *scene) sourceIsCallee() bool {
	source := s.source()
	if source == "" || source == s.closing().Channel {
		return false
	}
	for _, l := range s.legs {
		if l.Dstchannel == source && l.end() >= s.closing().end()-1000 {
			s.used(s.closing(), "userfield")
			s.used(l, "dstchannel")
			return true
		}
	}
	return false
}

func (s *scene) anyCause(causes ...string) bool {
	cause := s.closing().hangA.cause
	for _, c := range causes {
		if cause == c {
			s.used(s.closing(), "userfield")
			return true
		}
	}
	return false
}

// lastRung is the last leg that rang, if nobody answered it.
func (s *scene) lastRung() *leg {
	var last *leg
	for _, l := range s.legs {
		if l.Dstchannel != "" && l.outer == nil {
			last = l
		}
	}
	if last == nil || last.Disposition == call.Answered {
		return nil
	}
	return last
}

// timeUp tells whether a leg rang for as long as Dial allowed. The length of a row is cut to whole seconds, so that one
// second less is as long where the dialplan went on: the caller was still there.
func (s *scene) timeUp(l *leg) bool {
	if l == nil || l.Lastapp != "Dial" {
		return false
	}
	limit := dialLimit(l.Lastdata)
	if limit == 0 || l.Duration < limit-1 || l.Duration < limit && l.next == nil && !strings.HasPrefix(s.source(), "dialplan/") {
		return false
	}
	s.used(l, "lastdata duration")
	return true
}

// rangOut tells whether the last ringing lasted as long as Dial allowed, and the call no longer.
func (s *scene) rangOut() bool {
	l := s.lastRung()
	return s.timeUp(l) && l.end() >= s.closing().start()-1000
}

// stoppedEarly tells whether the last ringing ended before the time that Dial allowed: then no time was up, whatever cause
// the dialplan gave afterwards, and who ended it, the far end's phone or its network, is not in the rows.
func (s *scene) stoppedEarly() bool {
	l := s.lastRung()
	if l == nil || l.Lastapp != "Dial" {
		return false
	}
	limit := dialLimit(l.Lastdata)
	if limit == 0 {
		return l.Duration < soonest
	}
	return l.Duration < limit-1
}

// soonest is for how many seconds a phone rings at least before it gives up by itself.
const soonest = 10

// talkLimit is how long Dial's options L(milliseconds…) and S(seconds) let two parties talk, in seconds; 0 for ever.
func talkLimit(lastdata string) int64 {
	parts := strings.SplitN(lastdata, ",", 3)
	if len(parts) < 3 {
		return 0
	}
	for _, option := range [...]struct {
		open string
		unit int64
	}{{"L(", 1000}, {"S(", 1}} {
		_, text, ok := strings.Cut(parts[2], option.open)
		if !ok {
			continue
		}
		end := strings.IndexAny(text, ":)")
		if end < 0 {
			continue
		}
		if n, err := strconv.ParseInt(text[:end], 10, 64); err == nil && n > 0 {
			return n / option.unit
		}
	}
	return 0
}

// endsCall tells a leg that lasted until the call's end.
func (s *scene) endsCall(l *leg) bool {
	if l == s.closing() || l == s.settled.last {
		return true
	}
	if s.settled.human != nil && (l.Outcome != call.OutcomeAnswered || l.LegKind == call.LegConsult) {
		return false
	}
	return l.end() >= s.closing().end()-1000 && l.lastOfChain().end() >= s.closing().end()-1000
}
