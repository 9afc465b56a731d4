package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// queueRules name the queue of a leg: the column where the dialplan sets it, else what Queue() was given.
var queueRules = []rule[string]{
	{"column queue_name", "queue_name", 0, func(_ *scene, l *leg) (string, bool) {
		return l.QueueName, l.QueueName != ""
	}},
	{"argument of Queue()", "lastapp lastdata", 0, func(_ *scene, l *leg) (string, bool) {
		return l.queueCalled()
	}},
	{"queue that called this Local channel", "channel", 0, func(s *scene, l *leg) (string, bool) {
		for o := l.outer; o != nil; o = o.outer {
			if name, ok := o.queue(); ok {
				s.used(o, "queue_name lastdata")
				return name, true
			}
		}
		return "", false
	}},
}

func (l *leg) queueCalled() (string, bool) {
	if l.Lastapp != "Queue" {
		return "", false
	}
	name, _, _ := strings.Cut(l.Lastdata, ",")
	return strings.TrimSpace(name), strings.TrimSpace(name) != ""
}

func (l *leg) queue() (string, bool) {
	if l.QueueName != "" {
		return l.QueueName, true
	}
	return l.queueCalled()
}

// waited is the queue_wait_time that the dialplan left on a row of the same party A. Only the last row of a chain has it, and
// what it says is about the queue that the caller was in last.
func (s *scene) waited(l *leg) (int64, bool) {
	for o := l.firstOfChain(); o != nil; o = o.next {
		if o.has("queue_wait_time") && o.isAbout(l) {
			s.used(o, "queue_wait_time")
			return o.QueueWaitTime, true
		}
	}
	return call.NoSeconds, false
}

// isAbout tells whether what a row of the chain says of a queue is about the stay that queued is a row of: l is a row of that
// stay, or no other one was between.
func (l *leg) isAbout(queued *leg) bool { return l.stay != nil && l.stay == queued.stay }

// findStay goes no further back than to the row before, which has found its own: a wait of an hour leaves a thousand rows,
// and each of them is asked for its stay by each of the others.
func (l *leg) findStay() *leg {
	p := l.previous
	if l.Lastapp == "Queue" {
		if p == nil || !p.isIn(p.stay) {
			return l
		}
		name, _ := l.queue()
		if before, _ := p.queue(); before != name {
			return l
		}
	}
	if p == nil {
		return nil
	}
	return p.stay
}

// isIn tells a row of the stay in a queue that began with first. Rows of other applications, and other queues, end a stay.
func (l *leg) isIn(first *leg) bool { return l.Lastapp == "Queue" && l.stay == first }

func (l *leg) firstOfChain() *leg {
	for l.previous != nil {
		l = l.previous
	}
	return l
}

func (l *leg) lastOfChain() *leg {
	for l.next != nil {
		l = l.next
	}
	return l
}

// has tells whether the row itself says something in a standard column.
func (l *leg) has(column string) bool {
	v, ok := columnOf(l.Call, column).(string)
	return ok && v != ""
}

// queueWaitRules say how long the caller waited in the queue, in seconds.
var queueWaitRules = []rule[int64]{
	{"column queue_wait_time of the caller's last row", "queue_wait_time", 0, func(s *scene, l *leg) (int64, bool) {
		if l.Lastapp != "Queue" {
			return 0, false
		}
		return s.waited(l)
	}},
	{"from the row's start to the member's answer", "calldate answer", 0, func(_ *scene, l *leg) (int64, bool) {
		if first := l.stay; l.Lastapp != "Queue" || !l.talked() || first.answeredBefore() || first.previous != nil {
			return 0, false
		}
		answer := l.phone().answered()
		if answer == call.NoInstant {
			return 0, false
		}
		return int64(answer-l.firstOfChain().start()) / 1000, true
	}},
	{"from the row's start to the end, unanswered", "calldate end", 0, func(_ *scene, l *leg) (int64, bool) {
		first := l.stay
		if l.Lastapp != "Queue" || l.talked() || first.answeredBefore() || first.previous != nil {
			return 0, false
		}
		for o := first; o != nil; o = o.next {
			if o.talked() || !o.isIn(first) && o.Duration > 0 {
				return 0, false
			}
		}
		return int64(l.lastOfChain().end()-first.start()) / 1000, true
	}},
}

