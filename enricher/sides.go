package main

import "strings"

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
		s.place = inside
	default:
		switch c.tech {
		case "PJSIP", "SIP", "IAX2", "OOH323", "H323", "Motif":
			s.place, s.unlisted = outside, r.listsTrunks()
		case "DAHDI", "Zap", "Dongle", "Quectel":
			s.place = outside
		}
	}
	return s
}

// placeUnlisted decides where a party is that looks like a trunk and is not listed as one: from the outside in a context that
// trunks enter, and to the outside where Dial was given a number for it.
func (u *understanding) placeUnlisted(l *leg) {
	if l.a.unlisted && u.rules.contextKind(l.Dcontext) != inboundContext {
		l.a.place = nowhere
	}
	if l.b.unlisted && !strings.Contains(l.Lastdata, "@"+l.b.endpoint) && !strings.Contains(l.Lastdata, "/"+l.b.endpoint+"/") {
		l.b.place = nowhere
	}
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

// dialledPlace tells where a Dial that never got a channel was bound: Dial(PJSIP/number@trunk,…) or Dial(PJSIP/1001,…).
func (r *rules) dialledPlace(lastdata string) place {
	target, _, _ := strings.Cut(lastdata, ",")
	target, _, _ = strings.Cut(target, "&")
	_, resource, ok := strings.Cut(target, "/")
	if !ok {
		return absent
	}
	if _, trunk, ok := strings.Cut(resource, "@"); ok && !strings.HasPrefix(target, "Local/") {
		resource = trunk
	}
	resource, _, _ = strings.Cut(resource, "/")
	if strings.HasPrefix(target, "Local/") || !r.isTrunk(resource) && (isExtension(resource) || r.isListedExtension(resource)) {
		return inside
	}
	return outside
}
