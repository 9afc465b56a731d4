package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// statistics is what counts calls.
type statistics interface {
	Stats(ctx context.Context, scope clickhouse.Scope, q clickhouse.StatsQuery) ([]clickhouse.Tally, error)
	Rank(ctx context.Context, scope clickhouse.Scope, q clickhouse.Ranking) ([]clickhouse.Group, error)
	Repeats(ctx context.Context, scope clickhouse.Scope, q clickhouse.StatsQuery, count string) (groups, repeated uint64, err error)
	Busiest(ctx context.Context, scope clickhouse.Scope, q clickhouse.StatsQuery, zone *time.Location, weight string) (map[clickhouse.Group]clickhouse.Hour, error)
	Missed(ctx context.Context, scope clickhouse.Scope, f *clickhouse.Filter, window time.Duration) ([]clickhouse.Caller, error)
}

// report is what the store found.
type report struct {
	groups  []clickhouse.Group
	tallies map[clickhouse.Group][]clickhouse.Tally // of a group, and of all under the zero Group; the whole time last
	busiest map[clickhouse.Group]clickhouse.Hour

	callers, repeated uint64 // of numbers by their caller
}

// stats answers GET /api/v1/stats/calls, queues, agents, trunks and numbers.
func (a *api) stats(name string) respond {
	return func(w http.ResponseWriter, r *http.Request, h *holder) error {
		x, err := a.readStats(r, h, name)
		if err != nil {
			return err
		}
		asOf := time.Now()
		var found *report
		err = a.ask(r, func(ctx context.Context) (err error) {
			found, err = a.count(ctx, x)
			return err
		})
		if errors.Is(err, clickhouse.ErrTooManyTallies) {
			err = x.tooMany(mostItems + 1)
		}
		if err == nil {
			err = x.tooMany(len(found.groups) + 1)
		}
		if err != nil {
			return err
		}
		x.write(w, found, asOf)
		return nil
	}
}

// count asks the store.
func (a *api) count(ctx context.Context, x *statsAsk) (*report, error) {
	q := x.query()
	q.Want = x.tells.wanted(x.statistic)
	found := &report{tallies: map[clickhouse.Group][]clickhouse.Tally{}}
	var err error
	if x.statistic.Name == "numbers" {
		// Of numbers there may be a million: the first few are looked at closely.
		rank := clickhouse.Ranking{StatsQuery: q, By: x.sort, Least: x.least, Groups: x.limit}
		if found.groups, err = a.history.Rank(ctx, x.scope, rank); err != nil {
			return nil, err
		}
		if x.of == "caller" {
			if found.callers, found.repeated, err = a.history.Repeats(ctx, x.scope, q, "inbound"); err != nil {
				return nil, err
			}
		}
		all := q
		all.Ungrouped = true
		if err := a.tally(ctx, x, all, found); err != nil {
			return nil, err
		}
		q.Only = found.groups
	}
	if q.Only == nil || len(q.Only) > 0 {
		if err := a.tally(ctx, x, q, found); err != nil {
			return nil, err
		}
	}
	switch {
	case !x.tells.busiest:
	case x.by == "hour":
		found.busiest = x.busiestOf(found)
	default:
		found.busiest, err = a.history.Busiest(ctx, x.scope, x.query(), x.zone, weightOf(x.statistic))
	}
	return found, err
}

// tally adds what one question gives. Of some groups alone the sums over all are not asked for.
func (a *api) tally(ctx context.Context, x *statsAsk, q clickhouse.StatsQuery, found *report) error {
	tallies, err := a.history.Stats(ctx, x.scope, q)
	for len(tallies) > 0 { // those of a group follow each other
		of, n := tallies[0].Group, 1
		for n < len(tallies) && tallies[n].Group == of {
			n++
		}
		own := tallies[:n:n]
		tallies = tallies[n:]
		switch {
		case of == nil && q.Only == nil:
			found.tallies[clickhouse.Group{}] = own
		case of == nil || q.Only != nil && !slices.Contains(q.Only, *of):
		default:
			if q.Only == nil {
				found.groups = append(found.groups, *of)
			}
			found.tallies[*of] = own
		}
	}
	return err
}

// write the answer. It may have megabytes, so what is ready is sent before the rest is made.
func (x *statsAsk) write(w http.ResponseWriter, found *report, asOf time.Time) {
	w.Header().Set("Content-Type", "application/json")
	out := writeBehind(w)
	defer out.end()
	d := &document{dst: append(make([]byte, 0, 2*pieceSize), '{')}
	d.text("statistic", x.statistic.Name)
	if x.of != "" {
		d.text("of", x.of)
	}
	d.text("by", x.by)
	d.text("from", x.local(x.filter.From))
	d.text("to", x.local(x.filter.To))
	d.text("tz", x.zone.String())
	d.text("as_of", asOf.UTC().Format(time.RFC3339))
	d.count("definition_version", definitionVersion)
	if x.statistic.Name == "queues" {
		d.begin("service_level", '{')
		d.text("formula", x.level.name)
		d.text("definition", x.level.definition)
		d.seconds("threshold", x.thresholds.Level)
		d.seconds("short_abandon", x.thresholds.Short)
		d.end('}')
	}
	if x.of == "caller" {
		d.count("callers", found.callers)
		d.count("repeat_callers", found.repeated)
		d.figure("repeat_caller_rate", ratio(found.repeated, found.callers))
	}
	flush := func() bool {
		if len(d.dst) < pieceSize {
			return true
		}
		var ok bool
		d.dst, ok = out.write(d.dst)
		return ok
	}
	slots := x.slots()
	if len(x.statistic.Groups()) > 0 {
		d.begin("data", '[')
		for i := range found.groups {
			g := &found.groups[i]
			d.element()
			d.count("org_id", uint64(g.Org))
			d.text(x.groupField(), x.shown(g))
			if !x.items(d, slots, g, found, flush) {
				return
			}
			d.end('}')
		}
		d.end(']')
	}
	if !x.items(d, slots, nil, found, flush) {
		return
	}
	_, _ = out.write(append(d.dst, "}\n"...))
}

// definitionVersion changes when a number means something else than before.
const definitionVersion = 1

func (x *statsAsk) groupField() string {
	switch x.statistic.Name {
	case "queues":
		return "queue"
	case "agents":
		return "extension"
	case "trunks":
		return "trunk"
	}
	return "number"
}

// shown is a group's name as the holder may see it.
func (x *statsAsk) shown(g *clickhouse.Group) string {
	if x.hidden {
		return masked(g.Name)
	}
	return g.Name
}

// local is an instant with the zone's offset.
func (x *statsAsk) local(at call.Instant) string {
	return at.Time().In(x.zone).Format("2006-01-02T15:04:05.999Z07:00")
}
