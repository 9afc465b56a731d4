package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

var statsPaths = []string{"calls", "queues", "agents", "trunks", "numbers", "missed"}

// Every parameter: what is taken, what lies at its limits, and what is refused with a word on what would be right.
func TestStatisticsParameters(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	token := tokenOf(t, "agent", 1, 2)
	for _, c := range []struct {
		path      string
		parameter string // to blame; empty: it is taken
		detail    string
	}{
		{"calls", "", ""},
		{"calls?by=hour&date_from=2026-10-01&date_to=2026-10-31&tz=Europe/Berlin", "", ""}, // 31 days and an hour
		{"calls?by=hour&date_from=2026-10-01&date_to=2026-11-01&tz=Europe/Berlin", "by", "by is hour for 32 days, want at most 31 days, or by day, week, month, hour_of_week or none"},
		{"calls?by=day&date_from=2024-01-01&date_to=2024-12-31", "", ""},
		{"calls?by=day&date_from=2024-01-01&date_to=2025-01-01", "by", "by is day for 367 days, want at most 366 days, or by week, month, hour_of_week or none"},
		{"calls?by=week&date_from=2010-01-01&date_to=2026-01-01", "by", "want at most 3653 days, or by month"},
		{"calls?by=month&date_from=1970-01-01&date_to=2026-01-01", "", ""},
		{"calls?by=month&date_from=1970-01-01&date_to=2199-12-31", "by", "or by hour_of_week or none"},
		{"calls?by=none&date_from=1970-01-01&date_to=2199-12-31", "", ""},
		{"calls?by=hour_of_week&tz=Asia/Kolkata&date_from=1970-01-01&date_to=2199-12-31", "", ""},
		{"calls?by=minute", "by", `by is "minute", want hour, day, week, month, hour_of_week or none`},
		{"calls?by=", "by", "want hour"},
		{"calls?by=hour&by=day", "by", "by is given 2 times"},
		{"calls?date_from=2026-11-21T08:00:00Z&date_to=2026-11-21T09:00:00Z", "", ""},
		{"calls?date_to=2026-11-01", "", ""},
		{"calls?date_from=2026-11-22&date_to=2026-11-21", "date_to", "before"},
		{"calls?date_from=2190-01-01", "date_from", "yet to come"},
		{"calls?date_from=yesterday", "date_from", "want a day"},
		{"calls?tz=Mars/Olympus", "tz", "want a time zone"},
		{"calls?tz=Local", "tz", "want a time zone"},
		{"calls?links=false", "", ""},
		{"calls?links=maybe", "links", `links is "maybe", want true or false`},
		{"calls?figures=calls,answer_rate,wait,talk.p90,busiest_hour", "", ""},
		{"queues?figures=service_level", "", ""},
		{"numbers?figures=att,talk.sum&sort=inbound", "", ""},
		{"agents?figures=busiest_hour", "figures", `figures names "busiest_hour", want counts, rates and lengths of agents, such as offered, answer_rate, ring or ring.p90`},
		{"queues?figures=wait.p42", "figures", `figures names "wait.p42"`},
		{"queues?figures=offered,Offered", "figures", `figures names "Offered"`},
		{"queues?figures=offered,asa,offered", "figures", "names something twice"},
		{"queues?figures=", "figures", `figures names ""`},
		{"queues?figures=offered&figures=asa", "figures", "figures is given 2 times"},
		{"missed?figures=calls", "figures", "not a parameter here"},
		{"calls?org_id=2&recurse=true", "", ""},
		{"calls?org_id=x", "org_id", "want a whole number"},
		{"calls?hour_of_week=167", "", ""},
		{"calls?hour_of_week=168", "hour_of_week", "want 0 to 167"},
		{"calls?sl_formula=SL-1", "sl_formula", "not a parameter here"},
		{"calls?limit=1", "limit", "not a parameter here"},
		{"calls?counted=calls.calls", "counted", "not a parameter here"},
		{"calls?colour=red", "colour", "not a parameter here"},
		{"queues?links=true", "", ""},
		{"agents?links=false", "", ""},
		{"trunks?links=false", "", ""},
		{"numbers?links=false", "", ""},
		{"missed?links=false", "", ""},
		{"missed?date_from=2026-08-01&date_to=2026-10-31&tz=Europe/Berlin", "", ""}, // 92 days and an hour
		{"missed?date_from=2026-08-01&date_to=2026-11-01&tz=Europe/Berlin", "date_from", "date_from lies 93 days before date_to, want at most 92"},
		{"missed?links=0", "links", "want true or false"},
		{"queues?sl_formula=SL-5&sl_threshold=0&short_abandon=0", "", ""},
		{"queues?sl_threshold=2147483647&short_abandon=2147483647", "", ""},
		{"queues?sl_formula=SL-6", "sl_formula", `sl_formula is "SL-6", want SL-1, SL-2, SL-3, SL-4 or SL-5`},
		{"queues?sl_threshold=-1", "sl_threshold", "want a whole number"},
		{"queues?sl_threshold=2147483648", "sl_threshold", "want 0 to 2147483647"},
		{"queues?short_abandon=5s", "short_abandon", "want a whole number"},
		{"numbers?of=did&limit=1000&sort=missed_inbound&order=asc", "", ""},
		{"numbers?of=agent", "of", `of is "agent", want callee, caller or did`},
		{"numbers?limit=0", "limit", "want 1 to 1000"},
		{"numbers?limit=1001", "limit", "want 1 to 1000"},
		{"numbers?sort=wait", "sort", "want calls, inbound"},
		{"numbers?order=up", "order", "want asc or desc"},
		{"missed?window=1m&status=still_open&limit=200&offset=10000", "", ""},
		{"missed?window=31d", "", ""},
		{"missed?window=32d", "window", "want 1m to 31d"},
		{"missed?window=59s", "window", "want 1m to 31d"},
		{"missed?window=0h", "window", "want 1m to 31d"},
		{"missed?window=24", "window", "want 1m to 31d"},
		{"missed?status=open", "status", "want still_open, called_back or got_through"},
		{"missed?limit=201", "limit", "want 1 to 200"},
		{"missed?offset=10001", "offset", "want 0 to 10000"},
		{"missed?by=day", "by", "not a parameter here"},
		{"missed?date_from=2026-01-01&date_to=2026-04-02", "", ""},
		{"missed?date_from=2026-01-01&date_to=2026-04-03", "date_from", "want at most 92"},
	} {
		got := s.get(t, token, "/api/v1/stats/"+c.path)
		if c.parameter == "" {
			got.answer(t)
			continue
		}
		if p := got.problem(t); got.StatusCode != http.StatusBadRequest || p.Parameter != c.parameter || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s: %s blames %q: %s; want %q: %s", c.path, p.Code, p.Parameter, p.Detail, c.parameter, c.detail)
		}
	}
}

