package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// statsAsk is what a request for statistics asks for.
type statsAsk struct {
	statistic *clickhouse.Statistic
	of        string
	scope     clickhouse.Scope
	filter    clickhouse.Filter
	zone      *time.Location

	by         string
	buckets    []bucket
	thresholds clickhouse.Thresholds
	level      *serviceLevelFormula

	tells  chosenFigures
	sort   string
	least  bool
	limit  int
	links  bool
	hidden bool       // numbers are masked
	chosen url.Values // the filter as the caller wrote it, but for the time: links repeat it
}

// ownNames are the parameters of a statistic beside the filter's.
func ownNames(name string) []string {
	names := []string{"by", "links", figuresName}
	switch name {
	case "queues":
		names = append(names, "sl_formula", levelName, shortAbandonName)
	case "numbers":
		names = append(names, ofName, "limit", "sort", "order")
	}
	return names
}

// statsNames are the filter's parameters as statistics take them: what a link says of a number it does not ask again.
var statsNames = slices.DeleteFunc(slices.Clone(filterNames), func(name string) bool {
	return slices.Contains([]string{countedName, groupName, ofName, levelName, shortAbandonName}, name)
})

var groupsAtMost = number{name: "limit", least: 1, most: 1000, unset: 100}

// readStats reads the query string of a statistic.
func (a *api) readStats(r *http.Request, h *holder, name string) (x *statsAsk, err error) {
	values, err := parameters(r.URL.RawQuery, slices.Concat(ownNames(name), statsNames)...)
	if err != nil {
		return nil, err
	}
	x = &statsAsk{statistic: clickhouse.StatisticOf(name), hidden: h.hidden}
	if err := x.own(values); err != nil {
		return nil, err
	}
	if err := x.choose(r.Context(), a, values, h, ownNames(name)); err != nil {
		return nil, err
	}
	return x, x.cut(values)
}

// own reads the parameters that are not the filter's.
func (x *statsAsk) own(values url.Values) (err error) {
	if x.of, err = grouped(values, x.statistic); err != nil {
		return err
	}
	if x.thresholds, err = thresholds(values); err != nil {
		return err
	}
	if x.tells, err = chooseFigures(values, x.statistic); err != nil {
		return err
	}
	x.links = true
	if values.Has("links") {
		if x.links, err = yes(values, "links"); err != nil {
			return err
		}
	}
	x.level = &serviceLevelFormulas[len(serviceLevelFormulas)-1]
	if text := values.Get("sl_formula"); values.Has("sl_formula") {
		i := slices.IndexFunc(serviceLevelFormulas, func(f serviceLevelFormula) bool { return f.name == text })
		if i < 0 {
			return &refusal{parameterInvalid, fmt.Sprintf("sl_formula is %s, want SL-1, SL-2, SL-3, SL-4 or SL-5", quoted(text)), "sl_formula"}
		}
		x.level = &serviceLevelFormulas[i]
	}
	if x.limit, err = groupsAtMost.read(values); err != nil {
		return err
	}
	x.sort = x.statistic.Counts[0].Name
	if text := values.Get("sort"); values.Has("sort") {
		var counts []string
		for _, c := range x.statistic.Counts {
			counts = append(counts, c.Name)
		}
		if x.sort = text; !slices.Contains(counts, text) {
			return &refusal{parameterInvalid, fmt.Sprintf("sort is %s, want %s", quoted(text), listed(counts)), "sort"}
		}
	}
	switch text := values.Get("order"); {
	case text == "asc":
		x.least = true
	case values.Has("order") && text != "desc":
		return &refusal{parameterInvalid, fmt.Sprintf("order is %s, want asc or desc", quoted(text)), "order"}
	}
	return nil
}

// choose reads the filter. The time is closed: an end that is missing is that of today.
func (x *statsAsk) choose(ctx context.Context, a *api, values url.Values, h *holder, own []string) (err error) {
	x.chosen = url.Values{}
	for name, texts := range values {
		if !slices.Contains(own, name) {
			x.chosen[name] = texts
		}
	}
	if x.scope, x.filter, err = a.filter(ctx, x.chosen, h); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, a.queryTimeout)
	defer cancel()
	if x.zone, err = a.zone(within, values, x.scope); err != nil {
		return err
	}
	f := &x.filter
	now := time.Now().In(x.zone)
	switch {
	case !values.Has(dateFrom) && !values.Has(dateTo):
		f.From, f.To = call.InstantOf(dayAfter(now, 0)), call.InstantOf(dayAfter(now, 1))
	case !values.Has(dateFrom): // the day that ends there
		f.From = max(0, call.InstantOf(dayAfter((f.To-1).Time().In(x.zone), 0)))
	case !values.Has(dateTo):
		if f.To = call.InstantOf(dayAfter(now, 1)); f.To <= f.From {
			return &refusal{parameterInvalid, fmt.Sprintf("date_from is %s, which is yet to come, want a date_to behind it", clipped(values.Get(dateFrom))), dateFrom}
		}
	}
	for _, name := range []string{dateFrom, dateTo} {
		x.chosen.Del(name)
	}
	if !values.Has(hourOfWeekName) {
		x.chosen.Del(timeZone)
	}
	return nil
}

// cut the time into buckets.
func (x *statsAsk) cut(values url.Values) error {
	length := time.Duration(x.filter.To-x.filter.From) * time.Millisecond
	x.by = usual(length)
	if x.statistic.Name == "numbers" {
		x.by = byNone
	}
	if values.Has("by") {
		x.by = values.Get("by")
	}
	if x.by == byNone || x.by == byWeek {
		return nil
	}
	kind := kindOf(x.by)
	if kind == nil {
		return &refusal{parameterInvalid, fmt.Sprintf("by is %s, want hour, day, week, month, hour_of_week or none", quoted(x.by)), "by"}
	}
	if length > kind.most {
		var others []string
		for _, k := range bucketKinds {
			if length <= k.most {
				others = append(others, k.name)
			}
		}
		return &refusal{parameterInvalid, fmt.Sprintf("by is %s for %d days, want at most %d days, or by %s", x.by, length/aDay, kind.most/aDay,
			listed(append(others, byWeek, byNone))), "by"}
	}
	x.buckets = kind.cut(x.filter.From, x.filter.To, x.zone)
	return nil
}

// query as the store takes it.
func (x *statsAsk) query() clickhouse.StatsQuery {
	q := clickhouse.StatsQuery{Filter: x.filter, Statistic: x.statistic, Of: x.of, Thresholds: x.thresholds, Cuts: cutsOf(x.buckets)}
	if x.by == byWeek {
		q.Week = x.zone
	}
	return q
}

// parts is how many buckets there are.
func (x *statsAsk) parts() int {
	if x.by == byWeek {
		return clickhouse.HoursOfWeek
	}
	return len(x.buckets)
}

// mostItems bounds an answer: with links, this many have tens of megabytes.
const mostItems = 20_000

// tooMany says what would be fewer.
func (x *statsAsk) tooMany(groups int) error {
	if groups*(x.parts()+1) <= mostItems {
		return nil
	}
	return &refusal{parameterInvalid, fmt.Sprintf("by is %s: %d %s in %d buckets are too many, want fewer than %d together: a shorter time, by none, or a filter",
		x.by, groups, x.statistic.Name, x.parts(), mostItems), "by"}
}
