package clickhouse

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// outcomeOf a head is what it is shown as; what a live feed has in hand was stored just now and is not settled.
func outcomeOf(c *call.Call) call.Outcome {
	if !c.Conversation.Complete && c.Conversation.Outcome != call.OutcomeAnswered {
		return call.OutcomeUnknown
	}
	return c.Conversation.Outcome
}

func outcomes(words ...call.Outcome) test { return among(outcomeShown, outcomeOf, words...) }

func directed(words ...call.Direction) test {
	return among("direction", func(c *call.Call) call.Direction { return c.Direction }, words...)
}

func hungUp(words ...call.DisconnectedBy) test {
	return among("conv_disconnected_by", func(c *call.Call) call.DisconnectedBy { return c.Conversation.DisconnectedBy }, words...)
}

// legOf is that the detail of a head lists a leg of a kind. The text cannot come from anywhere else: within the names that
// a detail holds quotes are escaped.
func legOf(kind call.LegKind, want bool) test {
	text := `"leg_kind":"` + string(kind) + `"`
	compare := " > 0"
	if !want {
		compare = " = 0"
	}
	return plainly("position(conv_detail, "+literal(text)+")"+compare, func(c *call.Call) bool {
		return strings.Contains(c.Conversation.Detail, text) == want
	})
}

var (
	heads    = plainly("conv_legs > 0", func(c *call.Call) bool { return c.Conversation.Legs > 0 })
	answered = outcomes(call.OutcomeAnswered)
	// lost are calls from outside in which somebody was to answer and nobody did.
	lost = all(directed(call.Inbound), outcomes(call.OutcomeMissed, call.OutcomeAbandoned, call.OutcomeQueueTimeout, call.OutcomeBusy,
		call.OutcomeDeclined, call.OutcomeVoicemail))
	withheld = plainly("withheld = 1", func(c *call.Call) bool { return c.Withheld })
	isOpen   = plainly("conv_settled = 0", func(*call.Call) bool { return true })

	byCaller = grouping{"if(withheld = 1, '', if(caller != '', caller, src))", func(c *call.Call) string {
		switch {
		case c.Withheld:
			return ""
		case c.Caller != "":
			return c.Caller
		}
		return c.Src
	}}
	byCallee = grouping{"if(callee != '', callee, dst)", func(c *call.Call) string {
		if c.Callee != "" {
			return c.Callee
		}
		return c.Dst
	}}
	byDID = grouping{"did", func(c *call.Call) string { return c.Did }}
)

// named are the rows of a group that has a name.
func (g grouping) named(want bool) test {
	compare := " != ''"
	if !want {
		compare = " = ''"
	}
	return plainly(g.sql+compare, func(c *call.Call) bool { return (g.of(c) != "") == want })
}

var (
	convWait = Length{"wait", "conv_wait_time", answered}
	convTalk = Length{"talk", "conv_talk_time", answered}
)

// statistics are all kinds.
var statistics = []*Statistic{callStatistic(), queueStatistic(), agentStatistic(), trunkStatistic(), numberStatistic(), missedStatistic()}