// Lists take what links say, and refuse what says nothing.
func TestCountedParameters(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	for _, c := range []struct{ query, parameter string }{
		{"counted=queues.abandoned&group=sales", ""},
		{"counted=queues.short_abandon&short_abandon=3", ""},
		{"counted=queues.answered_in_threshold&sl_threshold=30", ""},
		{"counted=numbers.calls&of=caller&group=%2B331", ""},
		{"hour_of_week=0&tz=Asia/Kolkata", ""},
		{"counted=queues", "counted"},
		{"counted=queues.", "counted"},
		{"counted=queues.nonsense", "counted"},
		{"counted=queues.abandoned'%20OR%20'1'='1", "counted"},
		{"counted=calls.answered&group=x", "group"},
		{"counted=queues.offered&of=did", "of"},
		{"counted=numbers.calls&of=x", "of"},
		{"counted=queues.offered&group=" + strings.Repeat("x", 501), "group"},
		{"group=sales", "group"},
		{"of=did", "of"},
		{"sl_threshold=5", "sl_threshold"},
		{"short_abandon=5", "short_abandon"},
		{"counted=queues.short_abandon&short_abandon=x", "short_abandon"},
		{"hour_of_week=-1", "hour_of_week"},
	} {
		for _, path := range []string{"calls", "conversations"} {
			got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/"+path+"?"+c.query)
			if c.parameter == "" {
				got.list(t)
			} else if p := got.wantProblem(t, parameterInvalid); p.Parameter != c.parameter {
				t.Errorf("%s?%s blames %q, want %q: %s", path, c.query, p.Parameter, c.parameter, p.Detail)
			}
		}
	}
}

