package main

import "github.com/cdrflow/cdrflow/services/call"

// ringTimeRules say how long party B rang, in seconds. A channel that was up before (a queue, a menu) hides it: then it
// is known only of a row that began with the ringing.
var ringTimeRules = []rule[int64]{
	{"nobody rang", "dstchannel lastapp", 0, func(_ *scene, l *leg) (int64, bool) {
		return call.NoSeconds, !l.rings()
	}},
	{"the row of the phone behind the Local channel", "dstchannel", 0, func(s *scene, l *leg) (int64, bool) {
		phone := l.phone()
		if phone == l || !phone.rings() || phone.answeredBefore() {
			return 0, false
		}
		s.used(phone, "duration billsec disposition")
		if !phone.talked() {
			return phone.Duration, phone.Disposition != call.Answered
		}
		return max(0, phone.Duration-phone.Billsec), true
	}},
	{"until another phone took the call", "duration", 0, func(s *scene, l *leg) (int64, bool) {
		return l.Duration, l.pickedUp && (l.Dstchannel == "" || s.rangFrom(l) == l.start())
	}},
	{"until it stopped, unanswered", "calldate duration disposition", 0, func(s *scene, l *leg) (int64, bool) {
		from := s.rangFrom(l)
		if l.Disposition == call.Answered || from == call.NoInstant {
			return 0, false
		}
		return max(0, l.Duration-int64(from-l.start())/1000), true
	}},
	{"duration − billsec", "duration billsec answer", 0, func(s *scene, l *leg) (int64, bool) {
		return max(0, l.Duration-l.Billsec), l.talked() && !l.answeredBefore() && s.rangFrom(l) == l.start()
	}},
	{"until the phones that rang with it stopped", "calldate", 0, func(s *scene, l *leg) (int64, bool) {
		from, took := s.rangFrom(l), s.tookAt(l)
		if from == call.NoInstant || took == call.NoInstant || took < from {
			return 0, false
		}
		return int64(took-from) / 1000, true
	}},
}

// rings tells whether anybody rang for this leg, be it known how long or not.
func (l *leg) rings() bool {
	switch {
	case l.LegKind == call.LegOriginate, l.pickedUp && l.Dstchannel == "":
		return true
	}
	return l.Dstchannel != "" && !l.picks && !l.stranger && !l.goesOn && l.LegKind != call.LegConference
}

// talkTimeRules say how long two people talked, in seconds.
var talkTimeRules = []rule[int64]{
	{"nobody talked", "disposition dstchannel", 0, func(_ *scene, l *leg) (int64, bool) {
		return 0, !l.talked() && l.LegKind != call.LegConference
	}},
	{"in a room as long as the row", "billsec", 0, func(_ *scene, l *leg) (int64, bool) {
		return l.Billsec, l.LegKind == call.LegConference
	}},
	{"connected without ringing first", "duration", 0, func(_ *scene, l *leg) (int64, bool) {
		return l.Duration, l.picks || l.stranger || l.goesOn
	}},
	{"answer of the phone behind the Local channel", "billsec", 0, func(s *scene, l *leg) (int64, bool) {
		phone := l.phone()
		if phone == l || phone.answeredBefore() {
			return 0, false
		}
		s.used(phone, "billsec")
		// After a transfer by keys the row begins long after the phone answered.
		return max(0, min(phone.Billsec, int64(l.end()-s.tookAt(l))/1000)), true
	}},
	{"billsec", "billsec answer", 0, func(_ *scene, l *leg) (int64, bool) {
		return l.Billsec, !l.answeredBefore()
	}},
	{"since the phones that rang with it stopped", "calldate duration", 0, func(s *scene, l *leg) (int64, bool) {
		took := s.tookAt(l)
		if took == call.NoInstant {
			return 0, false
		}
		return max(0, l.Duration-int64(took-l.start())/1000), true
	}},
}

// ivrTimeRules say how long menus, announcements and music took before anybody rang, in seconds.
var ivrTimeRules = []rule[int64]{
	{"it rang at once", "answer duration billsec", 0, func(_ *scene, l *leg) (int64, bool) {
		return 0, l.Dstchannel != "" && (!l.answeredBefore() || l.previous != nil)
	}},
	{"the whole row", "billsec", 0, func(_ *scene, l *leg) (int64, bool) {
		return l.Billsec, l.LegKind == call.LegPrompt || l.LegKind == call.LegVoicemail && l.Lastapp == "VoiceMailMain"
	}},
}
