package main

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// figure is a number that is made of counts and lengths, by the formulas of docs/api.md.
type figure struct {
	name            string
	counts, lengths []int // that it is made of, by their places
	of              func(t *clickhouse.Tally, level *serviceLevelFormula) *float64
}

// figuresOf each statistic, in the order of an answer.
var figuresOf = map[string][]figure{
	"calls":   callFigures(made{clickhouse.StatisticOf("calls")}),
	"queues":  queueFigures(made{clickhouse.StatisticOf("queues")}),
	"agents":  agentFigures(made{clickhouse.StatisticOf("agents")}),
	"trunks":  trunkFigures(made{clickhouse.StatisticOf("trunks")}),
	"numbers": numberFigures(made{clickhouse.StatisticOf("numbers")}),
}

func callFigures(m made) []figure {
	return []figure{
		m.rate("answer_rate", "inbound_answered", "inbound"),
		m.rate("missed_call_rate", "missed_inbound", "inbound"),
		m.rate("asr", "outbound_answered", "outbound"),
		m.mean("att", "talk"),
		m.mean("aht_cdr", "talk"),
		m.rateWithout("agent_hung_up_first_rate", "agent_hung_up", "answered_outside", "hang_up_unknown"),
		m.rate("hang_up_unknown_share", "hang_up_unknown", "answered_outside"),
		m.rate("transfer_rate", "transferred", "answered"),
		m.rate("transfer_rate_blind", "transferred_blind", "answered"),
		m.rate("transfer_rate_attended", "transferred_attended", "answered"),
	}
}

func queueFigures(m made) []figure {
	level := m.counts("answered", "answered_in_threshold", "abandoned", "abandoned_in_threshold", "short_abandon")
	net := m.counts("abandoned", "short_abandon", "offered")
	return []figure{
		{"service_level", level, nil, func(t *clickhouse.Tally, l *serviceLevelFormula) *float64 {
			n := func(i int) uint64 { return t.Counts[level[i]] }
			return l.of(levelCounts{n(0), n(1), n(2), n(3), n(4)})
		}},
		m.mean("asa", "answer_wait"),
		m.mean("aat", "abandon_wait"),
		m.mean("att", "talk"),
		m.mean("aht_cdr", "talk"),
		m.rate("abandonment_rate", "abandoned", "offered"),
		{"abandonment_rate_net", net, nil, func(t *clickhouse.Tally, _ *serviceLevelFormula) *float64 {
			short := t.Counts[net[1]]
			return ratio(less(t.Counts[net[0]], short), less(t.Counts[net[2]], short))
		}},
		m.rate("answer_rate", "answered", "offered"),
	}
}

func agentFigures(m made) []figure {
	return []figure{
		m.rate("answer_rate", "answered_offers", "offered"),
		m.rate("missed_rate", "missed", "offered"),
		m.mean("att", "talk"),
		m.mean("aht_cdr", "talk"),
	}
}

func trunkFigures(m made) []figure {
	talks := []int{m.length("incoming_talk"), m.length("outgoing_talk")}
	return []figure{
		m.rate("asr", "outgoing_answered", "outgoing"),
		m.rate("answer_rate", "incoming_answered", "incoming"),
		{"aloc", nil, talks, func(t *clickhouse.Tally, _ *serviceLevelFormula) *float64 {
			in, out := &t.Spreads[talks[0]], &t.Spreads[talks[1]]
			return average(in.Sum+out.Sum, in.Known+out.Known)
		}},
	}
}

func numberFigures(m made) []figure {
	return []figure{
		m.rate("answer_rate", "inbound_answered", "inbound"),
		m.rate("missed_call_rate", "missed_inbound", "inbound"),
		m.rate("asr", "outbound_answered", "outbound"),
		m.mean("att", "talk"),
	}
}

// made makes the figures of one statistic.
type made struct{ *clickhouse.Statistic }

func (m made) count(name string) int {
	return slices.IndexFunc(m.Counts, func(c clickhouse.Count) bool { return c.Name == name })
}

func (m made) counts(names ...string) []int {
	places := make([]int, len(names))
	for i, name := range names {
		places[i] = m.count(name)
	}
	return places
}

func (m made) length(name string) int {
	return slices.IndexFunc(m.Lengths, func(l clickhouse.Length) bool { return l.Name == name })
}

// rate is a part of a whole.
func (m made) rate(name, part, whole string) figure {
	of := m.counts(part, whole)
	p, w := of[0], of[1]
	return figure{name, of, nil, func(t *clickhouse.Tally, _ *serviceLevelFormula) *float64 { return ratio(t.Counts[p], t.Counts[w]) }}
}

// rateWithout is a part of what is left of a whole without some.
func (m made) rateWithout(name, part, whole, some string) figure {
	of := m.counts(part, whole, some)
	return figure{name, of, nil, func(t *clickhouse.Tally, _ *serviceLevelFormula) *float64 {
		return ratio(t.Counts[of[0]], less(t.Counts[of[1]], t.Counts[of[2]]))
	}}
}

// mean of a length over the rows that know it.
func (m made) mean(name, length string) figure {
	l := m.length(length)
	return figure{name, nil, []int{l}, func(t *clickhouse.Tally, _ *serviceLevelFormula) *float64 {
		return average(t.Spreads[l].Sum, t.Spreads[l].Known)
	}}
}
