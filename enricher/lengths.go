package main

import "github.com/cdrflow/cdrflow/services/call"

// ringTimeRules say how long party B rang, in seconds. A channel that was up before (a queue, a menu) hides it: then it
// is known only of a row that began with the ringing.
var ringTimeRules = []rule[int64]{
	{"nobody rang", "dstchannel lastapp", 0, func(_ *scene, l *leg) (int64, bool) {
		rings := l.Dstchannel != "" && !l.picks && !l.stranger && l.LegKind != call.LegConference
		return call.NoSeconds, !rings && l.LegKind != call.LegOriginate && !(l.LegKind == call.LegPickup && l.Dstchannel == "")
	}},
	{"the whole row, unanswered", "duration disposition", 0, func(_ *scene, l *leg) (int64, bool) {
		if l.talked() || l.Disposition == call.Answered && !l.pickedUp {
			return 0, false
		}
		return l.Duration, !l.answeredBefore() || l.previous != nil
	}},
	{"until the phone behind the Local channel answered", "calldate answer", 0, func(s *scene, l *leg) (int64, bool) {
		phone := l.phone()
		if phone == l || !phone.talked() || phone.answeredBefore() {
			return 0, false
		}
		s.used(phone, "duration billsec")
		return phone.Duration - phone.Billsec, true
	}},
	{"duration − billsec", "duration billsec answer", 0, func(_ *scene, l *leg) (int64, bool) {
		return max(0, l.Duration-l.Billsec), l.talked() && !l.answeredBefore()
	}},
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
		return l.Duration, l.picks || l.stranger
	}},
	{"answer of the phone behind the Local channel", "billsec", 0, func(s *scene, l *leg) (int64, bool) {
		phone := l.phone()
		if phone == l || phone.answeredBefore() {
			return 0, false
		}
		s.used(phone, "billsec")
		return phone.Billsec, true
	}},
	{"billsec", "billsec answer", 0, func(_ *scene, l *leg) (int64, bool) {
		return l.Billsec, !l.answeredBefore()
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