// Hostile texts in every parameter are refused or mean themselves; none breaks a statement.
func TestHostileStatistics(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, friday(t, 1)...), nil, nil)
	for _, text := range []string{"'", `\`, "' OR 1=1 --", "{p0:String}", "\x00", "sales') OR ('1'='1"} {
		for _, name := range []string{"queue", "agent", "extension", "trunk", "search"} {
			got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/queues?by=none&"+theFriday+"&"+name+"="+url.QueryEscape(text)).answer(t)
			if n := valueAt(got, "total/offered"); n != "0" {
				t.Errorf("%s=%q counts %s", name, text, n)
			}
		}
		got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls?counted=queues.offered&group="+url.QueryEscape(text)+"&"+theFriday)
		if got.StatusCode == http.StatusOK && *got.list(t).Pagination.Total != 0 {
			t.Errorf("group %q lists something", text)
		}
	}
}

func TestStatisticsWithoutAHistory(t *testing.T) {
	t.Parallel()
	away := newSite(t, &fixed{err: fmt.Errorf("far: %w", clickhouse.ErrAway)}, nil, nil)
	much := newSite(t, crowded{&fixed{}}, nil, nil)
	for _, path := range statsPaths {
		got := away.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/"+path)
		got.wantProblem(t, historyUnavailable)
		if got.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to try again", path)
		}
		much.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/"+path).wantProblem(t, parameterInvalid)
	}
}

// Without dates it is today in the zone, and by the hour.
func TestStatisticsOfToday(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	for _, zone := range []string{"Asia/Kolkata", "Pacific/Honolulu", "UTC"} {
		day := func() string { return time.Now().In(in(t, zone)).Format(time.DateOnly) }
		before := day()
		m := s.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/calls?tz="+zone).answer(t)
		from, by := valueAt(m, "from"), valueAt(m, "by")
		if !slices.Contains([]string{before, day()}, from[:10]) || from[11:19] != "00:00:00" || by != "hour" {
			t.Errorf("%s: from %s by %s, want %s by hour", zone, from, by, before)
		}
	}
}

// The page names every count and figure.
func TestDocumentedStatistics(t *testing.T) {
	t.Parallel()
	text := section(t, documentation(t), "Statistics")
	for _, name := range countable {
		_, count, _ := strings.Cut(name, ".")
		if !strings.Contains(text, "`"+count+"`") && !strings.Contains(text, "`summary."+count+"`") && name != "missed.calls" {
			t.Errorf("docs/api.md does not say what %s is", name)
		}
	}
	for _, f := range serviceLevelFormulas {
		if !strings.Contains(text, f.name+" "+f.definition) {
			t.Errorf("docs/api.md says %s otherwise than %s", f.name, f.definition)
		}
	}
	for _, path := range statsPaths {
		for _, f := range figuresOf[path] {
			if !strings.Contains(text, "`"+f.name+"`") {
				t.Errorf("docs/api.md does not say what %s of %s is", f.name, path)
			}
		}
		for _, name := range ownNames(path) {
			if !strings.Contains(text, "| `"+name+"`") {
				t.Errorf("docs/api.md lacks the parameter %s of %s", name, path)
			}
		}
	}
}
