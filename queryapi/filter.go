package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// filterNames are the parameters that choose among calls: the same ones, with the same meaning, wherever calls are listed,
// counted, exported or followed.
var filterNames = func() []string {
	names := []string{dateFrom, dateTo, timeZone}
	for _, p := range filterParameters {
		names = append(names, p.name)
	}
	return append(append(names, countedNames...), "org_id", "recurse", ama)
}()

// repeatable are those that may stand more than once.
var repeatable = []string{"tag"}

const (
	// longestValue is more than any number, name or list of words has; what is longer is a mistake or worse.
	longestValue = 500
	mostWords    = 50
)

// filter reads the parameters that choose among calls; it gives the part of the token's scope that they ask for. Others
// may stand beside them: parameters has refused what is unknown.
func (a *api) filter(ctx context.Context, values url.Values, h *holder) (scope clickhouse.Scope, f clickhouse.Filter, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.queryTimeout)
	defer cancel()
	for _, p := range filterParameters {
		for _, text := range values[p.name] {
			if err := readable(p.name, text); err != nil {
				return scope, f, err
			}
			if !p.read(&f, text) {
				return scope, f, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want %s", p.name, quoted(text), p.want), p.name}
			}
		}
	}
	for _, r := range []struct {
		name  string
		asked clickhouse.Range
	}{{"duration", f.Duration}, {"talk", f.Talk}, {"wait", f.Wait}} {
		if r.asked.Least != nil && r.asked.Most != nil && *r.asked.Least > *r.asked.Most {
			return scope, f, &refusal{parameterInvalid, fmt.Sprintf("max_%s is %d, want at least min_%s, %d", r.name, *r.asked.Most, r.name, *r.asked.Least), "max_" + r.name}
		}
	}
	if f.Omitted, err = omitted(values); err != nil {
		return scope, f, err
	}
	if err := counted(values, &f); err != nil {
		return scope, f, err
	}
	if scope, err = a.scope(ctx, values, h); err != nil {
		return scope, f, err
	}
	zone := time.UTC
	if values.Has(dateFrom) || values.Has(dateTo) || values.Has(timeZone) || values.Has(hourOfWeekName) {
		if zone, err = a.zone(ctx, values, scope); err != nil {
			return scope, f, err
		}
	}
	if err := hourOfWeek(values, &f, zone); err != nil {
		return scope, f, err
	}
	f.From, f.To, err = period(values, zone)
	return scope, f, err
}

// readable refuses what no parameter takes.
func readable(name, text string) error {
	switch {
	case len(text) > longestValue:
		return &refusal{parameterInvalid, fmt.Sprintf("%s has %d bytes, want at most %d", name, len(text), longestValue), name}
	case !utf8.ValidString(text):
		return &refusal{parameterInvalid, name + " is not UTF-8", name}
	}
	return nil
}

// scope is what the token sees, narrowed to the organisation that org_id names and, with recurse, to those below it that
// the token sees too. Without org_id it is all that the token sees, below which there is nothing more for it.
func (a *api) scope(ctx context.Context, values url.Values, h *holder) (clickhouse.Scope, error) {
	below, err := yes(values, "recurse")
	if err != nil {
		return clickhouse.Scope{}, err
	}
	scope, err := narrowed(h.scope, values)
	if err != nil || !below || !values.Has("org_id") || len(scope.Orgs) == 0 {
		return scope, err
	}
	tree, err := a.organisations.all(ctx)
	if err != nil {
		return scope, err
	}
	family := descendants(tree, scope.Orgs[0])
	return clickhouse.Scope{Orgs: slices.DeleteFunc(slices.Clone(h.scope.Orgs), func(org uint32) bool { return !family[org] })}, nil
}

// yes reads a parameter that takes true or false.
func yes(values url.Values, name string) (bool, error) {
	switch text := values.Get(name); {
	case text == "true":
		return true, nil
	case !values.Has(name) || text == "false":
		return false, nil
	default:
		return false, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want true or false", name, quoted(text)), name}
	}
}

// split reads a list of words with commas between them.
func split(text string) ([]string, bool) {
	list := strings.Split(text, ",")
	return list, len(list) <= mostWords && !slices.Contains(list, "")
}
