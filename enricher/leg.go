package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// leg is a row among the rows of its conversation: what its texts say, and which of the others it belongs to. Rules read
// legs and change nothing; what they decide is kept in the call.
type leg struct {
	*call.Call
	Disposition  string // in Asterisk's words, whatever the column holds; rules ask for this one
	a, b         side   // the party that called, and the one that was called
	hangA, hangB hangup // what the hang-up handlers of both parties left in userfield

	// The second half of a Local channel runs the dialplan; its row stands behind the row that called the first half.
	inner, outer *leg
	previous     *leg // the row before it of the same party A
	next         *leg
	parent       *leg // whose party B is this one's party A: it called, or was sent on, after being called itself
	stay         *leg // first row of the stay in a queue that it is part of, or that was the last before it

	pickedUp bool // it rang here, and another phone took the call
	picks    bool // its party B was not called but took a call that rang elsewhere
	stranger bool // its party B was not called by it, and nothing here tells where it came from
	goesOn   bool // the phone behind the Local channel of the row before: that channel stepped out of the way
	consults bool // it belongs to another linkedid: the second call of an attended transfer

	double bool // the same row as another, written twice

	adopts  bool   // nothing of its own tells its organisation
	adopted uint32 // what its siblings tell
}

// scene is what one organisation knows of a conversation: its legs in order of time.
type scene struct {
	u       *understanding
	every   []*leg // legs and doubles
	legs    []*leg
	doubles []*leg // rows that are there twice; they are part of nothing
	root    *leg   // the leg with which the call began
	settled verdicts
	trace   *trace
}

// verdicts that several rules ask for; each is found once.
type verdicts struct {
	direction call.Direction
	human     *leg // the first leg in which two people talked
	last      *leg // the last one of them
	closing   *leg // the caller's own last leg
	outcome   call.Outcome
	ending    call.DisconnectedBy
	sure      uint8 // of ending, percent
}

// start and end of a leg. A row without an end lasts as long as it says.
func (l *leg) start() call.Instant { return l.Calldate }

func (l *leg) end() call.Instant {
	if l.End != call.NoInstant && l.End >= l.Calldate {
		return l.End
	}
	return l.Calldate + call.Instant(max(0, l.Duration)*1000)
}

// answeredBefore tells a row that began on a channel that was up already (asterisk.md 5.3): its billsec says nothing
// about a talk, since Answer(), a queue or a menu had taken the call.
func (l *leg) answeredBefore() bool {
	if l.Billsec > 0 && (l.Disposition != call.Answered || l.Billsec >= l.Duration) {
		return true
	}
	if l.Answer != call.NoInstant && l.Answer <= l.Calldate && l.Billsec == l.Duration {
		return true
	}
	return l.Lastapp == "Queue" && l.answeredLate()
}

// lateAnswer is how many seconds after the call came a dialplan answers it at most, by Wait(1) and what its own steps take.
const lateAnswer = 2

// answeredLate tells a caller's first row in a queue whose answer is rather that of Answer() than that of the member. A phone
// that rang beside and found the channel up is proof, and so is what the queue says of the wait; without these, so few
// seconds are no wait that one may build upon.
func (l *leg) answeredLate() bool {
	if l.previous != nil || l.inner != nil || l.Disposition != call.Answered || l.Dstchannel == "" || l.Billsec == 0 {
		return false
	}
	until := l.Duration - l.Billsec
	if last := l.lastOfChain(); last.has("queue_wait_time") && last.isAbout(l) {
		return last.QueueWaitTime > until+1
	}
	if n := l.next; n != nil && n.Lastapp == "Queue" && n.start() < l.end() {
		return n.Disposition != call.Answered && n.Billsec > 0 && n.Billsec >= n.Duration
	}
	return until <= lateAnswer
}

// arrange puts the rows of a conversation in order and ties them to each other.
func (s *scene) arrange() {
	slices.SortFunc(s.every, func(a, b *leg) int {
		return cmp.Or(cmp.Compare(a.Calldate, b.Calldate), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.ID, b.ID))
	})
	s.setDoublesAside()
	for i, l := range s.legs {
		l.inner, l.outer, l.previous, l.next, l.parent = nil, nil, nil, nil, nil
		l.pickedUp, l.picks, l.stranger = false, false, false
		for _, earlier := range s.legs[:i] {
			if earlier.Uniqueid == l.Uniqueid && l.Uniqueid != "" && earlier.Channel == l.Channel {
				l.previous = earlier
			}
			if earlier.Dstchannel != "" && earlier.Dstchannel == l.Channel {
				l.parent = earlier
			}
		}
		if l.previous != nil {
			l.previous.next = l
		}
		l.stay = l.findStay()
	}
	if len(s.legs) > 1 {
		s.pairHalves()
	}
	s.root = s.findRoot()
	for _, l := range s.legs {
		l.consults = s.root.ConversationKey() != "" && l.Linkedid != s.root.Linkedid && len(s.legs) > 1
	}
	s.findPickups()
	for _, l := range s.legs {
		p := l.previous
		l.goesOn = p != nil && l.Dstchannel != "" && p.b.local && p.inner != nil && p.phone().Dstchannel == l.Dstchannel
		l.stranger = !l.goesOn && s.isStranger(l)
	}
}

