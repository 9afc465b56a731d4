package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// legKindRules say what part of its conversation a row is; lastapp is the last application that ran on party A's channel
// (asterisk.md 5.4).
var legKindRules = []rule[call.LegKind]{
	{"the same row once more", "uniqueid sequence calldate dstchannel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegDuplicate, l.double
	}},
	{"supervision listens to another call", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegSpy, l.Lastapp == "ChanSpy" || l.Lastapp == "ExtenSpy"
	}},
	{"a ringing phone whose call another phone took", "lastapp channel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegPickup, l.Lastapp == "AppDial" && l.Dstchannel == "" && l.pickedUp
	}},
	{"the PBX called party A by itself", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegOriginate, (l.Lastapp == "AppDial2" || l.Lastapp == "AppDial") && l.Dstchannel == ""
	}},
	{"party B took a call that rang elsewhere", "dstchannel lastdata", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		if l.picks {
			s.used(l.previous, "dstchannel")
		}
		return call.LegPickup, l.picks || l.Lastapp == "Pickup" || l.Lastapp == "PickupChan"
	}},
	{"room application", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegConference, isConference(l.Lastapp)
	}},
	{"mailbox application", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegVoicemail, isMailbox(l.Lastapp)
	}},
	{"parking application", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegParking, l.Lastapp == "Park" || l.Lastapp == "ParkedCall" || l.Lastapp == "ParkAndAnnounce"
	}},
	{"fax application", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegFax, l.Lastapp == "SendFAX" || l.Lastapp == "ReceiveFAX" || l.Lastapp == "SendFax" || l.Lastapp == "ReceiveFax"
	}},
	{"second call of an attended transfer", "linkedid dstchannel", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		return call.LegConsult, l.consults && !l.stranger && s.joinedBy(l) != nil
	}},
	{"the Local channel stepped aside for the phone behind it", "dstchannel lastapp", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		if !l.goesOn {
			return "", false
		}
		s.used(l.previous.phone(), "dstchannel")
		if l.Lastapp == "Queue" {
			return call.LegQueue, true
		}
		return call.LegDial, true
	}},
	{"party A was in another call meanwhile", "channel calldate", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		if l.parent == nil || l.Dstchannel == "" || !l.parent.talked() || l.start() >= l.parent.end()-1000 {
			return "", false
		}
		s.used(l.parent, "dstchannel calldate duration")
		return call.LegConsult, true
	}},
	{"party B was called by another leg", "dstchannel lastapp lastdata", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		return call.LegTransfer, l.stranger && (l.previous != nil || l.parent != nil)
	}},
	{"party A was called itself and was sent on", "channel", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		if l.parent == nil || l.Dstchannel == "" {
			return "", false
		}
		s.used(l.parent, "dstchannel")
		return call.LegTransfer, true
	}},
	{"party A had talked and called again", "uniqueid dstchannel", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		talked := l.earlierTalk()
		if talked == nil || l.Dstchannel == "" && l.Lastapp != "Dial" && l.Lastapp != "Queue" {
			return "", false
		}
		s.used(talked, "disposition dstchannel")
		return call.LegTransfer, true
	}},
	{"dialplan behind a Local channel", "channel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegForward, l.a.isHalf('2')
	}},
	{"nothing came of it after the call proper", "duration dstchannel uniqueid lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegTail, l.previous != nil && l.Dstchannel == "" && (l.Duration == 0 || isTone(l.Lastapp) && l.Disposition != call.Answered)
	}},
	{"queue application", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegQueue, l.Lastapp == "Queue"
	}},
	{"mailbox context", "dcontext", 0, func(s *scene, l *leg) (call.LegKind, bool) {
		return call.LegVoicemail, l.Dstchannel == "" && l.Disposition == call.Answered && s.u.rules.contextKind(l.Dcontext) == voicemailContext
	}},
	{"mailbox of FreePBX", "dcontext dst", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegVoicemail, l.Dstchannel == "" && l.Disposition == call.Answered && l.Dcontext == "ext-local" && isMailboxOfFreePBX(l.Dst)
	}},
	{"it called somebody", "lastapp dstchannel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegDial, l.Dstchannel != "" || l.Lastapp == "Dial" || l.Lastapp == "FollowMe"
	}},
	{"a program took the call", "lastapp", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegUnknown, isProgram(l.Lastapp)
	}},
	{"answered without a party B", "disposition dstchannel", 0, func(_ *scene, l *leg) (call.LegKind, bool) {
		return call.LegPrompt, l.Disposition == call.Answered || isPrompt(l.Lastapp)
	}},
}

// earlierTalk is an earlier leg of the same party A in which it talked, and which was over when this one began: phones that
// rang together have rows that begin together.
func (l *leg) earlierTalk() *leg {
	for p := l.previous; p != nil; p = p.previous {
		if p.talked() && p.end() <= l.start()+1000 {
			return p
		}
	}
	return nil
}

// talked tells a leg in which party A and party B were connected.
func (l *leg) talked() bool {
	return l.Disposition == call.Answered && l.Dstchannel != "" && !l.pickedUp && !isConference(l.Lastapp) && !l.hollow()
}

// hollow tells a row that says ANSWERED because a Local channel was, behind which no person was found but a mailbox, an
// announcement, or nobody.
func (l *leg) hollow() bool {
	return l.b.local && l.inner != nil && !l.inner.talked()
}

// joinedBy is the leg of this conversation whose party B came from the consultation call c.
func (s *scene) joinedBy(c *leg) *leg {
	for _, l := range s.legs {
		if l.Linkedid != c.Linkedid && l.Dstchannel != "" && (l.Dstchannel == c.Dstchannel || l.Dstchannel == c.Channel || l.Channel == c.Dstchannel) {
			return l
		}
	}
	return nil
}

func isConference(app string) bool {
	return app == "ConfBridge" || app == "MeetMe" || app == "Page"
}

func isMailbox(app string) bool {
	return app == "VoiceMail" || app == "VoiceMailMain" || app == "VoiceMailPlayMsg" || app == "MiniVM" || strings.HasPrefix(app, "Minivm") || app == "Voicemail"
}

// isMailboxOfFreePBX tells the extensions of ext-local that lead to a mailbox: vmu101 where nobody answered, vmb101 where 101
// was busy, vms101 without a greeting, vmi101 with instructions only. What runs behind VoiceMail is written over it in such a
// row: Hangup, or a goodbye (asterisk.md 5.4).
func isMailboxOfFreePBX(dst string) bool {
	return len(dst) > 3 && strings.HasPrefix(dst, "vm") && strings.IndexByte("ubsi", dst[2]) >= 0 && isDigits(dst[3:])
}

// isProgram tells the applications that give the call to a program, which may be a menu, a bot, or lead to a person (asterisk.md
// 5.4).
func isProgram(app string) bool {
	switch app {
	case "AGI", "EAGI", "DeadAGI", "FastAGI", "Stasis", "AudioSocket", "ExternalMedia", "ExternalIVR":
		return true
	}
	return false
}

// isTone tells the applications that tell a caller how the call ended.
func isTone(app string) bool {
	return app == "Congestion" || app == "Busy" || app == "Playtones" || app == "Hangup"
}

// isPrompt tells the applications that play to a caller or listen to keys.
func isPrompt(app string) bool {
	switch app {
	case "Background", "BackGround", "Playback", "Read", "WaitExten", "SayDigits", "SayNumber", "ControlPlayback", "Playtones", "Ringing", "Progress",
		"Wait", "MusicOnHold", "Festival", "Echo", "Milliwatt", "Authenticate", "DISA", "Answer":
		return true
	}
	return false
}
