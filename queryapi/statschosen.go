package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const (
	figuresName = "figures"
	busiestName = "busiest_hour"
)

// chosenFigures are the numbers that an answer tells of each bucket, in its order.
type chosenFigures struct {
	counts  []chosenCount
	figures []*figure
	lengths []chosenLength
	busiest bool
}

// chosenCount is a count by its place in the statistic.
type chosenCount struct {
	place int
	key   string
}

// chosenLength is a length and what is told of it.
type chosenLength struct {
	place int
	key   string
	parts []*spreadPart
}

// chooseFigures reads the parameter figures. Without it everything is told.
func chooseFigures(values url.Values, s *clickhouse.Statistic) (chosen chosenFigures, err error) {
	var names []string
	if values.Has(figuresName) {
		names = strings.Split(values.Get(figuresName), ",")
	}
	asked := map[string]bool{}
	for _, name := range names {
		asked[name] = true
	}
	if len(asked) != len(names) {
		return chosen, &refusal{parameterInvalid, "figures names something twice, want each name once", figuresName}
	}
	take := func(name string) bool {
		is := asked[name] || names == nil
		delete(asked, name)
		return is
	}
	for i := range s.Counts {
		if take(s.Counts[i].Name) {
			chosen.counts = append(chosen.counts, chosenCount{i, key(s.Counts[i].Name)})
		}
	}
	for i := range figuresOf[s.Name] {
		if f := &figuresOf[s.Name][i]; take(f.name) {
			chosen.figures = append(chosen.figures, f)
		}
	}
	for i := range s.Lengths {
		whole := take(s.Lengths[i].Name)
		parts := partsWhere(func(part string) bool { return take(s.Lengths[i].Name+"."+part) || whole })
		if len(parts) > 0 {
			chosen.lengths = append(chosen.lengths, chosenLength{i, key(s.Lengths[i].Name), parts})
		}
	}
	if hasBusiest(s) {
		chosen.busiest = take(busiestName)
	}
	for _, name := range names {
		if asked[name] {
			return chosen, &refusal{parameterInvalid, fmt.Sprintf("figures names %s, want counts, rates and lengths of %s, such as %s, %s, %s or %s.p90",
				quoted(name), s.Name, s.Counts[0].Name, figuresOf[s.Name][0].name, s.Lengths[0].Name, s.Lengths[0].Name), figuresName}
		}
	}
	return chosen, nil
}

// hasBusiest tells whether a statistic has a busiest hour.
func hasBusiest(s *clickhouse.Statistic) bool {
	return slices.Contains([]string{"calls", "queues", "trunks"}, s.Name)
}

// wanted is what the store must count for them.
func (c *chosenFigures) wanted(s *clickhouse.Statistic) *clickhouse.Wanted {
	lengths := func() []bool { return make([]bool, len(s.Lengths)) }
	w := &clickhouse.Wanted{Counts: make([]bool, len(s.Counts)), Lengths: lengths(), Longest: lengths(), Percentiles: lengths()}
	for _, n := range c.counts {
		w.Counts[n.place] = true
	}
	for _, f := range c.figures {
		for _, i := range f.counts {
			w.Counts[i] = true
		}
		for _, i := range f.lengths {
			w.Lengths[i] = true
		}
	}
	for _, l := range c.lengths {
		w.Lengths[l.place] = true
		w.Longest[l.place] = slices.ContainsFunc(l.parts, func(p *spreadPart) bool { return p.name == "longest" })
		w.Percentiles[l.place] = slices.ContainsFunc(l.parts, func(p *spreadPart) bool { return p.percentile })
	}
	if c.busiest { // it may be found among what is counted
		w.Counts[0] = true
		if i := (made{s}).length(weightOf(s)); i >= 0 {
			w.Lengths[i] = true
		}
	}
	return w
}

// spreadPart is a number that is told of a length.
type spreadPart struct {
	name, key  string
	percentile bool
	append     func(dst []byte, s *clickhouse.Spread) []byte
}

func spreadSeconds(name string, percentile bool, of func(s *clickhouse.Spread) int64) spreadPart {
	return spreadPart{name, key(name), percentile, func(dst []byte, s *clickhouse.Spread) []byte { return strconv.AppendInt(dst, of(s), 10) }}
}

var spreadParts = []spreadPart{
	{"known", key("known"), false, func(dst []byte, s *clickhouse.Spread) []byte { return strconv.AppendUint(dst, s.Known, 10) }},
	spreadSeconds("sum", false, func(s *clickhouse.Spread) int64 { return s.Sum }),
	{"average", key("average"), false, func(dst []byte, s *clickhouse.Spread) []byte { return appendFigure(dst, average(s.Sum, s.Known)) }},
	spreadSeconds("longest", false, func(s *clickhouse.Spread) int64 { return s.Longest }),
	spreadSeconds("p50", true, func(s *clickhouse.Spread) int64 { return s.P50 }),
	spreadSeconds("p90", true, func(s *clickhouse.Spread) int64 { return s.P90 }),
	spreadSeconds("p95", true, func(s *clickhouse.Spread) int64 { return s.P95 }),
	spreadSeconds("p99", true, func(s *clickhouse.Spread) int64 { return s.P99 }),
}

func partsWhere(take func(name string) bool) (parts []*spreadPart) {
	for i := range spreadParts {
		if take(spreadParts[i].name) {
			parts = append(parts, &spreadParts[i])
		}
	}
	return parts
}

// append a length: null where no row knows it.
func (l *chosenLength) append(d *document, s *clickhouse.Spread) {
	d.key(l.key)
	if s.Known == 0 {
		d.dst = append(d.dst, "null"...)
		return
	}
	d.dst, d.open = append(d.dst, '{'), false
	for _, part := range l.parts {
		d.key(part.key)
		d.dst = part.append(d.dst, s)
	}
	d.end('}')
}
