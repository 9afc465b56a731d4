package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

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

// places of all rows, of any version and living or not, that meet one of the conditions as well as the common one; some
// may come twice. The conditions call the list by the name of list. They are searched one by one: with an OR between them
// the indexes of their columns hardly narrow anything down, and a search took four times as long.
func (s *Store) places(ctx context.Context, list []string, common string, conditions ...string) ([]place, error) {
	query := "WITH " + texts(list) + " AS list "
	for i, condition := range conditions {
		if i > 0 {
			query += " UNION ALL "
		}
		query += "SELECT org_id, toUnixTimestamp64Milli(calldate), id FROM calls WHERE " + join(common, condition)
	}
	rows, err := s.conn.Query(searching(ctx), query)
	if err != nil {
		return nil, s.explain("find calls", err)
	}
	return s.scanPlaces(rows)
}

func (s *Store) scanPlaces(rows driver.Rows) ([]place, error) {
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

// at reads what lives at these places, one by one; the next one overwrites the last.
func (s *Store) at(ctx context.Context, places []place, each func(*Head)) error {
	return s.atColumns(ctx, s.columns, places, each)
}

func (s *Store) atColumns(ctx context.Context, columns []*column, places []place, each func(*Head)) error {
	// Neighbours in the table are read together.
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.calldate, b.calldate), cmp.Compare(a.id, b.id))
	})
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
		err := s.readColumns(long(ctx), columns, fmt.Sprintf("PREWHERE %s AND (org_id, calldate, id) IN (%s) ORDER BY calldate, id LIMIT %d",
			between(low, high), b.String(), len(some)), each)
		if err != nil {
			return err
		}
	}
	return nil
}

// mostText is how long a query may be that lists thousands of values; the server's own bound is 256 KiB.
const mostText = 64 << 20

func long(ctx context.Context) context.Context {
	return besides(ctx, clickhouse.Settings{"max_query_size": mostText})
}

// searching uses the indexes before anything is read: used while reading they cost three times as much, seen on searches
// for 10 to 1,000 conversations. And no search is ever repeated, so its misses are not worth remembering.
func searching(ctx context.Context) context.Context {
	return besides(ctx, clickhouse.Settings{
		"max_query_size": mostText, "use_skip_indexes_on_data_read": 0, "use_query_condition_cache": 0,
	})
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

// texts is a list as an array, which the server parses faster than a tuple.
func texts(list []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, text := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(literal(text))
	}
	b.WriteByte(']')
	return b.String()
}
