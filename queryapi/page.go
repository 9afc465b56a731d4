package main

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// number is a parameter that takes a whole number.
type number struct {
	name               string
	least, most, unset int
}

var (
	limit  = number{name: "limit", least: 1, most: 200, unset: 50}
	offset = number{name: "offset", least: 0, most: 10_000, unset: 0}
)

// parameters reads a query string that may hold the named parameters, each once. What is misspelt is refused rather than
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
		if len(values[name]) > 1 {
			return nil, &refusal{parameterRepeated, fmt.Sprintf("%s is given %d times, want it once", name, len(values[name])), name}
		}
	}
	return values, nil
}

// page reads limit and offset. A value outside the limits is refused, never clamped: a caller that asks for 500 and gets
// 200 would take the list for complete.
func page(query string) (clickhouse.ListQuery, error) {
	values, err := parameters(query, limit.name, offset.name)
	if err != nil {
		return clickhouse.ListQuery{}, err
	}
	var q clickhouse.ListQuery
	if q.Limit, err = limit.read(values); err != nil {
		return q, err
	}
	if q.Offset, err = offset.read(values); err != nil {
		return q, err
	}
	return q, nil
}

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
	if n.name == offset.name && (err != nil || v > n.most) {
		return 0, &refusal{offsetTooDeep, fmt.Sprintf("offset is %s, want 0 to %d; there is no cursor yet that reads further: read older calls by id, GET /api/v1/calls/{id}", clipped(text), n.most), n.name}
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
	return strings.Join(names, " or ")
}
