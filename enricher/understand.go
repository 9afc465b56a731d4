package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// understanding makes calls of rows under one set of rules. It does no I/O; it is not safe for concurrent use, since its
// clocks and its memory are used again.
type understanding struct {
	rules   *rules
	clocks  map[string]*clock
	habits  habits
	numbers *numbers

	legs   []leg // of the conversation in hand
	order  []*leg
	scenes scene

	detail  call.Detail // of the conversation in hand, as the next four
	text    []byte
	parties []call.Participant
	steps   []call.Step
}

func newUnderstanding(r *rules) *understanding {
	return &understanding{rules: r, clocks: map[string]*clock{}, numbers: newNumbers()}
}

// under other rules: how a PBX writes its times is none of them, and is not forgotten.
func (u *understanding) under(r *rules) *understanding {
	other := newUnderstanding(r)
	other.clocks, other.habits = u.clocks, u.habits
	return other
}

func (u *understanding) clock(zone string) (*clock, error) {
	if c, ok := u.clocks[zone]; ok {
		return c, nil
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("zone %q of the source is not known: %w", zone, err)
	}
	u.clocks[zone] = newClock(location)
	return u.clocks[zone], nil
}

// row reads what a row says for itself: its times, then its raw columns. What it means is a matter of its conversation.
func (u *understanding) row(o *call.Origin, clock *clock, row *call.Row, version call.Version, c *call.Call) {
	*c = call.Blank(call.ID(o.SourceNumber, row.ID))
	c.Version, c.Source = version, o.Source
	u.times(o.Table, clock, row, c)
	c.SetRaw(o.Table, row)
	c.WaitTime = call.NoSeconds
	if _, known := row.Value(o.Table, "duration"); known {
		if _, known := row.Value(o.Table, "billsec"); known {
			c.WaitTime = max(0, c.Duration-c.Billsec)
		}
	}
}

// conversation understands the rows of one conversation together: whose they are, and then for each organisation what
// its own legs say. Rows keep their places in the slice.
func (u *understanding) conversation(rows []*call.Call) { u.explain(rows, nil) }

// explain is conversation with a trace of what decided.
func (u *understanding) explain(rows []*call.Call, t *trace) {
	s := u.assemble(rows)
	s.trace = t
	s.organisations()
	if len(rows) == 1 || s.oneOrganisation() {
		s.judge()
		return
	}
	// Each organisation sees its own legs only, as if there were no others.
	slices.SortStableFunc(u.order, func(a, b *leg) int { return int(int64(a.OrgID) - int64(b.OrgID)) })
	for from := 0; from < len(u.order); {
		to := from + 1
		for to < len(u.order) && u.order[to].OrgID == u.order[from].OrgID {
			to++
		}
		own := scene{u: u, every: u.order[from:to], trace: t}
		own.arrange()
		own.judge()
		from = to
	}
}

// assemble the rows of a conversation in the understanding's own memory.
func (u *understanding) assemble(rows []*call.Call) *scene {
	u.legs = slices.Grow(u.legs[:0], len(rows))[:len(rows)]
	u.order = u.order[:0]
	for i, c := range rows {
		l := &u.legs[i]
		*l = leg{Call: c, Disposition: dispositionOf(c.Disposition), a: u.rules.sideOf(c.Channel), b: u.rules.sideOf(c.Dstchannel)}
		u.placeByDial(l)
		l.hangA, l.hangB = parseHangup(c.Userfield, u.rules.hangupPatterns())
		u.order = append(u.order, l)
	}
	if len(rows) > 1 {
		u.secondHour()
	}
	u.placeCallers()
	s := &u.scenes
	*s = scene{u: u, every: u.order}
	s.arrange()
	return s
}

func (s *scene) oneOrganisation() bool {
	for _, l := range s.every[1:] {
		if l.OrgID != s.every[0].OrgID {
			return false
		}
	}
	return true
}

