package main

import "github.com/cdrflow/cdrflow/services/call"

// rangRules say which extension a leg rang. A trunk is no extension, nor is a phone that took the call without ringing.
var rangRules = []rule[string]{
	{"party B took the call without ringing", "channel lastapp", 0, func(_ *scene, l *leg) (string, bool) {
		return "", l.LegKind == call.LegPickup && l.picks || l.LegKind == call.LegParking
	}},
	{"the PBX rang party A", "channel lastapp", 0, func(_ *scene, l *leg) (string, bool) {
		return l.a.endpoint, l.LegKind == call.LegOriginate && l.a.place == inside || l.pickedUp && l.Dstchannel == ""
	}},
	{"members of a room do not ring each other", "lastapp", 0, func(_ *scene, l *leg) (string, bool) {
		return "", l.LegKind == call.LegConference
	}},
	{"phone behind the Local channel", "dstchannel", 0, func(s *scene, l *leg) (string, bool) {
		phone := l.phone()
		if phone == l {
			return "", false
		}
		s.used(phone, "dstchannel")
		if phone.b.place == outside {
			return "", true
		}
		return phone.b.endpoint, phone.b.place == inside
	}},
	{"channel of party B", "dstchannel", 0, func(s *scene, l *leg) (string, bool) {
		return l.b.endpoint, s.isPhone(l)
	}},
}

// isPhone tells whether party B is a phone here. A Local channel stands for one only where it bears its number: it may
// as well lead to a mobile.
func (s *scene) isPhone(l *leg) bool {
	return l.b.place == inside && (!l.b.local || s.isInsideNumber(l.b.endpoint))
}

// phone is the leg that rang the telephone in the end: this one, or one behind its Local channels.
func (l *leg) phone() *leg {
	for n := 0; l.inner != nil && l.b.local && n < 8; n++ {
		l = l.inner
	}
	return l
}

// answererRules say whose extension took the leg's call; nobody's where it was behind a trunk.
var answererRules = []rule[string]{
	{"not answered", "disposition", 0, func(_ *scene, l *leg) (string, bool) {
		return "", l.Disposition != call.Answered
	}},
	{"another phone took the call while this one rang", "dstchannel", 0, func(s *scene, l *leg) (string, bool) {
		if l.pickedUp {
			s.used(l.next, "dstchannel")
		}
		return "", l.pickedUp
	}},
	{"behind the Local channel no person took it", "dstchannel", 0, func(s *scene, l *leg) (string, bool) {
		if l.hollow() {
			s.used(l.inner, "disposition dstchannel lastapp")
		}
		return "", l.hollow()
	}},
	{"members of a room answer nobody", "lastapp", 0, func(_ *scene, l *leg) (string, bool) {
		return "", l.LegKind == call.LegConference
	}},
	{"phone behind the Local channel", "dstchannel disposition", 0, func(s *scene, l *leg) (string, bool) {
		phone := l.phone()
		if phone == l {
			return "", false
		}
		s.used(phone, "dstchannel disposition")
		if phone.b.place == outside {
			return "", true
		}
		return phone.b.endpoint, phone.b.place == inside
	}},
	{"channel of party B", "dstchannel disposition", 0, func(s *scene, l *leg) (string, bool) {
		return l.b.endpoint, s.isPhone(l)
	}},
}

// answeredTypeRules say what picked up (asterisk.md 5.4): ANSWERED alone only says that the channel was up.
var answeredTypeRules = []rule[call.AnsweredType]{
	{"not answered", "disposition", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return "", l.Disposition != call.Answered
	}},
	{"another phone took the call while this one rang", "dstchannel", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return "", l.pickedUp
	}},
	{"what the dialplan did after the call", "duration dstchannel", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return "", l.LegKind == call.LegTail || l.LegKind == call.LegOriginate || l.LegKind == call.LegSpy
	}},
	{"queue without a member", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return "", l.Lastapp == "Queue" && l.Dstchannel == ""
	}},
	{"a program took the call", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return "", l.Dstchannel == "" && isProgram(l.Lastapp)
	}},
	{"mailbox, fax", "lastapp dcontext dst", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return call.Prompt, l.LegKind == call.LegVoicemail || l.LegKind == call.LegFax
	}},
	{"people meet in a room", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return call.Human, l.LegKind == call.LegConference && l.Dstchannel != ""
	}},
	{"behind the Local channel no person took it", "dstchannel", 0, func(s *scene, l *leg) (call.AnsweredType, bool) {
		if !l.hollow() {
			return "", false
		}
		s.used(l.inner, "disposition dstchannel lastapp")
		switch end := l.inner.phone(); {
		case l.inner.Disposition != call.Answered, end.LegKind == call.LegUnknown:
			return "", true
		case end.LegKind == call.LegConference && end.Dstchannel != "":
			return call.Human, true
		}
		return call.Prompt, true
	}},
	{"member of a queue", "lastapp dstchannel disposition", 0, func(s *scene, l *leg) (call.AnsweredType, bool) {
		if l.outer != nil && l.outer.Lastapp == "Queue" {
			s.used(l.outer, "lastapp")
			return call.Queue, l.Dstchannel != ""
		}
		return call.Queue, l.Lastapp == "Queue" && l.Dstchannel != ""
	}},
	{"channel of party B", "dstchannel disposition", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return call.Human, l.Dstchannel != ""
	}},
	{"answered without a party B", "dstchannel disposition", 0, func(_ *scene, l *leg) (call.AnsweredType, bool) {
		return call.Prompt, l.Dstchannel == ""
	}},
}
