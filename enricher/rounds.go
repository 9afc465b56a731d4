package main

import "github.com/cdrflow/cdrflow/services/call"

// Where a queue or a menu had answered the channel, billsec says nothing of a talk, and the first row of the caller begins
// with the caller rather than with the ringing. Phones that rang together tell more: their rows begin with the ringing, and
// end when one of them takes the call.

// together tells whether two legs are phones that one Dial or one round of a queue rang at the same time.
func (s *scene) together(a, b *leg) bool {
	return a.Uniqueid == b.Uniqueid && a.Uniqueid != "" && a.Lastapp == b.Lastapp && a.Dstchannel != b.Dstchannel && a.Dstchannel != "" && b.Dstchannel != "" &&
		!a.picks && !b.picks && !a.stranger && !b.stranger && a.start() < b.end() && b.start() < a.end()
}

// rangFrom is when party B began to ring: the row's start, except where the row begins with the caller and says nothing of
// what came before the ringing. NoInstant where nothing tells.
func (s *scene) rangFrom(l *leg) call.Instant {
	l = l.phone()
	if l.previous != nil || l.Lastapp != "Queue" && !l.answeredBefore() {
		return l.start()
	}
	from := call.NoInstant
	for o := l.next; o != nil; o = o.next {
		if s.together(l, o) && (from == call.NoInstant || o.start() < from) {
			s.used(o, "calldate")
			from = o.start()
		}
	}
	return from
}

// tookAt is when party B of a leg took the call; NoInstant where nothing tells.
func (s *scene) tookAt(l *leg) call.Instant {
	if !l.talked() {
		return call.NoInstant
	}
	if l.picks || l.stranger || l.goesOn {
		return l.start()
	}
	if answer := l.phone().answered(); answer != call.NoInstant {
		return max(answer, l.start())
	}
	if l.phone() != l || len(s.legs) == 1 {
		return call.NoInstant
	}
	return s.whenOthersStopped(l)
}

// whenOthersStopped is when the phones that rang together with l stopped, if that was for l's answer: two of them stopped
// at once, or one did when the queue had held the caller for just as long as it rang. One alone may as well have been
// declined.
func (s *scene) whenOthersStopped(l *leg) call.Instant {
	stopped, count := call.NoInstant, 0
	for o := l.firstOfChain(); o != nil; o = o.next {
		if o == l || o.Disposition == call.Answered || !s.together(l, o) {
			continue
		}
		switch {
		case stopped == call.NoInstant || o.end() > stopped+1000:
			stopped, count = o.end(), 1
		case o.end() >= stopped-1000:
			count++
		}
	}
	if stopped == call.NoInstant || count > 1 {
		return stopped
	}
	from, held := s.rangFrom(l), call.NoSeconds
	if l.Lastapp == "Queue" {
		held, _ = s.waited(l)
	}
	// It was answered no earlier than the other stopped, and the caller entered no later than it rang: if the one is as
	// long as the other, both are exact.
	if from != call.NoInstant && held != call.NoSeconds && distance(stopped-from, call.Instant(held*1000)) <= 1000 {
		return stopped
	}
	return call.NoInstant
}
