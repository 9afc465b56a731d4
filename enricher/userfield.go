package main

import (
	"regexp"
	"strings"
)

// hangup is what a site's hang-up handler left in userfield about one party: the channel that ended the call (or
// dialplan/builtin), and the Q.850 cause, 0 to 127, in digits. Both are empty where nothing says.
type hangup struct{ source, cause string }

// parseHangup reads userfield. Asterisk writes party A's value and, behind a semicolon, party B's where that has one; a
// stands for the first and b for the second. patterns are the site's own forms, with groups named source and cause; they
// come before the usual ones: hangupsource=…|hangupcause=…, hs=…,hc=…, a JSON object.
//
// Userfield is also used for quite other things, so what has no such form yields nothing.
func parseHangup(userfield string, patterns []*regexp.Regexp) (a, b hangup) {
	if userfield == "" {
		return a, b
	}
	for _, pattern := range patterns {
		if a, b, ok := matchHangup(userfield, pattern); ok {
			return a, b
		}
	}
	r := hangupReader{text: userfield}
	return r.read()
}

// matchHangup tries a site's pattern on each party's value, and then on the whole, since a site's form may contain the
// semicolon that joins the parties.
func matchHangup(userfield string, pattern *regexp.Regexp) (a, b hangup, ok bool) {
	rest, first := userfield, true
	for joined := true; joined; first = false {
		var part string
		part, rest, joined = strings.Cut(rest, ";")
		h := submatch(strings.TrimSpace(part), pattern)
		switch {
		case h == hangup{}:
		case first:
			a = h
		case b == hangup{}:
			b = h
		}
	}
	if a == b && a == (hangup{}) {
		a = submatch(userfield, pattern)
	}
	return a, b, a != hangup{} || b != hangup{}
}

func submatch(text string, pattern *regexp.Regexp) hangup {
	var h hangup
	groups := pattern.FindStringSubmatch(text)
	for i, name := range pattern.SubexpNames() {
		if groups == nil || groups[i] == "" {
			continue
		}
		switch name {
		case "source":
			h.source = sourceOf(groups[i])
		case "cause":
			h.cause = cause(groups[i])
		}
	}
	return h
}

// hangupKey is what a member of userfield says.
type hangupKey int

const (
	otherKey hangupKey = iota
	sourceKey
	causeKey
	shortCauseKey // hc: two letters mean anything, so it counts beside hs only
	reasonKey     // a SIP Reason header, whose cause stands behind it
)

func keyOf(name string) hangupKey {
	switch name {
	case "hangupsource":
		return sourceKey
	case "hangupcause":
		return causeKey
	}
	switch name = strings.Trim(name, " \"'"); {
	case name == "" || name[0]|0x20 != 'h' && name[0]|0x20 != 'r':
		return otherKey
	case folds(name, "hangupsource"), strings.EqualFold(name, "hs"):
		return sourceKey
	case folds(name, "hangupcause"):
		return causeKey
	case strings.EqualFold(name, "hc"):
		return shortCauseKey
	case strings.EqualFold(name, "reason"):
		return reasonKey
	}
	return otherKey
}

// folds tells whether a name is word but for capitals and what divides its parts: Hangup_Source, hangup-source.
func folds(name, word string) bool {
	n := 0
	for i := range len(name) {
		b := name[i]
		if b == '_' || b == '-' || b == ' ' {
			continue
		}
		if n == len(word) || b|0x20 != word[n] {
			return false
		}
		n++
	}
	return n == len(word)
}

// partyHangup gathers one party's members before they are judged together.
type partyHangup struct {
	source, cause       string
	hasSource, hasCause bool
	short               bool
}

// set keeps a member and tells false for one that the party has already.
func (p *partyHangup) set(key hangupKey, value string) bool {
	switch key {
	case sourceKey:
		if p.hasSource {
			return false
		}
		p.source, p.hasSource = value, true
	case causeKey, shortCauseKey:
		if p.hasCause {
			return false
		}
		p.cause, p.hasCause, p.short = value, true, key == shortCauseKey
	}
	return true
}

func (p *partyHangup) empty() bool { return !p.hasSource && !p.hasCause }

func (p *partyHangup) hangup() hangup {
	h := hangup{source: sourceOf(p.source)}
	if !p.short || p.hasSource && (h.source != "" || strings.TrimSpace(p.source) == "") {
		h.cause = cause(p.cause)
	}
	return h
}
