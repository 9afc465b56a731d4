package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const (
	windowName  = "window"
	usualWindow = aDay
	mostWindow  = 31 * aDay
	mostMissed  = 92 * aDay
)

// missed answers GET /api/v1/stats/missed: who was not answered, and whether that was made good.
func (a *api) missed(w http.ResponseWriter, r *http.Request, h *holder) error {
	x, ask, err := a.readMissed(r, h)
	if err != nil {
		return err
	}
	asOf := time.Now()
	var callers []clickhouse.Caller
	var withheld uint64
	err = a.ask(r, func(ctx context.Context) (err error) {
		if callers, err = a.history.Missed(ctx, x.scope, &x.filter, ask.window); err != nil {
			return err
		}
		q := x.query()
		q.Ungrouped = true
		tallies, err := a.history.Stats(ctx, x.scope, q)
		if err == nil && len(tallies) > 0 {
			withheld = tallies[0].Counts[made{x.statistic}.count("withheld")]
		}
		return err
	})
	if errors.Is(err, clickhouse.ErrTooManyTallies) {
		return &refusal{parameterInvalid, "more callers were missed than one answer holds, want a shorter time or a filter", dateFrom}
	}
	if err != nil {
		return err
	}
	all := make([]recovery, len(callers))
	for i := range callers {
		all[i] = recovered(&callers[i], ask.window)
	}
	x.writeMissed(w, ask, all, withheld, asOf)
	return nil
}

// missedAsk is what is asked for beside the filter.
type missedAsk struct {
	window        time.Duration
	status        string // empty: any
	limit, offset int
}

func (a *api) readMissed(r *http.Request, h *holder) (x *statsAsk, ask missedAsk, err error) {
	own := []string{windowName, "status", limit.name, offset.name, "links"}
	values, err := parameters(r.URL.RawQuery, slices.Concat(own, statsNames)...)
	if err != nil {
		return nil, ask, err
	}
	if ask.window, err = window(values); err != nil {
		return nil, ask, err
	}
	if ask.status = values.Get("status"); values.Has("status") && !slices.Contains(recoveries, ask.status) {
		return nil, ask, &refusal{parameterInvalid, fmt.Sprintf("status is %s, want %s", quoted(ask.status), listed(recoveries)), "status"}
	}
	if ask.limit, err = limit.read(values); err != nil {
		return nil, ask, err
	}
	if ask.offset, err = offset.read(values); err != nil {
		return nil, ask, err
	}
	x = &statsAsk{statistic: clickhouse.StatisticOf("missed"), hidden: h.hidden, links: true, by: byNone}
	if values.Has("links") {
		if x.links, err = yes(values, "links"); err != nil {
			return nil, ask, err
		}
	}
	if err := x.choose(r.Context(), a, values, h, own); err != nil {
		return nil, ask, err
	}
	if length := time.Duration(x.filter.To-x.filter.From) * time.Millisecond; length > mostMissed+time.Hour { // an autumn's
		return nil, ask, &refusal{parameterInvalid, fmt.Sprintf("date_from lies %d days before date_to, want at most %d", length/aDay, mostMissed/aDay), dateFrom}
	}
	return x, ask, nil
}

var windowText = regexp.MustCompile(`^([1-9][0-9]{0,5})([smhd])$`)

// window reads how long after a miss it can be made good.
func window(values url.Values) (time.Duration, error) {
	if !values.Has(windowName) {
		return usualWindow, nil
	}
	text := values.Get(windowName)
	if m := windowText.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1]) // six digits
		length := time.Duration(n) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": aDay}[m[2]]
		if length >= time.Minute && length <= mostWindow {
			return length, nil
		}
	}
	return 0, &refusal{parameterInvalid, fmt.Sprintf("window is %s, want 1m to 31d, such as 90m, 24h or 7d", quoted(text)), windowName}
}

// writeMissed writes the page that was asked for and the sum of all.
func (x *statsAsk) writeMissed(w http.ResponseWriter, ask missedAsk, all []recovery, withheld uint64, asOf time.Time) {
	sum := sumOf(all)
	chosen := all
	if ask.status != "" {
		chosen = slices.DeleteFunc(slices.Clone(all), func(r recovery) bool { return r.status != ask.status })
	}
	slices.SortFunc(chosen, byUrgency)
	page := chosen[min(ask.offset, len(chosen)):min(ask.offset+ask.limit, len(chosen))]

	w.Header().Set("Content-Type", "application/json")
	d := &document{dst: append(make([]byte, 0, 64<<10), '{')}
	d.begin("data", '[')
	for i := range page {
		d.element()
		x.caller(d, &page[i])
		d.end('}')
	}
	d.end(']')
	d.begin("pagination", '{')
	d.count("total", uint64(len(chosen)))
	d.count("limit", uint64(ask.limit))
	d.count("offset", uint64(ask.offset))
	d.name("has_more")
	d.dst = strconv.AppendBool(d.dst, ask.offset+len(page) < len(chosen))
	d.end('}')
	d.begin("summary", '{')
	d.count("callers", sum.callers)
	d.count(stillOpen, sum.open)
	d.count(calledBack, sum.back)
	d.count(gotThrough, sum.through)
	d.count("tried", sum.tried)
	d.figure("call_back_rate", ratio(sum.tried, sum.callers))
	d.figure("recovery_rate", ratio(sum.back+sum.through, sum.callers))
	d.optional("median_time_to_recover", sum.median)
	d.count("withheld", withheld)
	if withheld > 0 && x.links {
		d.begin("links", '{')
		d.text("withheld", x.link("withheld", x.filter.From, x.filter.To, -1, nil))
		d.end('}')
	}
	d.end('}')
	d.text("from", x.local(x.filter.From))
	d.text("to", x.local(x.filter.To))
	d.text("tz", x.zone.String())
	d.seconds("window", int64(ask.window/time.Second))
	d.text("as_of", asOf.UTC().Format(time.RFC3339))
	d.count("definition_version", definitionVersion)
	_, _ = w.Write(append(d.dst, "}\n"...))
}

// caller appends what became of one.
func (x *statsAsk) caller(d *document, r *recovery) {
	d.count("org_id", uint64(r.Org))
	d.text("number", x.shown(&r.Group))
	d.text("status", r.status)
	d.count("attempts", r.Attempts)
	d.text("first_missed_at", instantText(r.Missed[0]))
	d.text("last_missed_at", instantText(r.Missed[len(r.Missed)-1]))
	x.moment(d, "called_back_at", r.calledBack)
	x.moment(d, "recovered_at", r.reached)
	d.optional("time_to_recover", r.took)
	if x.links && !x.hides(&r.Group) {
		d.begin("links", '{')
		d.text("attempts", x.link("attempts", x.filter.From, x.filter.To, -1, &r.Group))
		d.end('}')
	}
}

func (x *statsAsk) moment(d *document, name string, at *call.Instant) {
	if at == nil {
		d.null(name)
		return
	}
	d.text(name, instantText(*at))
}
