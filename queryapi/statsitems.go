package main

import (
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// slot is what all groups have in common of a bucket: its name as members of an object, and its time as the end of a link.
type slot struct{ members, time string }

// slots of all buckets, the whole time last.
func (x *statsAsk) slots() []slot {
	var all []slot
	end := x.local(x.filter.From)
	add := func(c slot, from, to call.Instant, hour int) {
		if x.links {
			c.time = x.linkTime(from, to, hour)
		}
		all = append(all, c)
	}
	for i := range x.parts() {
		d := &document{}
		from, to, hour := x.filter.From, x.filter.To, i
		if x.by == byWeek {
			d.count("hour_of_week", uint64(i))
			d.text("local", hourLabel(i))
		} else {
			b := x.buckets[i]
			from, to, hour = b.from, b.to, -1
			d.text("start", end) // each begins where the one before ends
			end = x.local(to)
			d.text("end", end)
			d.text("local", b.label)
		}
		add(slot{members: string(d.dst)}, from, to, hour)
	}
	add(slot{}, x.filter.From, x.filter.To, -1)
	return all
}

// items appends the buckets of a group, or of all groups, those without calls among them, the busiest hour and the total.
func (x *statsAsk) items(d *document, slots []slot, g *clickhouse.Group, found *report, flush func() bool) bool {
	key := clickhouse.Group{}
	if g != nil {
		key = *g
	}
	var links []string
	if x.links && !x.hides(g) {
		for _, n := range x.tells.counts {
			links = append(links, x.linkOf(x.statistic.Counts[n.place].Name, g))
		}
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
			d.members(slots[i].members)
			x.item(d, t, slots[i].time, links)
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
	x.item(d, total, slots[x.parts()].time, links)
	d.end('}')
	return flush()
}

// item appends the numbers of one tally, and a link for each that counts anything; links are without their time.
func (x *statsAsk) item(d *document, t *clickhouse.Tally, time string, links []string) {
	for i := range x.tells.counts {
		n := &x.tells.counts[i]
		d.key(n.key)
		d.dst = strconv.AppendUint(d.dst, t.Counts[n.place], 10)
	}
	for _, f := range x.tells.figures {
		d.figure(f.name, f.of(t, x.level))
	}
	for i := range x.tells.lengths {
		l := &x.tells.lengths[i]
		l.append(d, &t.Spreads[l.place])
	}
	if links == nil {
		return
	}
	d.begin("links", '{')
	for i := range x.tells.counts {
		if n := &x.tells.counts[i]; t.Counts[n.place] > 0 {
			d.address(n.key, links[i], time)
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