// judge decides field after field; later fields build on earlier ones.
func (s *scene) judge() {
	s.settled.direction, _ = choose(s, s.root, wholePrefix+"direction", directionRules, call.UnknownDirection)
	did := s.did()
	for _, l := range s.every {
		l.Conversation, l.Entry, l.Called = call.NoConversation, call.NoEntry, call.CalledNobody
		l.Did, l.Trunk = did, l.trunk()
		l.Direction, _ = choose(s, l, "direction", legDirectionRules, call.UnknownDirection)
		l.LegKind, _ = choose(s, l, "leg_kind", legKindRules, call.LegUnknown)
	}
	s.judgeDoubles()
	for _, l := range s.legs {
		c := l.Call
		c.RangExtension, _ = choose(s, l, "rang_extension", rangRules, "")
		c.AnsweredBy, _ = choose(s, l, "answered_by", answererRules, "")
		c.AnsweredType, _ = choose(s, l, "answered_type", answeredTypeRules, "")
		c.Queue, _ = choose(s, l, "queue_name", queueRules, "")
		c.QueueWait, _ = choose(s, l, "queue_wait_time", queueWaitRules, call.NoSeconds)
		c.Agent, _ = choose(s, l, "answered_agent", agentRules, "")
		c.RingTime, _ = choose(s, l, "ring_time", ringTimeRules, call.NoSeconds)
		c.TalkTime, _ = choose(s, l, "talk_time", talkTimeRules, call.NoSeconds)
		c.IvrTime, _ = choose(s, l, "ivr_time", ivrTimeRules, call.NoSeconds)
		c.CallerExtension = s.callerExtension(l)
		c.Caller, c.Callee, c.Withheld = s.caller(l), s.callee(l), s.withheld(l)
		c.Tags = s.tags(l)
		s.mark(l)
	}
	for _, l := range s.legs {
		l.Outcome, _ = choose(s, l, "outcome", legOutcomeRules, call.OutcomeUnknown)
		if l.talked() && l.LegKind != call.LegConsult && (l.outer == nil || !l.outer.talked()) {
			if s.settled.human == nil {
				s.settled.human = l
			}
			if s.settled.last == nil || l.end() >= s.settled.last.end() {
				s.settled.last = l
			}
		}
	}
	s.settled.outcome, _ = choose(s, s.closing(), wholePrefix+"outcome", outcomeRules, call.OutcomeUnknown)
	s.settled.ending, s.settled.sure = choose(s, s.closing(), wholePrefix+"disconnected_by", endingRules, call.ByUnknown)
	for _, l := range s.legs {
		var sure uint8
		l.DisconnectedBy, sure = choose(s, l, "disconnected_by", legEndingRules, call.ByUnknown)
		if sure == 0 && l.DisconnectedBy != call.ByUnknown {
			sure = s.settled.sure
		}
		l.Confidence = sure
		s.hangup(l)
	}
	s.entries()
	s.fold()
}

// mark a leg whose party B came from a call that is not known here; a look a little later may know it.
func (s *scene) mark(l *leg) {
	unjoined := l.stranger && !s.u.isKnown(l)
	if l.Flagged(call.FlagUnjoined) != unjoined {
		if unjoined {
			l.Flags = addFlag(l.Flags, call.FlagUnjoined)
		} else {
			l.Flags = strings.Trim(strings.ReplaceAll(","+l.Flags+",", ","+call.FlagUnjoined+",", ","), ",")
		}
	}
}

// hangup gives a leg the source and cause of its own row; a leg that lasted until the end of its chain has those of the
// chain's last row, on which the hang-up handler wrote.
func (s *scene) hangup(l *leg) {
	h := l.hangA
	if last := l.lastOfChain(); h == (hangup{}) && l.end() >= last.end()-1000 && (l.Dstchannel != "" || l == last) && l.Outcome != call.OutcomeElsewhere {
		h = last.hangA
	}
	l.HangupSource, l.HangupCause, l.HangupReason = h.source, h.cause, reason(h.cause)
}

func addTags(to, more []string) []string {
	for _, tag := range more {
		if !slices.Contains(to, tag) {
			to = append(slices.Clip(to), tag)
		}
	}
	return to
}

// times sets calldate, answer and end. The epoch in uniqueid tells UTC for free: it decides the double hour of an autumn
// night, and stands in for a calldate that is no point in time.
func (u *understanding) times(t *call.Table, clock *clock, row *call.Row, c *call.Call) {
	uniqueid, _ := row.Value(t, "uniqueid")
	epoch := epochOf(uniqueid)
	text, given := row.Value(t, "calldate")
	at, offset, ok := clock.began(text, epoch)
	h := u.habits.of(c.Source, clock)
	utc := h.utc
	switch {
	case ok:
		if utc = h.isUTC(at, offset, epoch); utc && offset != 0 {
			at, offset, c.Flags = at+call.Instant(offset)*1000, 0, call.FlagUTC
		}
		c.Calldate, c.CalldateOffset = at, offset
	case epoch != call.NoInstant:
		c.Calldate = epoch
	}
	if !ok && given {
		c.Flags = call.FlagCalldateInvalid
	}
	answered, ended := call.NoInstant, call.NoInstant
	if ok {
		answered, ended = expected(t, row, c.Calldate)
	}
	if text, given := row.Value(t, "answer"); given {
		if c.Answer, c.AnswerOffset, ok = clock.read(text, answered, utc); !ok {
			c.Flags = addFlag(c.Flags, call.FlagAnswerInvalid)
		}
	}
	if text, given := row.Value(t, "end"); given {
		if c.End, c.EndOffset, ok = clock.read(text, ended, utc); !ok {
			c.Flags = addFlag(c.Flags, call.FlagEndInvalid)
		}
	}
}

func addFlag(flags, flag string) string {
	if flags == "" {
		return flag
	}
	return flags + "," + flag
}
