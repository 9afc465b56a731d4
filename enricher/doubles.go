package main

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// setDoublesAside takes rows out that are there twice, as two backends or two ODBC sections on one table write them (asterisk.md
// 5.9): equal in all but their ids. The one with the lower id stays; legs are in order already.
func (s *scene) setDoublesAside() {
	all := s.every
	for i, l := range all {
		l.double = false
		for j := i - 1; j >= 0 && all[j].Calldate == l.Calldate && all[j].Sequence == l.Sequence; j-- {
			if all[j].isSameRow(l) {
				l.double = true
				break
			}
		}
	}
	n := len(all)
	if slices.ContainsFunc(all, func(l *leg) bool { return l.double }) {
		slices.SortStableFunc(all, func(a, b *leg) int {
			switch {
			case a.double == b.double:
				return 0
			case b.double:
				return -1
			}
			return 1
		})
		n = slices.IndexFunc(all, func(l *leg) bool { return l.double })
	}
	s.legs, s.doubles = all[:n], all[n:]
}

func (l *leg) isSameRow(o *leg) bool {
	return l.Uniqueid != "" && l.Uniqueid == o.Uniqueid && l.Channel == o.Channel && l.Dstchannel == o.Dstchannel && l.Lastapp == o.Lastapp &&
		l.Lastdata == o.Lastdata && l.Dst == o.Dst && l.Duration == o.Duration && l.Billsec == o.Billsec && l.Disposition == o.Disposition
}

// judgeDoubles leaves of a second copy whose it is and what it is; all else is said of the first.
func (s *scene) judgeDoubles() {
	for _, l := range s.doubles {
		c := l.Call
		c.RangExtension, c.AnsweredBy, c.AnsweredType, c.CallerExtension = "", "", "", s.callerExtension(l)
		c.Caller, c.Callee, c.Withheld = s.caller(l), s.callee(l), s.withheld(l)
		c.Queue, c.QueueWait, c.Agent, c.Tags = "", call.NoSeconds, "", nil
		c.RingTime, c.TalkTime, c.IvrTime = call.NoSeconds, 0, call.NoSeconds
		c.Outcome, c.DisconnectedBy, c.Confidence = "", call.ByUnknown, 0
		c.HangupSource, c.HangupCause, c.HangupReason = l.hangA.source, l.hangA.cause, reason(l.hangA.cause)
		s.mark(l)
	}
}

// dispositionOf a column: Asterisk's words, in any letters, or its numbers where the column is numeric (asterisk.md 5.2).
// Other words stay what they are.
func dispositionOf(text string) string {
	switch text {
	case call.Answered, call.NoAnswer, call.Busy, call.Failed, call.Congestion, call.Cancel, "":
		return text
	case "0", "1", "NULL": // AST_CDR_NULL is shown as NO ANSWER by Asterisk itself
		return call.NoAnswer
	case "2":
		return call.Failed
	case "4":
		return call.Busy
	case "8":
		return call.Answered
	case "16":
		return call.Congestion
	case "32":
		return call.Cancel
	}
	for _, word := range [...]string{call.Answered, call.NoAnswer, call.Busy, call.Failed, call.Congestion, call.Cancel} {
		if folds(text, lettersOf[word]) {
			return word
		}
	}
	return text
}

// lettersOf the words as folds compares them.
var lettersOf = map[string]string{
	call.Answered: "answered", call.NoAnswer: "noanswer", call.Busy: "busy", call.Failed: "failed", call.Congestion: "congestion", call.Cancel: "cancel",
}
