package main

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// number is a parameter that takes a whole number.
type number struct {
	name               string
	least, most, unset int
	beyond             string // an offset: how to reach what lies behind it
}

var (
	limit  = number{name: "limit", least: 1, most: 200, unset: 50}
	offset = number{
		name: "offset", least: 0, most: 10_000, unset: 0,
		beyond: "read further with cursor, which each page gives as next_cursor",
	}
)

// ama is named after amaflags.
const ama = "ama"

// parameters reads a query string that may hold the named parameters, each once but for those that are repeatable. What is misspelt is refused rather than
// ignored: a filter that silently does nothing shows calls that were not asked for.
func parameters(query string, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, refuse(queryMalformed, "the query string cannot be read: it has a semicolon or a percent sign without two hex digits")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names) // so that the same request is refused with the same words
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, &refusal{parameterUnknown, fmt.Sprintf("%s is not a parameter here, want %s", quoted(name), listed(known)), clipped(name)}
		}
		if len(values[name]) > 1 && !slices.Contains(repeatable, name) {
			return nil, &refusal{parameterRepeated, fmt.Sprintf("%s is given %d times, want it once", name, len(values[name])), name}
		}
	}
	return values, nil
}

// omitted reads ama, which asks for what the PBX marked amaflags OMIT.
func omitted(values url.Values) (bool, error) {
	if text := values.Get(ama); values.Has(ama) && text != "omit" {
		return false, &refusal{parameterInvalid, fmt.Sprintf("ama is %s, want omit", quoted(text)), ama}
	}
	return values.Has(ama), nil
}

// read the number. A value outside the limits is refused, never clamped: a caller that asks for 500 and gets 200 would take
// the list for complete.
func (n number) read(values url.Values) (int, error) {
	if !values.Has(n.name) {
		return n.unset, nil
	}
	text := values.Get(n.name)
	// Decimal digits only: Atoi alone would also take "+5".
	v, err := strconv.Atoi(text)
	if !decimal(text) || err != nil && len(text) < 10 {
		return 0, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want a whole number from %d to %d", n.name, quoted(text), n.least, n.most), n.name}
	}
	if n.beyond != "" && (err != nil || v > n.most) {
		return 0, &refusal{offsetTooDeep, fmt.Sprintf("offset is %s, want 0 to %d; %s", clipped(text), n.most, n.beyond), n.name}
	}
	if err != nil || v < n.least || v > n.most {
		return 0, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want %d to %d", n.name, clipped(text), n.least, n.most), n.name}
	}
	return v, nil
}

func decimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// clipped keeps an answer short however long the question was.
func clipped(s string) string {
	const most = 40
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func quoted(s string) string { return strconv.Quote(clipped(s)) }

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
