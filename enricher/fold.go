package main

import (
	"github.com/cdrflow/cdrflow/services/call"
)

// fold makes the conversation of the legs and keeps it on the oldest: only what the rules decided is put together here.
func (s *scene) fold() {
	head := s.legs[0]
	v := &head.Conversation
	*v = call.NoConversation
	v.Legs = int64(len(s.every))
	v.Complete = s.complete()
	v.End = head.end()
	for _, l := range s.legs {
		v.End = max(v.End, l.end())
		v.Tags = addTags(v.Tags, l.Tags)
	}
	if l := s.queueLeg(); l != nil {
		v.QueueName = l.Queue
	}
	v.Outcome, v.DisconnectedBy, v.Confidence = s.settled.outcome, s.settled.ending, s.settled.sure
	v.AnsweredType = s.machine()
	v.TalkTime = s.talk()
	if h := s.settled.human; h != nil {
		v.AnsweredBy, v.AnsweredType = h.AnsweredBy, h.AnsweredType
		v.Answer = s.tookAt(h)
		v.RingTime = s.rungUntil(v.Answer)
		if v.Answer != call.NoInstant {
			v.WaitTime = int64(v.Answer-head.start()) / 1000
		}
	} else {
		v.RingTime = s.rungUntil(v.End)
		v.WaitTime = int64(v.End-head.start()) / 1000
	}
	if v.Legs == 1 && !s.listed() {
		v.Detail = call.NameOnly(s.sourceName()) // the row tells the rest
		return
	}
	s.detail()
	s.u.text = s.u.detail.AppendJSON(s.u.text[:0])
	v.Detail = string(s.u.text)
}

// queueLeg is the leg whose queue the conversation is said to be of: where somebody answered, else the last that the caller
// was in.
func (s *scene) queueLeg() *leg {
	if h := s.settled.human; h != nil && h.Queue != "" {
		return h
	}
	var last *leg
	for _, l := range s.legs {
		if l.Queue != "" && l.LegKind != call.LegConsult && (last == nil || l.Lastapp == "Queue" || last.Lastapp != "Queue") {
			last = l
		}
	}
	return last
}

// complete tells whether the caller's own row is here and every Local channel has both its halves.
func (s *scene) complete() bool {
	if s.root.Uniqueid != s.root.ConversationKey() {
		return false
	}
	for _, l := range s.legs {
		if l.b.local && l.Dstchannel != "" && l.inner == nil {
			return false
		}
		if l.a.isHalf('2') && l.outer == nil && s.root.a.base != l.a.base {
			return false
		}
	}
	return true
}

// machine is what picked up where no person did.
func (s *scene) machine() call.AnsweredType {
	for _, l := range s.legs {
		if l.AnsweredType != "" && l.LegKind != call.LegConsult {
			return l.AnsweredType
		}
	}
	return ""
}

// talk is how long people talked, in seconds: legs one after the other are added, what stands behind another leg is part of
// it, and talks at the same time are counted once.
func (s *scene) talk() int64 { return talkOf(s.legs) }

func talkOf(legs []*leg) int64 {
	covered, total := call.NoInstant, int64(0)
	for _, l := range legs { // in order of start
		if l.outer != nil && l.outer.talked() || l.LegKind == call.LegConsult {
			continue
		}
		if l.TalkTime == call.NoSeconds {
			return call.NoSeconds
		}
		to := l.start() + call.Instant(l.Duration*1000)
		from := to - call.Instant(l.TalkTime*1000)
		if covered != call.NoInstant {
			from = max(from, covered)
		}
		if to > from {
			total += int64(to - from)
			covered = to
		}
	}
	return total / 1000
}

// rungUntil is how long phones rang before until, in seconds, several at once counted once; NoSeconds where nobody rang or
// a leg hides it.
func (s *scene) rungUntil(until call.Instant) int64 {
	covered, total := call.NoInstant, int64(0)
	rang := false
	for _, l := range s.legs { // in order of start
		if !l.rings() || l.LegKind == call.LegConsult || until != call.NoInstant && l.start() > until {
			continue
		}
		if l.RingTime == call.NoSeconds || until == call.NoInstant || s.rangFrom(l) == call.NoInstant {
			return call.NoSeconds
		}
		rang = true
		from := s.rangFrom(l)
		to := min(from+call.Instant(l.RingTime*1000), until)
		if covered != call.NoInstant {
			from = max(from, covered)
		}
		if to > from {
			total += int64(to - from)
			covered = to
		}
	}
	if !rang {
		return call.NoSeconds
	}
	return total / 1000
}
