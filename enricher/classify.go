package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
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
}

// sideOf a channel: configured trunks first, then Local channels and numeric endpoints, which are phones. Any other
// endpoint of a telephony technology is a trunk, since phones of a call centre are numbered.
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
	case matches(r.trunks, c.endpoint):
		s.place = outside
	case c.tech == "Local":
		s.place, s.local = inside, true
	case isExtension(c.endpoint):
		s.place = inside
	default:
		switch c.tech {
		case "PJSIP", "SIP", "IAX2", "DAHDI", "Zap", "Dongle", "OOH323", "H323", "Motif", "Quectel":
			s.place = outside
		}
	}
	return s
}

// direction of a row: from where party A called, and where party B is; without a party B the context that party A
// entered decides. Number lengths never do.
func (r *rules) direction(c *call.Call, a, b side) call.Direction {
	from := a.place
	if from == nowhere || from == absent {
		switch {
		case matches(r.inbound, c.Dcontext):
			from = outside
		case matches(r.internal, c.Dcontext):
			from = inside
		}
	}
	to := b.place
	if to == absent && c.Lastapp == "AppDial2" {
		// The PBX itself rang this phone (click to call, a call file) and it never got to where it was to go.
		return call.UnknownDirection
	}
	if to == absent && c.Lastapp == "Dial" {
		to = r.dialled(c.Lastdata)
	}
	switch {
	case from == outside && to == outside:
		return call.Transit
	case from == outside:
		return call.Inbound
	case from == inside && to == outside:
		return call.Outbound
	case from == inside && to == nowhere:
		return call.UnknownDirection
	case from == inside:
		return call.Internal
	}
	return call.UnknownDirection
}

// dialled tells where a Dial that never got a channel was bound: Dial(PJSIP/number@trunk,…) or Dial(PJSIP/1001,…).
func (r *rules) dialled(lastdata string) place {
	target, _, _ := strings.Cut(lastdata, ",")
	target, _, _ = strings.Cut(target, "&")
	_, resource, ok := strings.Cut(target, "/")
	if !ok {
		return absent
	}
	if _, trunk, ok := strings.Cut(resource, "@"); ok && !strings.HasPrefix(target, "Local/") {
		if isExtension(trunk) {
			return inside
		}
		return outside
	}
	if isExtension(resource) || strings.HasPrefix(target, "Local/") {
		return inside
	}
	return outside
}