func callStatistic() *Statistic {
	outside := all(answered, directed(call.Inbound, call.Outbound))
	s := &Statistic{
		Name: "calls", Heads: true, rows: heads, Lengths: []Length{convWait, convTalk},
		Counts: []Count{{"calls", every}},
	}
	for _, d := range []call.Direction{call.Inbound, call.Outbound, call.Internal, call.Transit} {
		s.Counts = append(s.Counts, Count{string(d), directed(d)})
	}
	s.Counts = append(s.Counts, Count{"unknown_direction", directed(call.UnknownDirection, "")})
	for _, o := range []call.Outcome{
		call.OutcomeAnswered, call.OutcomeMissed, call.OutcomeNoAnswer, call.OutcomeAbandoned, call.OutcomeQueueTimeout, call.OutcomeBusy,
		call.OutcomeDeclined, call.OutcomeFailed, call.OutcomeBlocked, call.OutcomeVoicemail, call.OutcomePrompt, call.OutcomeConference,
		call.OutcomeFax,
	} {
		s.Counts = append(s.Counts, Count{string(o), outcomes(o)})
	}
	s.Counts = append(s.Counts,
		Count{"unknown", outcomes(call.OutcomeUnknown, "")},
		Count{"inbound_answered", all(directed(call.Inbound), answered)},
		Count{"outbound_answered", all(directed(call.Outbound), answered)},
		Count{"internal_answered", all(directed(call.Internal), answered)},
		Count{"missed_inbound", lost},
		Count{"answered_outside", outside},
		Count{"agent_hung_up", all(outside, any2(all(directed(call.Inbound), hungUp(call.ByCallee)), all(directed(call.Outbound), hungUp(call.ByCaller))))},
		Count{"hang_up_unknown", all(outside, hungUp(call.ByUnknown, ""))},
		Count{"transferred", all(answered, legOf(call.LegTransfer, true))},
		Count{"transferred_blind", all(answered, legOf(call.LegTransfer, true), legOf(call.LegConsult, false))},
		Count{"transferred_attended", all(answered, legOf(call.LegTransfer, true), legOf(call.LegConsult, true))},
		Count{"withheld", all(directed(call.Inbound), withheld)},
		Count{"unsettled", isOpen},
	)
	return s
}

func any2(a, b test) test {
	return test{"(" + a.sql + ") OR (" + b.sql + ")", func(c *call.Call, t Thresholds) bool { return a.met(c, t) || b.met(c, t) }}
}

func entered(words ...call.EntryOutcome) test {
	return among("entry_outcome", func(c *call.Call) call.EntryOutcome { return c.Entry.Outcome }, words...)
}

func queueStatistic() *Statistic {
	within := test{"entry_wait BETWEEN 0 AND $T", func(c *call.Call, t Thresholds) bool { return c.Entry.Wait >= 0 && c.Entry.Wait <= t.Level }}
	short := test{"entry_wait >= 0 AND entry_wait < $S", func(c *call.Call, t Thresholds) bool { return c.Entry.Wait >= 0 && c.Entry.Wait < t.Short }}
	silent := plainly("entry_wait < 0", func(c *call.Call) bool { return c.Entry.Wait < 0 })
	return &Statistic{
		Name:   "queues",
		rows:   plainly("entry_outcome != '' AND queue != ''", func(c *call.Call) bool { return c.Entry.Outcome != "" && c.Queue != "" }),
		groups: map[string]grouping{"": {"queue", func(c *call.Call) string { return c.Queue }}},
		Counts: []Count{
			{"offered", every},
			{"answered", entered(call.EntryAnswered)},
			{"abandoned", entered(call.EntryAbandoned)},
			{"timeout", entered(call.EntryTimeout)},
			{"exit", entered(call.EntryExit)},
			{"short_abandon", all(entered(call.EntryAbandoned), short)},
			{"answered_in_threshold", all(entered(call.EntryAnswered), within)},
			{"abandoned_in_threshold", all(entered(call.EntryAbandoned), within)},
			{"wait_unknown", silent},
		},
		Lengths: []Length{
			{"wait", "entry_wait", every},
			{"answer_wait", "entry_wait", entered(call.EntryAnswered)},
			{"abandon_wait", "entry_wait", entered(call.EntryAbandoned)},
			{"talk", "entry_talk", entered(call.EntryAnswered)},
		},
	}
}

