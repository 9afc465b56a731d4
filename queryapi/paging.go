package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// pageNames are the parameters of a list beside its filter.
var pageNames = []string{limit.name, offset.name, cursorName, sortName, orderName, totalName}

const (
	cursorName = "cursor"
	sortName   = "sort"
	orderName  = "order"
	totalName  = "total"
)

// What can be listed.
const (
	listOfCalls         = "calls"
	listOfConversations = "conversations"
)

// page is what a list was asked for.
type page struct {
	clickhouse.ListQuery
	scope clickhouse.Scope
	list  string
	key   cursorKey
	seen  uint64 // rows on the pages before, as far as the cursor knows
	exact bool   // the total is waited for
	at    time.Time
}

// wanted is the count of the whole list.
func (p *page) wanted() wanted { return wanted{p.list, p.scope, &p.Filter, p.exact, p.at} }

// page reads the query string of a list; narrow, if there is one, adds to its filter what the address says already.
func (a *api) page(r *http.Request, h *holder, list string, narrow func(*clickhouse.Filter) error) (p page, err error) {
	p.list, p.at = list, time.Now()
	known := slices.Concat(filterNames, pageNames)
	if list == listOfCalls && narrow == nil {
		known = append(known, formatName) // which asks for the page when it asks for JSON
	}
	values, err := parameters(r.URL.RawQuery, known...)
	if err != nil {
		return p, err
	}
	if p.Limit, err = limit.read(values); err != nil {
		return p, err
	}
	if p.Offset, err = offset.read(values); err != nil {
		return p, err
	}
	if p.Sort, err = readSort(values, list); err != nil {
		return p, err
	}
	if p.exact = values.Has(totalName); p.exact && values.Get(totalName) != "exact" {
		return p, &refusal{parameterInvalid, fmt.Sprintf("total is %s, want exact, or leave it out", quoted(values.Get(totalName))), totalName}
	}
	if p.scope, p.Filter, err = a.filter(r.Context(), values, h); err != nil {
		return p, err
	}
	if narrow != nil {
		if err := narrow(&p.Filter); err != nil {
			return p, err
		}
	}
	p.key = newCursorKey(list, &p.Filter, p.Sort, values.Get("org_id"), values.Get("recurse"))
	if !values.Has(cursorName) {
		return p, nil
	}
	if values.Has(offset.name) {
		return p, &refusal{parameterInvalid, "offset stands beside cursor, want one of them", offset.name}
	}
	c, err := readCursor(values.Get(cursorName), p.key)
	p.After, p.seen = &c.Position, c.seen
	return p, err
}

// readSort reads sort and order.
func readSort(values url.Values, list string) (s clickhouse.Sort, err error) {
	known := clickhouse.CallSorts
	if list == listOfConversations {
		known = clickhouse.ConversationSorts
	}
	if values.Has(sortName) {
		s.By = values.Get(sortName)
		if !slices.Contains(known, s.By) {
			return s, &refusal{parameterInvalid, fmt.Sprintf("sort is %s, want %s", quoted(s.By), listed(known)), sortName}
		}
		if s.By == known[0] {
			s.By = "" // the default by its name
		}
	}
	switch order := values.Get(orderName); {
	case order == "asc":
		s.Ascending = true
	case values.Has(orderName) && order != "desc":
		return s, &refusal{parameterInvalid, fmt.Sprintf("order is %s, want asc or desc", quoted(order)), orderName}
	}
	return s, nil
}

// described is what a page says of itself, of which up to limit+1 rows were found: one more than asked for tells whether
// there is another page, whatever arrives between two queries. last is the position of the last row shown.
func (a *api) described(ctx context.Context, p *page, found int, last func() clickhouse.Position) (pagination, error) {
	shown := min(found, p.Limit)
	seen := p.seen + uint64(p.Offset+found)
	says := pagination{limit: p.Limit, offset: p.Offset, hasMore: found > p.Limit, total: seen, relation: "eq"}
	if says.hasMore {
		says.next = cursor{last(), p.seen + uint64(p.Offset+shown)}.encode(p.key)
	} else if p.After == nil && (found > 0 || p.Offset == 0) {
		return says, nil // the last page tells the total without counting
	}
	if found == 0 {
		seen = p.seen // an offset beyond the end has shown nothing
	}
	w := p.wanted()
	w.exact = w.exact || found == 0 && p.After == nil
	n, known, err := a.totals.of(ctx, w)
	if err != nil {
		return says, err
	}
	says.total = max(n, seen) // rows that vanished since the list was read are still in it, and those of a moment ago not in the count
	if !known {
		says.relation = "gte"
	}
	return says, nil
}
