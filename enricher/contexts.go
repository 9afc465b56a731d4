package main

import (
	"iter"
	"strings"
)

// contextKind is what happens in a context of the dialplan.
type contextKind uint8

const (
	noContext        contextKind = iota // nothing is known of it
	inboundContext                      // calls from outside enter here
	internalContext                     // phones call from here
	outboundContext                     // phones call out from here
	ivrContext                          // menus and announcements
	queueContext                        // Queue() runs here
	voicemailContext                    // messages are left here
	blockedContext                      // callers are turned away here
)

func (k contextKind) String() string {
	return [...]string{"nothing", "inbound", "internal", "outbound", "ivr", "queue", "voicemail", "blocked"}[k]
}

// The contexts of FreePBX, Issabel and the prefix__ convention (reference: asterisk.md 5.4, 5.5, 5.10); a file adds to
// them.
var standardContexts = compileStandard([]standardKind{
	{inboundContext, "from-trunk* from-pstn* ext-did* from-did-direct *__incoming_sub"},
	{internalContext, "from-internal* *__internal"},
	{outboundContext, "*__outbound macro-dialout-trunk outbound* outrt-*"},
	{ivrContext, "ivr-*"},
	{queueContext, "ext-queues *__queue"},
	{voicemailContext, "vm-* macro-vm"},
	{blockedContext, "app-blackhole app-blacklist-check bad-number from-sip-external"},
})

type standardKind struct {
	kind     contextKind
	patterns string
}

func compileStandard(kinds []standardKind) *nameTable[contextKind] {
	t := newNameTable[contextKind]()
	for _, k := range kinds {
		for text := range strings.FieldsSeq(k.patterns) {
			p, err := parsePattern(text)
			if err != nil {
				panic(err)
			}
			t.add(text, p, k.kind, spot{})
		}
	}
	return t
}

// contextKind tells what a context is for. The file's lists come before the standard ones.
func (r *rules) contextKind(name string) contextKind {
	if name == "" {
		return noContext
	}
	if kind, ok := r.contexts.find(name); ok {
		return kind
	}
	kind, _ := standardContexts.find(name)
	return kind
}

// isBlocked tells a leg that ended where the dialplan turns callers away. Whoever was connected with somebody was not. What the
// file lists does so always, and the blacklist; other standard contexts do not where the caller had been in a queue or a phone
// had rung: these are where FreePBX sends a call that nobody took, and such a call is lost. In app-blackhole a dialplan ends in
// many ways ("Terminate Call": hangup, busy, congestion, musiconhold), of which two are for callers that are not wanted.
func (r *rules) isBlocked(l *leg) bool {
	switch {
	case l.Dstchannel != "":
		return false
	case l.Lastapp == "Zapateller", l.Lastapp == "PrivacyManager":
		return true
	case r.contextKind(l.Dcontext) != blockedContext:
		return false
	}
	if _, listed := r.contexts.find(l.Dcontext); listed || l.Dcontext == "app-blacklist-check" {
		return true
	}
	for p := l.previous; p != nil; p = p.previous {
		if p.Dstchannel != "" || p.Lastapp == "Queue" {
			return false
		}
	}
	return l.Dcontext != "app-blackhole" || l.Dst == "no-service" || l.Dst == "zapateller"
}

func (l *contextLists) byKind() iter.Seq2[contextKind, []word] {
	return func(yield func(contextKind, []word) bool) {
		for kind, list := range [...][]word{nil, l.Inbound, l.Internal, l.Outbound, l.IVR, l.Queue, l.Voicemail, l.Blocked} {
			if !yield(contextKind(kind), list) {
				return
			}
		}
	}
}
