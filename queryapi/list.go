package main

import (
	"net/http"
	"strconv"
)

// pagination is what a list says of itself.
type pagination struct {
	total         uint64
	limit, offset int
	hasMore       bool

	relation string // eq: total is exact; gte: there are as many or more; empty: not said, it is exact
	next     string // the cursor of the next page
}

// paged describes a page of which up to limit+1 records were found behind the offset: one more than asked for tells whether
// there is another page, whatever arrives between two queries. The last page tells the total without counting.
func paged(found, limit, offset int, count func() (uint64, error)) (pagination, error) {
	p := pagination{limit: limit, offset: offset, hasMore: found > limit}
	seen := uint64(offset + found)
	if !p.hasMore && (found > 0 || offset == 0) {
		p.total = seen
		return p, nil
	}
	n, err := count()
	if found > 0 {
		n = max(n, seen) // records that vanished since the list was read are still in it
	}
	p.total = n
	return p, err
}

// writePage writes the envelope of the Call Logs API around n records. A page may hold 200 rows of half a megabyte each, so
// what is ready is sent before the rest is written.
func writePage(w http.ResponseWriter, p pagination, n int, record func(dst []byte, i int) []byte) {
	const piece = 64 << 10
	w.Header().Set("Content-Type", "application/json")
	body := append(make([]byte, 0, piece), `{"data":[`...)
	for i := range n {
		if i > 0 {
			body = append(body, ',')
		}
		body = record(body, i)
		if len(body) >= piece {
			if _, err := w.Write(body); err != nil {
				return // the caller left
			}
			body = body[:0]
		}
	}
	body = append(body, `],"pagination":{"total":`...)
	body = strconv.AppendUint(body, p.total, 10)
	body = append(body, `,"limit":`...)
	body = strconv.AppendInt(body, int64(p.limit), 10)
	body = append(body, `,"offset":`...)
	body = strconv.AppendInt(body, int64(p.offset), 10)
	body = append(body, `,"has_more":`...)
	body = strconv.AppendBool(body, p.hasMore)
	if p.relation != "" {
		body = append(body, `,"next_cursor":`...)
		if p.next == "" {
			body = append(body, "null"...)
		} else {
			body = strconv.AppendQuote(body, p.next)
		}
		body = append(append(append(body, `,"total_relation":"`...), p.relation...), '"')
	}
	_, _ = w.Write(append(body, "}}\n"...))
}