// rank orders rows of one second in a table without sequence: what a Local channel's dialplan did comes after the row that
// called the channel, although it is written first.
func (l *leg) rank() int {
	if l.a.isHalf('2') {
		return 1
	}
	return 0
}

// pairHalves ties the row that called Local/…;1 to the row of Local/…;2.
func (s *scene) pairHalves() {
	for _, l := range s.legs {
		if !l.a.isHalf('2') {
			continue
		}
		for _, o := range s.legs {
			if o.b.isHalf('1') && o.b.base == l.a.base && !o.isBehind(l) {
				// Of several rows of one inner channel the one that reached somebody counts.
				l.outer = o
				if o.inner == nil || o.inner.Dstchannel == "" || (l.Disposition == call.Answered && l.Dstchannel != "") {
					o.inner = l
				}
			}
		}
	}
}

// isBehind tells a row that is l or stands behind it: channels that call each other in a circle are tied once.
func (l *leg) isBehind(first *leg) bool {
	for o := l; o != nil; o = o.outer {
		if o == first {
			return true
		}
	}
	return false
}

// findRoot is the row with which the call began: that of the channel that gave the conversation its linkedid, else the
// oldest that is not the inside of another.
func (s *scene) findRoot() *leg {
	for _, l := range s.legs {
		if l.Uniqueid != "" && l.Uniqueid == l.ConversationKey() && l.outer == nil {
			return l
		}
	}
	for _, l := range s.legs {
		if !l.a.isHalf('2') && l.Lastapp != "AppDial" {
			return l
		}
	}
	return s.legs[0]
}

// findPickups finds the rows of a ringing phone whose call another phone took: Asterisk writes the phone a row of its own
// (application AppDial, no party B), ends the caller's row and begins another with the phone that took it. Whether the
// row of the phone that rang says ANSWERED or NO ANSWER is chance.
func (s *scene) findPickups() {
	for _, p := range s.legs {
		if p.Lastapp != "AppDial" || p.Dstchannel != "" || p.outer != nil {
			continue
		}
		for _, rang := range s.legs {
			if rang.Dstchannel != p.Channel || rang == p {
				continue
			}
			rang.pickedUp, p.pickedUp = true, true
			for n := rang.next; n != nil; n = n.next { // the phones that rang beside it come in between
				if n.Dstchannel != "" && n.Dstchannel != rang.Dstchannel && !n.dialled() && n.start() >= rang.end()-1000 {
					n.picks = true
					break
				}
			}
		}
	}
	for _, l := range s.legs {
		// Where unanswered rows are not written, the phone that rang has no row: its caller's row ends without a second
		// of talk, and goes on at once with a phone that it did not call.
		n := l.next
		if n == nil || l.pickedUp || l.Lastapp != "Dial" || l.Dstchannel == "" || l.Billsec > 0 || l.b.local {
			continue
		}
		if n.Disposition == call.Answered && n.Dstchannel != "" && n.Dstchannel != l.Dstchannel && !n.b.local && n.answeredBefore() && n.start() >= l.end()-1000 && n.start() <= l.end()+1000 &&
			n.Lastdata == l.Lastdata && !n.dialled() {
			l.pickedUp, n.picks = true, true
		}
	}
}

// isStranger tells a row that was bridged with a channel it never called, as after an attended transfer: the other party
// was called by somebody else, perhaps in a conversation with another linkedid. Either party A had talked before and goes
// on with somebody else without another Dial, or it was called itself and never dialled.
func (s *scene) isStranger(l *leg) bool {
	if l.Dstchannel == "" || l.picks || l.inner != nil || l.b.local || l.Disposition != call.Answered || !l.answeredBefore() {
		return false
	}
	switch l.Lastapp {
	case "Park", "ParkedCall":
		return true
	case "Queue", "ConfBridge", "MeetMe", "Page", "Pickup", "PickupChan", "FollowMe", "ChanSpy", "ExtenSpy":
		return false
	case "Dial":
		before := l.earlierTalk()
		return before != nil && before.Lastdata == l.Lastdata && before.Dstchannel != l.Dstchannel && !l.dialled()
	}
	return l.parent != nil
}

// dialled tells whether the row's Dial named its party B. Other applications name nobody.
func (l *leg) dialled() bool {
	if l.Lastapp != "Dial" {
		return false
	}
	if l.b.endpoint == "" {
		return true
	}
	targets, _, _ := strings.Cut(l.Lastdata, ",")
	for targets != "" {
		var target string
		target, targets, _ = strings.Cut(targets, "&")
		_, resource, _ := strings.Cut(target, "/")
		for resource != "" {
			var piece string
			if i := strings.IndexAny(resource, "@/"); i >= 0 {
				piece, resource = resource[:i], resource[i+1:]
			} else {
				piece, resource = resource, ""
			}
			if piece == l.b.endpoint || strings.HasSuffix(piece, "-"+l.b.endpoint) {
				return true
			}
		}
	}
	return false
}
