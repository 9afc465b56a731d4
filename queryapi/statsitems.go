package main

import (
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// items appends the buckets of a group, or of all groups, those without calls among them, the busiest hour and the total.
func (x *statsAsk) items(d *document, g *clickhouse.Group, found *report, flush func() bool) bool {
	key := clickhouse.Group{}
	if g != nil {
		key = *g
	}
	tallies := found.tallies[key]
	nothing := clickhouse.Tally{Counts: make([]uint64, len(x.statistic.Counts)), Spreads: make([]clickhouse.Spread, len(x.statistic.Lengths))}
	if x.by != byNone {
		d.begin("buckets", '[')
		for i := range x.parts() {
			t := &nothing
			if len(tallies) > 0 && tallies[0].Bucket == i {
				t, tallies = &tallies[0], tallies[1:]
			}
			d.element()
			hour := -1
			from, to := x.filter.From, x.filter.To
			if x.by == byWeek {
				hour = i
				d.count("hour_of_week", uint64(i))
				d.text("local", hourLabel(i))
			} else {
				b := x.buckets[i]
				from, to = b.from, b.to
				d.text("start", x.local(from))
				d.text("end", x.local(to))
				d.text("local", b.label)
			}
			x.item(d, t, from, to, hour, g)
			d.end('}')
			if !flush() {
				return false
			}
		}
		d.end(']')
	}
	if h, ok := found.busiest[key]; ok {
		x.busiest(d, h, g)
	}
	total := &nothing
	if n := len(tallies); n > 0 && tallies[n-1].Bucket == clickhouse.Whole {
		total = &tallies[n-1]
	}
	d.begin("total", '{')
	x.item(d, total, x.filter.From, x.filter.To, -1, g)
	d.end('}')
	return flush()
}

// item appends the numbers of one tally, and a link for each that counts anything.
func (x *statsAsk) item(d *document, t *clickhouse.Tally, from, to call.Instant, hour int, g *clickhouse.Group) {
	for i, c := range x.statistic.Counts {
		d.count(c.Name, t.Counts[i])
	}
	figures{t, x.statistic}.append(d, x.level)
	for i, l := range x.statistic.Lengths {
		appendSpread(d, l.Name, t.Spreads[i])
	}
	if !x.links || x.hides(g) {
		return
	}
	d.begin("links", '{')
	for i, c := range x.statistic.Counts {
		if t.Counts[i] > 0 {
			d.text(c.Name, x.link(c.Name, from, to, hour, g))
		}
	}
	d.end('}')
}

// hides tells whether a link would tell what is masked beside it.
func (x *statsAsk) hides(g *clickhouse.Group) bool { return g != nil && x.shown(g) != g.Name }

// busiest appends the busiest hour, as far as it lies within the time.
func (x *statsAsk) busiest(d *document, h clickhouse.Hour, g *clickhouse.Group) {
	const anHour = 3_600_000
	from, to := max(h.Start, x.filter.From), min(h.Start+anHour, x.filter.To)
	// Where clocks are changed by half an hour, an hour of the new time may begin in its middle.
	if changed, _ := (to - 1).Time().In(x.zone).ZoneBounds(); !changed.IsZero() {
		from = max(from, call.InstantOf(changed))
	}
	d.begin("busiest_hour", '{')
	d.text("start", x.local(from))
	d.text("end", x.local(to))
	d.text("local", kindOf("hour").label(h.Start.Time().In(x.zone)))
	d.count(x.statistic.Counts[0].Name, h.Rows)
	if x.statistic.Name == "trunks" {
		d.figure("erlang", erlang(h.Seconds))
	}
	if x.links && !x.hides(g) {
		d.begin("links", '{')
		d.text(x.statistic.Counts[0].Name, x.link(x.statistic.Counts[0].Name, from, to, -1, g))
		d.end('}')
	}
	d.end('}')
}
