package main

import (
	"strconv"
)

// unresolved is nobody's organisation: rows that no rule resolves.
const unresolved = 0

// organisationRules decide whose a leg is. An organisation is never guessed: what nothing resolves belongs to
// organisation 0, which takes an admin to see.
var organisationRules = []rule[uint32]{
	{"account code", "accountcode", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.u.rules.accountOrg(l.Accountcode)
	}},
	{"tenant id", "tenantid", 100, func(s *scene, l *leg) (uint32, bool) {
		for i := range l.Extra {
			if l.Extra[i].Name == "tenantid" {
				return s.u.rules.accountOrg(l.Extra[i].Text)
			}
		}
		return 0, false
	}},
	{"the site says that it belongs to nobody", "did dst channel dstchannel", 100, func(s *scene, l *leg) (uint32, bool) {
		return unresolved, s.u.rules.isNobodys(l)
	}},
	{"number dialled from outside", "did dst channel", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.u.rules.didOrg(s.u.rules.dialledFromOutside(l))
	}},
	{"trunk", "channel dstchannel", 100, func(s *scene, l *leg) (uint32, bool) {
		for _, party := range [...]*side{&l.a, &l.b} {
			if party.place == outside {
				if org, ok := s.u.rules.trunkOrg(party.endpoint); ok {
					return org, true
				}
			}
		}
		return 0, false
	}},
	{"context", "dcontext", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.u.rules.contextOrg(l.Dcontext)
	}},
	{"extension that called", "channel", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.u.rules.extensionOrg(&l.a)
	}},
	{"extension that was called", "dstchannel", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.u.rules.extensionOrg(&l.b)
	}},
	{"the site says that the extension that was called belongs to nobody", "dstchannel", 100, func(s *scene, l *leg) (uint32, bool) {
		return unresolved, s.u.rules.isNobodysPhone(&l.b)
	}},
	{"channel name pattern", "channel dstchannel", 100, func(s *scene, l *leg) (uint32, bool) {
		for _, r := range s.u.rules.channels {
			if r.pattern.MatchString(l.Channel) || (l.Dstchannel != "" && r.pattern.MatchString(l.Dstchannel)) {
				return r.org, true
			}
		}
		return 0, false
	}},
}

// adoptionRules find the organisation of a leg without one among its siblings: accountcode is often missing on the legs
// that the PBX itself begins.
var adoptionRules = []rule[uint32]{
	{"a row of the same channel", "uniqueid", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.sibling(l, func(o *leg) bool { return l.Uniqueid != "" && o.Uniqueid == l.Uniqueid })
	}},
	{"the row that called this channel", "channel", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.sibling(l, func(o *leg) bool { return o == l.outer || o == l.parent || o.inner == l })
	}},
	{"all other legs of the conversation", "linkedid", 100, func(s *scene, l *leg) (uint32, bool) {
		return s.sibling(l, func(*leg) bool { return true })
	}},
}

// sibling organisation: that of the legs that match, when they agree.
func (s *scene) sibling(l *leg, match func(*leg) bool) (org uint32, ok bool) {
	for _, o := range s.every {
		if o == l || o.OrgID == unresolved || !match(o) {
			continue
		}
		if ok && o.OrgID != org {
			return 0, false
		}
		org, ok = o.OrgID, true
		s.used(o, "accountcode channel")
	}
	return org, ok
}

// organisations of all legs: each by itself first, then by its siblings'. What the site says is nobody's stays so.
func (s *scene) organisations() {
	pending := false
	for _, l := range s.every {
		org, decided := choose(s, l, "org_id", organisationRules, unresolved)
		l.OrgID, l.adopts = org, decided == 0
		pending = pending || l.adopts
	}
	if !pending || len(s.every) == 1 {
		return
	}
	for _, l := range s.every {
		if !l.adopts {
			continue
		}
		org, decided := choose(s, l, "org_id", adoptionRules, unresolved)
		if decided > 0 {
			l.adopted = org
		}
	}
	// Only now, so that an adoption is never the evidence for another.
	for _, l := range s.every {
		if l.adopts && l.adopted != unresolved {
			l.OrgID = l.adopted
		}
	}
}

// accountOrg of an account code: by the list, or where the file has none the code itself, as the Call Logs API has it.
func (r *rules) accountOrg(code string) (uint32, bool) {
	if code == "" {
		return 0, false
	}
	if org, ok := r.accountcodes[code]; ok {
		return org, true
	}
	if !r.organisations {
		if org, err := strconv.ParseUint(code, 10, 32); err == nil {
			return uint32(org), true
		}
	}
	return 0, false
}

// isNobodys tells a row whose number, trunk or calling phone the site lists as unassigned. A phone that was called is asked
// for later: the number, the trunk and the caller say more of whose a call is than where it happened to ring.
func (r *rules) isNobodys(l *leg) bool {
	if r.isUnassigned(accountcodeName, l.Accountcode) || r.isUnassigned(didName, r.dialledFromOutside(l)) {
		return true
	}
	for _, party := range [...]*side{&l.a, &l.b} {
		if party.place == outside && r.isUnassigned(trunkName, party.endpoint) {
			return true
		}
	}
	return r.isNobodysPhone(&l.a)
}

func (r *rules) isNobodysPhone(s *side) bool {
	return s.place == inside && r.isUnassigned(extensionName, s.endpoint)
}

// dialledFromOutside is the number by which a call came in: what the column did has, since a Goto to a queue or an extension
// writes over dst. A number there that is not listed may be written in another way, and dst is asked. A phone dials none;
// the dialplan behind a Local channel knows one where the column says so.
func (r *rules) dialledFromOutside(l *leg) string {
	if did := l.site("did"); (l.a.place != inside || l.a.local) && r.isDID(did) {
		return did
	}
	if l.a.place == inside {
		return ""
	}
	return l.Dst
}

func (r *rules) extensionOrg(s *side) (uint32, bool) {
	if s.place != inside {
		return 0, false
	}
	return r.extensionOwner(s.endpoint)
}
