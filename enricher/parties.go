package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// didRules name the number that an outside caller dialled. Goto and transfers overwrite dst, so it is taken only where
// something says that this is still it.
var didRules = []rule[string]{
	{"column did", "did", 0, func(s *scene, l *leg) (string, bool) {
		v := l.site("did")
		return v, v != ""
	}},
	{"number of the list", "dst", 0, func(s *scene, l *leg) (string, bool) {
		return l.Dst, l.Dst != "" && s.u.rules.isDID(l.Dst)
	}},
	{"dst in a context that trunks enter", "dst dcontext", 0, func(s *scene, l *leg) (string, bool) {
		return l.Dst, isNumber(l.Dst) && s.u.rules.contextKind(l.Dcontext) == inboundContext
	}},
	{"dst before anything was dialled, too long for an extension", "dst channel", 0, func(s *scene, l *leg) (string, bool) {
		return l.Dst, isNumber(l.Dst) && !s.isInsideNumber(l.Dst) && l.previous == nil && !l.goesOnTalking()
	}},
}

// did of the conversation: that of the caller's first row that tells.
func (s *scene) did() string {
	if s.origin(s.root) != outside && !(s.origin(s.root) == nowhere && s.settled.direction == call.Inbound) {
		return ""
	}
	for l := s.root; l != nil; l = l.next {
		if did, _ := choose(s, l, "did", didRules, ""); did != "" {
			return did
		}
	}
	return ""
}

// goesOnTalking tells a leg that talked and went on to somebody else under the same dst: a blind transfer writes its target
// over the dst of the rows before it as well.
func (l *leg) goesOnTalking() bool {
	if !l.talked() {
		return false
	}
	for n := l.next; n != nil; n = n.next {
		if n.Dstchannel != "" && n.Dst == l.Dst {
			return true
		}
	}
	return false
}

// isNumber tells a dialled number: digits, perhaps behind a plus; not a label that dialplan jumped to.
func isNumber(text string) bool {
	if len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) >= 3
}

// trunk of a leg: where it went out, else where it came in.
func (l *leg) trunk() string {
	switch outside {
	case l.b.place:
		return l.b.endpoint
	case l.a.place:
		return l.a.endpoint
	}
	return ""
}

// callerExtension is the phone that called. The dialplan behind a Local channel calls for whoever called that.
func (s *scene) callerExtension(l *leg) string {
	from := l.outermost()
	switch {
	case from.a.place != inside, from.a.isHalf('2'), from.a.local && !s.isInsideNumber(from.a.endpoint):
		return ""
	case l.LegKind == call.LegOriginate, l.pickedUp && l.Dstchannel == "":
		return ""
	}
	return from.a.endpoint
}

// outermost is the leg behind whose Local channels l stands, or l itself: its party A is the one whose number src is.
func (l *leg) outermost() *leg {
	for n := 0; l.outer != nil && n < 8; n++ {
		l = l.outer
	}
	return l
}

// caller of a leg in E.164: numbers are written as the trunk that brought them does. Where lines write them differently, a
// row of the dialplan behind a Local channel has to wait for the row that called it: else it were somebody else's number.
func (s *scene) caller(l *leg) string {
	from := l.outermost()
	if from.tellsTrunk(l.Src) || s.origin(from) == nowhere && from.a.local && s.u.rules.numbersDifferByTrunk(l.Source) {
		return ""
	}
	return s.number(l, l.Src, from.a)
}

// tellsTrunk tells a text that is the name of the trunk by which party A came: so do trunks write callers who keep their
// numbers back.
func (l *leg) tellsTrunk(text string) bool {
	return text != "" && l.a.place == outside && text == l.a.endpoint
}

// callee of a leg in E.164: what was dialled, to the trunk or by the outside caller.
func (s *scene) callee(l *leg) string {
	if l.Did != "" && l.b.place != outside {
		return s.number(l, l.Did, s.root.a)
	}
	return s.number(l, l.Dst, l.b)
}

func (s *scene) number(l *leg, text string, party side) string {
	trunk := ""
	if party.place == outside {
		trunk = party.endpoint
	}
	return s.u.numbers.e164(text, s.u.rules.numbering(l.Source, trunk))
}

// withheld tells whether the caller kept the number back.
func (s *scene) withheld(l *leg) bool {
	from := l.outermost()
	return withheldNumber(l.Src, l.Clid, func(text string) bool {
		return s.u.rules.isWithheldWord(text) || from.tellsTrunk(text)
	})
}

// nameOf an extension, as the site lists it.
func (r *rules) nameOf(org uint32, extension string) string {
	if extension == "" {
		return ""
	}
	name, _, _ := r.extension(org, extension)
	return name
}

// sourceName is the caller's name: the site's for an extension, else the one in the caller id.
func (s *scene) sourceName() string {
	if name := s.u.rules.nameOf(s.root.OrgID, s.root.CallerExtension); name != "" {
		return name
	}
	name := callerName(s.root.Clid)
	if s.u.rules.isWithheldWord(name) || s.root.tellsTrunk(name) {
		return "" // "Anonymous" is nobody's name, nor is the trunk's
	}
	return name
}

// listed tells whether the site's names say more than the row of a conversation of one leg.
func (s *scene) listed() bool {
	l := s.root
	return l.picks || s.u.rules.nameOf(l.OrgID, l.RangExtension) != "" || s.u.rules.nameOf(l.OrgID, l.Dst) != "" ||
		s.u.rules.nameOf(l.OrgID, l.CallerExtension) != "" || s.requested() != l.Dst
}

// tags of a leg: those of the extensions that took part and of the queue, that of the hours, and where the site says so
// the row's own userfield.
func (s *scene) tags(l *leg) []string {
	r := s.u.rules
	var tags []string
	for _, extension := range [...]string{l.CallerExtension, l.RangExtension, l.AnsweredBy} {
		if extension == "" {
			continue
		}
		if _, more, ok := r.extension(l.OrgID, extension); ok {
			tags = addTags(tags, more)
		}
	}
	if l.Queue != "" {
		_, more := r.queue(l.OrgID, l.Queue)
		tags = addTags(tags, more)
	}
	if tag := r.afterHours(l.OrgID, s.root.start().Time()); tag != "" {
		tags = addTags(tags, []string{tag})
	}
	if r.userfieldTags {
		for tag := range strings.SplitSeq(l.Userfield, ",") {
			if tag = strings.TrimSpace(tag); tag != "" && !strings.ContainsAny(tag, "=|{}") {
				tags = addTags(tags, []string{tag})
			}
		}
	}
	return tags
}
