package main

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// figures reads a tally by the names of its counts and lengths.
type figures struct {
	*clickhouse.Tally
	of *clickhouse.Statistic
}

func (f figures) n(name string) uint64 {
	i := slices.IndexFunc(f.of.Counts, func(c clickhouse.Count) bool { return c.Name == name })
	return f.Counts[i]
}

func (f figures) length(name string) clickhouse.Spread {
	i := slices.IndexFunc(f.of.Lengths, func(l clickhouse.Length) bool { return l.Name == name })
	return f.Spreads[i]
}

// mean of a length over the rows that know it.
func (f figures) mean(name string) *float64 {
	s := f.length(name)
	return average(s.Sum, s.Known)
}

// append the figures that are made of counts, by the formulas of docs/api.md.
func (f figures) append(d *document, level *serviceLevelFormula) {
	switch f.of.Name {
	case "calls":
		d.figure("answer_rate", ratio(f.n("inbound_answered"), f.n("inbound")))
		d.figure("missed_call_rate", ratio(f.n("missed_inbound"), f.n("inbound")))
		d.figure("asr", ratio(f.n("outbound_answered"), f.n("outbound")))
		d.figure("att", f.mean("talk"))
		d.figure("aht_cdr", f.mean("talk"))
		d.figure("agent_hung_up_first_rate", ratio(f.n("agent_hung_up"), less(f.n("answered_outside"), f.n("hang_up_unknown"))))
		d.figure("hang_up_unknown_share", ratio(f.n("hang_up_unknown"), f.n("answered_outside")))
		d.figure("transfer_rate", ratio(f.n("transferred"), f.n("answered")))
		d.figure("transfer_rate_blind", ratio(f.n("transferred_blind"), f.n("answered")))
		d.figure("transfer_rate_attended", ratio(f.n("transferred_attended"), f.n("answered")))
	case "queues":
		c := levelCounts{f.n("answered"), f.n("answered_in_threshold"), f.n("abandoned"), f.n("abandoned_in_threshold"), f.n("short_abandon")}
		d.figure("service_level", level.of(c))
		d.figure("asa", f.mean("answer_wait"))
		d.figure("aat", f.mean("abandon_wait"))
		d.figure("att", f.mean("talk"))
		d.figure("aht_cdr", f.mean("talk"))
		d.figure("abandonment_rate", ratio(c.abandoned, f.n("offered")))
		d.figure("abandonment_rate_net", ratio(less(c.abandoned, c.short), less(f.n("offered"), c.short)))
		d.figure("answer_rate", ratio(c.answered, f.n("offered")))
	case "agents":
		d.figure("answer_rate", ratio(f.n("answered_offers"), f.n("offered")))
		d.figure("missed_rate", ratio(f.n("missed"), f.n("offered")))
		d.figure("att", f.mean("talk"))
		d.figure("aht_cdr", f.mean("talk"))
	case "trunks":
		in, out := f.length("incoming_talk"), f.length("outgoing_talk")
		d.figure("asr", ratio(f.n("outgoing_answered"), f.n("outgoing")))
		d.figure("answer_rate", ratio(f.n("incoming_answered"), f.n("incoming")))
		d.figure("aloc", average(in.Sum+out.Sum, in.Known+out.Known))
	case "numbers":
		d.figure("answer_rate", ratio(f.n("inbound_answered"), f.n("inbound")))
		d.figure("missed_call_rate", ratio(f.n("missed_inbound"), f.n("inbound")))
		d.figure("asr", ratio(f.n("outbound_answered"), f.n("outbound")))
		d.figure("att", f.mean("talk"))
	}
}

// appendSpread appends a length: null where no row knows it.
func appendSpread(d *document, name string, s clickhouse.Spread) {
	if s.Known == 0 {
		d.null(name)
		return
	}
	d.begin(name, '{')
	d.count("known", s.Known)
	d.seconds("sum", s.Sum)
	d.figure("average", average(s.Sum, s.Known))
	d.seconds("longest", s.Longest)
	d.seconds("p50", s.P50)
	d.seconds("p90", s.P90)
	d.seconds("p95", s.P95)
	d.seconds("p99", s.P99)
	d.end('}')
}
