package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/cdrflow/cdrflow/services/call"
)

// place is the key that a row lives at.
type place struct {
	org      uint32
	calldate call.Instant
	id       uint64
}

func placeOf(c *call.Call) place { return place{c.OrgID, c.Calldate, c.ID} }

// Rows that are found by anything but their key are found in two steps: first the places of all versions that match, then
// what lives at these places. Folding comes after the filter's index, so that neither a tombstone, which has none of the
// row's values, nor a newer version that no longer matches can be skipped, and an old version come back by that. It also
// is the faster way: nearly all searches of the enricher find nothing, and end after the first, narrow step.

// placesAtOnce bounds what one query of whole rows returns: up to 10,000 rows of a sorted and limited list ClickHouse
// reads the wide columns last and only of those rows.
const placesAtOnce = 5000

// places of all rows, of any version and living or not, that meet the condition.
func (s *Store) places(ctx context.Context, where string) ([]place, error) {
	rows, err := s.conn.Query(long(ctx), "SELECT DISTINCT org_id, toUnixTimestamp64Milli(calldate), id FROM calls WHERE "+where)
	if err != nil {
		return nil, s.explain("find calls", err)
	}
	defer rows.Close()
	var found []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.org, (*int64)(&p.calldate), &p.id); err != nil {
			return nil, fmt.Errorf("find calls: %w", err)
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("find calls", err)
	}
	return found, nil
}

// unknown keeps the places not met before, and remembers them.
func unknown(places []place, known map[place]bool) []place {
	return slices.DeleteFunc(places, func(p place) bool {
		met := known[p]
		known[p] = true
		return met
	})
}

// at reads what lives at these places.
func (s *Store) at(ctx context.Context, places []place) ([]Head, error) {
	var all []Head
	for some := range slices.Chunk(places, placesAtOnce) {
		low, high := some[0].calldate, some[0].calldate
		var b strings.Builder
		for i, p := range some {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(%d,'%s',%d)", p.org, p.calldate.Time().Format("2006-01-02 15:04:05.000"), p.id)
			low, high = min(low, p.calldate), max(high, p.calldate)
		}
		// PREWHERE is safe under FINAL here, since all versions of a row agree in its key.
		heads, err := s.heads(long(ctx), fmt.Sprintf("PREWHERE %s AND (org_id, calldate, id) IN (%s) ORDER BY calldate, id LIMIT %d",
			between(low, high), b.String(), len(some)))
		if err != nil {
			return nil, err
		}
		all = append(all, heads...)
	}
	return all, nil
}

// long allows a query that lists thousands of values: the server's own bound is 256 KiB.
func long(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 64 << 20}))
}

// join conditions; empty ones are none.
func join(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return "1"
	}
	return strings.Join(conditions, " AND ")
}

var escaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)

// literal of a text; any bytes but these stand for themselves.
func literal(text string) string { return "'" + escaper.Replace(text) + "'" }

// texts is a list of literals for IN.
func texts(list []string) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, text := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(literal(text))
	}
	b.WriteByte(')')
	return b.String()
}