func agentStatistic() *Statistic {
	rang := plainly("rang_extension != ''", func(c *call.Call) bool { return c.RangExtension != "" })
	unasked := plainly("rang_extension = ''", func(c *call.Call) bool { return c.RangExtension == "" })
	took := plainly("answered_by != ''", func(c *call.Call) bool { return c.AnsweredBy != "" })
	not := plainly("answered_by = ''", func(c *call.Call) bool { return c.AnsweredBy == "" })
	came := func(words ...call.Outcome) test {
		return all(rang, not, among("outcome", func(c *call.Call) call.Outcome { return c.Outcome }, words...))
	}
	return &Statistic{
		Name: "agents",
		rows: plainly("called = 1", func(c *call.Call) bool { return c.Called == call.CalledPhone }),
		groups: map[string]grouping{"": {"if(rang_extension != '', toString(rang_extension), toString(answered_by))", func(c *call.Call) string {
			if c.RangExtension != "" {
				return c.RangExtension
			}
			return c.AnsweredBy
		}}},
		Counts: []Count{
			{"offered", rang},
			{"answered", took},
			{"answered_offers", all(rang, took)},
			{"picked_up", all(unasked, took)},
			{"missed", came(call.OutcomeMissed)},
			{"elsewhere", came(call.OutcomeElsewhere)},
			{"busy", came(call.OutcomeBusy)},
			{"declined", came(call.OutcomeDeclined)},
			{"failed", came(call.OutcomeFailed)},
			{"offered_by_queue", all(rang, plainly("queue != ''", func(c *call.Call) bool { return c.Queue != "" }))},
		},
		Lengths: []Length{{"ring", "ring_time", rang}, {"talk", "talk_time", took}},
	}
}

func trunkStatistic() *Statistic {
	in := all(heads, directed(call.Inbound), plainly("called != 2", func(c *call.Call) bool { return c.Called != call.CalledTrunk }))
	out := plainly("called = 2", func(c *call.Call) bool { return c.Called == call.CalledTrunk })
	came := func(words ...call.Outcome) test {
		return all(out, among("outcome", func(c *call.Call) call.Outcome { return c.Outcome }, words...))
	}
	return &Statistic{
		Name:   "trunks",
		rows:   all(plainly("trunk != ''", func(c *call.Call) bool { return c.Trunk != "" }), any2(in, out)),
		groups: map[string]grouping{"": {"trunk", func(c *call.Call) string { return c.Trunk }}},
		Counts: []Count{
			{"calls", every},
			{"incoming", in},
			{"incoming_answered", all(in, answered)},
			{"outgoing", out},
			{"outgoing_answered", came(call.OutcomeAnswered)},
			{"outgoing_no_answer", came(call.OutcomeNoAnswer)},
			{"outgoing_busy", came(call.OutcomeBusy)},
			{"outgoing_failed", came(call.OutcomeFailed)},
		},
		Lengths: []Length{
			{"incoming_talk", "conv_talk_time", all(in, answered)},
			{"outgoing_talk", "talk_time", came(call.OutcomeAnswered)},
			{"occupied", "if(called = 2, duration, " + headLasts + ")", every},
		},
	}
}

// headLasts is the time from the beginning of a conversation to its end.
const headLasts = "if(toUnixTimestamp64Milli(conv_end) = 0, -1, intDiv(toUnixTimestamp64Milli(conv_end) - toUnixTimestamp64Milli(calldate), 1000))"

func numberStatistic() *Statistic {
	return &Statistic{
		Name: "numbers", Heads: true, rows: heads,
		groups: map[string]grouping{"did": byDID, "caller": byCaller, "callee": byCallee},
		Counts: []Count{
			{"calls", every},
			{"inbound", directed(call.Inbound)},
			{"outbound", directed(call.Outbound)},
			{"answered", answered},
			{"inbound_answered", all(directed(call.Inbound), answered)},
			{"outbound_answered", all(directed(call.Outbound), answered)},
			{"missed_inbound", lost},
		},
		Lengths: []Length{convWait, convTalk},
	}
}

// missedStatistic is of the conversations in which a caller was lost, by the number that can be called back.
func missedStatistic() *Statistic {
	return &Statistic{
		Name: "missed", Heads: true, rows: all(heads, lost), groups: map[string]grouping{"": byCaller},
		Counts: []Count{{"calls", every}, {"attempts", byCaller.named(true)}, {"withheld", byCaller.named(false)}},
	}
}
