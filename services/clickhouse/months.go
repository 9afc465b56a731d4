package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// months remembers how many rows each month has of a list, for as long as nothing is written to the month: what was counted
// once of a year is counted of its last month alone from then on. The table is partitioned by month.
type months struct {
	lock  sync.Mutex
	known map[string]map[string]counted // by the list, then by the month
}

// counted is a count and the state of the month that it is about.
type counted struct {
	state written
	n     uint64
}

// written is how far a partition was written: its highest block, which every insert raises, of a tombstone too, and the
// version of its data, which a mutation raises. A merge may lower the latter, and the month is counted once more.
type written struct{ block, mutation int64 }

const mostLists = 200

// countByMonth counts the rows of a list that nothing narrows but its scope and time. The list's name tells it from others,
// whatever the time.
func (s *Store) countByMonth(ctx context.Context, list string, asked *question, from, to call.Instant) (uint64, error) {
	// The states come before the counts: what is written between the two is counted under a state that is over.
	states, err := s.written(ctx)
	if err != nil {
		return 0, err
	}
	n, known := s.months.sum(list, states, from, to)
	if len(known) == len(states) && len(states) > 0 { // where there is no month there may be no table, which the query says
		return n, nil
	}
	where := asked.where()
	if len(known) > 0 {
		where += " AND _partition_id NOT IN (" + strings.Join(known, ", ") + ")"
	}
	rows, err := s.conn.Query(asked.carry(ctx), "SELECT _partition_id, count() FROM calls FINAL WHERE "+where+" GROUP BY _partition_id")
	if err != nil {
		return 0, s.explain("count calls", err)
	}
	defer rows.Close()
	found := map[string]uint64{}
	for rows.Next() {
		var month string
		var rowsOf uint64
		if err := rows.Scan(&month, &rowsOf); err != nil {
			return 0, fmt.Errorf("count calls: %w", err)
		}
		found[month] = rowsOf
		n += rowsOf
	}
	if err := rows.Err(); err != nil {
		return 0, s.explain("count calls", err)
	}
	s.months.keep(list, states, found, from, to)
	return n, nil
}

// written tells the state of each month that has rows.
func (s *Store) written(ctx context.Context) (map[string]written, error) {
	rows, err := s.conn.Query(ctx, `SELECT partition_id, max(max_block_number), toInt64(max(data_version)) FROM system.parts
		WHERE active AND database = currentDatabase() AND table = 'calls' GROUP BY partition_id`)
	if err != nil {
		return nil, s.explain("read what the months have", err)
	}
	defer rows.Close()
	states := map[string]written{}
	for rows.Next() {
		var month string
		var w written
		if err := rows.Scan(&month, &w.block, &w.mutation); err != nil {
			return nil, fmt.Errorf("read what the months have: %w", err)
		}
		states[month] = w
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read what the months have", err)
	}
	return states, nil
}

// sum of the months of a list that lie within a time as a whole and are as they were when they were counted; known are
// those, and the ones without a part in the time, as literals.
func (m *months) sum(list string, states map[string]written, from, to call.Instant) (n uint64, known []string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for month, state := range states {
		begins, ends, ok := monthOf(month)
		switch c, has := m.known[list][month]; {
		case ok && (to != 0 && begins >= to || ends <= from):
		case ok && has && begins >= from && (to == 0 || ends <= to) && c.state == state:
			n += c.n
		default:
			continue
		}
		known = append(known, literal(month))
	}
	return n, known
}

// keep what was found of the months that lie within the time as a whole.
func (m *months) keep(list string, states map[string]written, found map[string]uint64, from, to call.Instant) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.known == nil || len(m.known) >= mostLists && m.known[list] == nil {
		m.known = map[string]map[string]counted{}
	}
	if m.known[list] == nil {
		m.known[list] = map[string]counted{}
	}
	for month, state := range states {
		begins, ends, ok := monthOf(month)
		if c, has := m.known[list][month]; !ok || begins < from || to != 0 && ends > to || has && c.state == state {
			continue
		}
		m.known[list][month] = counted{state, found[month]}
	}
}

// monthOf a partition, from its beginning to its end, which is not in it.
func monthOf(partition string) (begins, ends call.Instant, ok bool) {
	t, err := time.Parse("200601", partition)
	if err != nil {
		return 0, 0, false
	}
	return call.InstantOf(t), call.InstantOf(t.AddDate(0, 1, 0)), true
}
