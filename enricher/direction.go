package main

import "github.com/cdrflow/cdrflow/services/call"

// directionRules decide the direction of the whole call, asked of the leg with which it began (asterisk.md 5.5): where
// its party A was, and where the first party B that it tried. Number lengths never do.
var directionRules = []rule[call.Direction]{
	{"the PBX rang this phone first and never got further", "channel lastapp dstchannel", 0, func(s *scene, l *leg) (call.Direction, bool) {
		return call.UnknownDirection, l.Lastapp == "AppDial2" && l.Dstchannel == "" && l.next == nil && len(s.legs) == 1
	}},
	{"channel of party A and of the first party B", "channel dstchannel lastapp lastdata dcontext did src", 0, func(s *scene, l *leg) (call.Direction, bool) {
		return directionBetween(s.origin(l), s.target(l))
	}},
	{"trunk cannot be told from phone, but the context can", "dcontext", 0, func(s *scene, l *leg) (call.Direction, bool) {
		if l.a.local {
			return "", false // its context is the dialplan's, not where the call came from
		}
		switch s.u.rules.contextKind(l.Dcontext) {
		case inboundContext:
			return directionBetween(outside, s.target(l))
		case internalContext, outboundContext:
			return directionBetween(inside, s.target(l))
		}
		return "", false
	}},
	{"site columns of the PBX", "did outbound_cnum", 0, func(_ *scene, l *leg) (call.Direction, bool) {
		if l.site("did") != "" {
			return call.Inbound, true
		}
		return call.Outbound, l.site("outbound_cnum") != ""
	}},
}

func directionBetween(from, to place) (call.Direction, bool) {
	switch {
	case from == outside && to == outside:
		return call.Transit, true
	case from == outside:
		return call.Inbound, true
	case from == inside && to == outside:
		return call.Outbound, true
	case from == inside && to == nowhere:
		return "", false
	case from == inside:
		return call.Internal, true
	}
	return "", false
}

// origin is where a call began. The second half of a Local channel is no beginning: whoever called the first half may be
// inside or outside, and until that row is here nobody knows.
func (s *scene) origin(l *leg) place {
	if l.a.isHalf('2') && l.outer == nil && !s.hasHalf(l.a.base) {
		return nowhere
	}
	return l.a.place
}

// hasHalf tells whether the first half of a Local channel is party A of a leg.
func (s *scene) hasHalf(base string) bool {
	for _, l := range s.legs {
		if l.a.isHalf('1') && l.a.base == base {
			return true
		}
	}
	return false
}

// target is where the first party B of the call is. What was dialled later, a forward or a transfer, does not change a
// call's direction; several trunks tried one after the other are the same attempt.
func (s *scene) target(root *leg) place {
	for _, l := range s.legs {
		if l.Uniqueid != root.Uniqueid && l != root {
			continue
		}
		switch {
		case l.b.local && l.inner != nil && !s.isInsideNumber(l.Dst):
			s.used(l.inner, "channel dstchannel")
			return s.behind(l)
		case l.Dstchannel != "":
			return l.b.place
		case l.Lastapp == "Dial":
			if to := s.u.rules.dialledPlace(l.Lastdata); to != absent {
				return to
			}
		}
	}
	return absent
}

// behind a Local channel stands the place that its dialplan called in the end.
func (s *scene) behind(l *leg) place {
	for range len(s.legs) {
		if l.inner == nil {
			break
		}
		l = l.inner
	}
	if l.Dstchannel == "" {
		return inside
	}
	return l.b.place
}

// isInsideNumber tells a dialled number that is an extension here: calling it is internal, wherever it is forwarded.
func (s *scene) isInsideNumber(number string) bool {
	return isExtension(number) || s.u.rules.isListedExtension(number)
}

// site column of a row, by its lower-case name.
func (l *leg) site(name string) string {
	for i := range l.Extra {
		if l.Extra[i].Name == name {
			return l.Extra[i].Text
		}
	}
	return ""
}

// legDirectionRules give a leg the direction of the whole call, except where the leg itself goes out: a forward to a
// mobile phone is an outbound leg of an internal call, and makes transit of an inbound one.
var legDirectionRules = []rule[call.Direction]{
	{"this leg goes out, although the call did not", "channel dstchannel", 0, func(s *scene, l *leg) (call.Direction, bool) {
		if l.b.place != outside || l.Dstchannel == "" || l == s.root || l.Uniqueid == s.root.Uniqueid && s.target(s.root) == outside {
			return "", false
		}
		if l.a.place == outside && s.calledEarlier(l.Channel) {
			return "", false // the outside party of an outbound call, sent on
		}
		switch s.settled.direction {
		case call.Internal:
			return call.Outbound, true
		case call.Inbound:
			return call.Transit, true
		}
		return "", false
	}},
	{"from where the call began, and where it was bound first", "channel dstchannel", 0, func(s *scene, _ *leg) (call.Direction, bool) {
		s.used(s.root, "channel dstchannel dcontext lastapp lastdata")
		return s.settled.direction, true
	}},
}

// calledEarlier tells a channel that is party B of another leg.
func (s *scene) calledEarlier(channel string) bool {
	for _, l := range s.legs {
		if l.Dstchannel == channel {
			return true
		}
	}
	return false
}
