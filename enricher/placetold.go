package main

// placeCallers corrects what only the looks of a name tell of party A: a trunk may be called 200100 and a phone alice. The
// rows of one channel are about one party, so that what tells on any of them holds for all; that a call came from outside
// outweighs an inside context, which a transfer or a Goto may have written over the one that it came in.
func (u *understanding) placeCallers() {
	for _, told := range [...]place{inside, outside} {
		done := ""
		for _, l := range u.order {
			if !l.a.guessed || l.Channel == done || u.rules.callerTold(l) != told {
				continue
			}
			done = l.Channel
			if u.wasCalled(l.Channel) {
				continue // it runs in the dialplan of whoever called it
			}
			for _, o := range u.order {
				if o.Channel == l.Channel {
					o.a.place = told
				}
			}
		}
	}
}

// wasCalled tells a channel that is party B of another row.
func (u *understanding) wasCalled(channel string) bool {
	for _, l := range u.order {
		if l.Dstchannel == channel {
			return true
		}
	}
	return false
}

// callerTold is where the row says that party A is, absent where it says nothing: first by its context, then by the column
// did (asterisk.md 5.5). Calls from outside are sent through inside contexts, too, so that such a context counts only
// where the caller's own number is one of the inside. A numbered phone that calls by such a number stays one.
func (r *rules) callerTold(l *leg) place {
	numbered := isExtension(l.a.endpoint)
	short := l.Src == l.a.endpoint || isExtension(l.Src) || r.isListedExtension(l.Src)
	if numbered && short || l.Lastapp == "AppDial" || l.Lastapp == "AppDial2" {
		return absent // the PBX rang it, or it is what it looks like
	}
	kind := r.contextKind(l.Dcontext)
	switch {
	case kind == inboundContext && !(numbered && l.Dcontext == "from-did-direct"): // FreePBX's way to an extension from anywhere
		return outside
	case l.site("did") != "":
		return outside
	case kind != internalContext && kind != outboundContext:
		return absent
	case short, isExtension(l.site("cnum")):
		return inside
	}
	return absent
}
