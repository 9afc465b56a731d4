package main

import (
	"strings"
	"unicode"
)

// place of a party.
type place int

const (
	absent  place = iota // there is no such party
	inside               // a phone of the PBX, or a Local channel of its dialplan
	outside              // a trunk
	nowhere              // a channel that nothing tells about
)

// side is one party of a row.
type side struct {
	place    place
	endpoint string
	local    bool
	guessed  bool   // no list has it: its place is told by the looks of its name, where nothing else does
	unlisted bool   // it looks like a trunk, and the site lists others
	base     string // of a Local channel the name without its half
	half     byte
}

// isHalf tells one half of a Local channel.
func (s *side) isHalf(half byte) bool { return s.local && s.half == half }

// sideOf a channel: configured trunks first, then Local channels and numeric endpoints, which are phones. Any other
// endpoint of a telephony technology is a trunk, since phones of a call centre are numbered; but where the site lists its
// trunks, a name that is not among them may be either, and the context decides. A DAHDI channel with a number is an
// analogue phone or a line to the carrier: only the list tells.
func (r *rules) sideOf(name string) side {
	if name == "" {
		return side{}
	}
	c, ok := parseChannel(name)
	if !ok {
		return side{place: nowhere}
	}
	s := side{endpoint: c.endpoint, place: nowhere}
	switch {
	case r.isTrunk(c.endpoint):
		s.place = outside
	case c.tech == "Local":
		s.place, s.local, s.base, s.half = inside, true, c.base, c.half
	case r.isListedExtension(c.endpoint):
		s.place = inside
	case (c.tech == "DAHDI" || c.tech == "Zap") && isDigits(c.endpoint):
	case isExtension(c.endpoint):
		s.place, s.guessed = inside, true
	default:
		switch c.tech {
		case "PJSIP", "SIP", "IAX2", "OOH323", "H323", "Motif":
			s.place, s.guessed, s.unlisted = outside, true, r.listsTrunks()
		case "DAHDI", "Zap", "Dongle", "Quectel":
			s.place = outside
		}
	}
	return s
}

// placeByDial corrects what a channel name alone makes of a party that the site does not list. Phones are dialled by their
// endpoint, trunks with a number for the far end; and a party A that looks like a trunk while others are listed came from
// outside only in a context that trunks enter.
func (u *understanding) placeByDial(l *leg) {
	if l.a.unlisted && u.rules.contextKind(l.Dcontext) != inboundContext {
		l.a.place = nowhere
	}
	if l.b.guessed && l.b.place == outside && l.Lastapp == "Queue" {
		l.b.place = nowhere // a member that is a phone with a name, or a trunk to a mobile
	}
	if !l.b.guessed || l.Lastapp != "Dial" && !l.b.unlisted {
		return
	}
	switch bare, number := dialForm(l.Lastdata, l.b.endpoint); {
	case number:
		l.b.place = outside
	case bare:
		l.b.place = inside
	case l.b.unlisted:
		l.b.place = nowhere
	}
}

// dialForm tells how an endpoint was dialled: by itself or by the contact of a phone, as PJSIP/zoe and
// PJSIP/zoe/sip:zoe@10.0.0.7 are, or with a number, as PJSIP/0441234567@line, SIP/line/0441234567 and
// PJSIP/line/sip:0441234567@host are.
func dialForm(lastdata, endpoint string) (bare, number bool) {
	targets, _, _ := strings.Cut(lastdata, ",")
	for target := range strings.SplitSeq(targets, "&") {
		_, resource, _ := strings.Cut(target, "/")
		first, rest, divided := strings.Cut(resource, "/")
		dialled, at, _ := strings.Cut(resource, "@")
		user, _, _ := strings.Cut(strings.TrimPrefix(rest, "sip:"), "@")
		switch {
		case divided && first == endpoint && isContactOfPhone(endpoint, rest):
			bare = true
		case divided && first == endpoint:
			bare, number = bare || user == endpoint, number || user != endpoint
		case !divided && at == endpoint && dialled != endpoint:
			number = true
		case resource == endpoint:
			bare = true
		}
	}
	return bare && !number, number
}

// isContactOfPhone tells whether what stands behind an endpoint in PJSIP/1001/sip:user@host is the contact of a phone, which
// FreePBX dials, or the number for a trunk. Phones choose the users of their contacts themselves, and some choose digits: a
// numbered endpoint is a phone, whatever stands there (asterisk.md 5.5), any other one where the user has a letter. The
// column lastdata may have cut the contact off anywhere.
func isContactOfPhone(endpoint, rest string) bool {
	scheme, address, _ := strings.Cut(rest, ":")
	if !strings.HasPrefix("sips", scheme) {
		return false
	}
	if isExtension(endpoint) {
		return true
	}
	user, _, whole := strings.Cut(address, "@")
	if !whole && strings.Contains(user, ".") {
		return false // a host, and no user
	}
	user, _, _ = strings.Cut(user, ";")
	return strings.ContainsFunc(user, unicode.IsLetter)
}

// numberInDial is the number that a Dial was given for a trunk: PJSIP/number@trunk, SIP/trunk/number,
// PJSIP/trunk/sip:number@host.
func numberInDial(lastdata string) string {
	target, _, _ := strings.Cut(lastdata, ",")
	target, _, _ = strings.Cut(target, "&")
	_, resource, _ := strings.Cut(target, "/")
	if _, last, ok := strings.Cut(resource, "/"); ok {
		resource = strings.TrimPrefix(last, "sip:")
	}
	number, _, _ := strings.Cut(resource, "@")
	if !isNumber(number) {
		return ""
	}
	return number
}

// calledByDial is the number that the one target of a Dial stands for: that of the phone whose contact it is, else the one
// for a trunk.
func (r *rules) calledByDial(lastdata string) string {
	_, resource, _ := strings.Cut(lastdata, "/")
	endpoint, rest, _ := strings.Cut(resource, "/")
	if !strings.HasPrefix(rest, "sip") || r.dialledPlace(lastdata) != inside {
		return numberInDial(lastdata)
	}
	if !isDigits(endpoint) {
		return ""
	}
	return endpoint
}

// dialledPlace tells where a Dial that never got a channel was bound: Dial(PJSIP/number@trunk,…), Dial(PJSIP/1001,…) or
// Dial(PJSIP/1001/sip:contact@host,…).
func (r *rules) dialledPlace(lastdata string) place {
	target, _, _ := strings.Cut(lastdata, ",")
	target, _, _ = strings.Cut(target, "&")
	_, resource, ok := strings.Cut(target, "/")
	if !ok {
		return absent
	}
	resource, number, _ := strings.Cut(resource, "/")
	if _, trunk, ok := strings.Cut(resource, "@"); ok && !strings.HasPrefix(target, "Local/") {
		resource = trunk
	}
	switch {
	case r.isTrunk(resource):
		return outside
	case strings.HasPrefix(target, "Local/"), r.isListedExtension(resource):
		return inside
	case (strings.HasPrefix(target, "DAHDI/") || strings.HasPrefix(target, "Zap/")) && isDigits(resource):
		return nowhere
	case number != "" && isContactOfPhone(resource, number):
		return inside
	case !strings.Contains(target, "@") && (number == "" || isExtension(resource)):
		return inside
	}
	return outside
}