// agentRules name the member that answered from the queue, as app_queue names its interfaces.
var agentRules = []rule[string]{
	{"column answered_agent of the caller's last row", "answered_agent", 0, func(s *scene, l *leg) (string, bool) {
		if l.Lastapp != "Queue" {
			return "", false
		}
		for o := l.firstOfChain(); o != nil; o = o.next {
			if o.AnsweredAgent != "" && o.isAbout(l) {
				s.used(o, "answered_agent")
				return o.AnsweredAgent, true
			}
		}
		return "", false
	}},
	{"channel that the queue was connected with", "dstchannel disposition", 0, func(_ *scene, l *leg) (string, bool) {
		if l.Lastapp != "Queue" || !l.talked() {
			return "", false
		}
		name := strings.TrimSuffix(l.Dstchannel, ";1")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		return name, name != ""
	}},
}

// queueEnd says how a wait without an answer ended: the queue's own time was up, or the caller left. Where the rows show that
// the caller was still there, and nothing that the time was up, nobody took the call and that is all.
func (s *scene) queueEnd(l *leg) call.Outcome {
	if l.talked() {
		return call.OutcomeAnswered
	}
	_, after := s.stayFrom(l.stay)
	switch s.stayEnd(l.stay, after) {
	case call.EntryTimeout:
		return call.OutcomeQueueTimeout
	case call.EntryExit:
		return call.OutcomeMissed
	}
	return call.OutcomeAbandoned
}

// stayEnd says how a stay ended that no member took; after is the row of where the caller went on. A queue without a limit
// never gives a caller up, nor does one before its time: a key, or members who logged out, end a wait as well.
func (s *scene) stayEnd(first, after *leg) call.EntryOutcome {
	last, limit := first.lastOfChain(), queueLimit(first.Lastdata)
	left := last.hangA.source == last.Channel
	// At most so long, since what was before the queue may be in the first row. Rows are cut to whole seconds.
	most := int64(last.end()-first.start()) / 1000
	if after != nil {
		most = int64(after.start()-first.start()) / 1000
	}
	possible := limit > 0 && most >= limit-1
	if waited, ok := s.waited(first); ok {
		if limit > 0 && waited >= limit {
			s.used(first, "lastdata")
			return call.EntryTimeout
		}
		possible = false
	}
	// A row of a channel that was up before began with the menu, perhaps, and not with the queue.
	exact := !first.answeredBefore() && (after != nil || !left)
	if first.previous != nil {
		exact = after != nil
	}
	switch {
	case possible && most >= limit && exact:
		s.used(first, "calldate lastdata")
		return call.EntryTimeout
	case after != nil:
		s.used(after, "calldate lastapp")
		return call.EntryExit
	case strings.HasPrefix(last.hangA.source, "dialplan/"):
		s.used(last, "userfield")
		if possible {
			return call.EntryTimeout
		}
		return call.EntryExit
	case last != first && last.wasHeard() && !left:
		s.used(last, "lastapp dst")
		return call.EntryExit
	}
	return call.EntryAbandoned
}

// wasHeard tells a row in which the dialplan had something to tell the caller, or put the call down: there was a caller yet.
func (l *leg) wasHeard() bool {
	return l.Dstchannel == "" && !l.tidiesUp() && (isTone(l.Lastapp) || isPrompt(l.Lastapp))
}

// tidiesUp tells a row of what the dialplan did when the caller had gone: in the extension h, or in a hang-up handler, which
// ends in Return().
func (l *leg) tidiesUp() bool {
	return l.Dstchannel == "" && (l.Dst == "h" || l.Dcontext == "macro-hangupcall" || l.Lastapp == "Return")
}
