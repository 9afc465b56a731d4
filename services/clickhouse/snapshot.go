package clickhouse

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// ErrTooMany is returned for a snapshot of more calls than were allowed.
var ErrTooMany = errors.New("too many calls")

// Snapshot is which calls a list held at one moment, in its order, and each in which version: what one statement read from
// one set of parts. A version of a row never changes, so whoever reads these versions later has the list of that moment,
// in however many pieces. A call takes about eight bytes.
type Snapshot struct {
	scope   Scope
	omitted bool
	rows    int
	pages   [][]byte
	last    stamp
}

// stamp is a version of a row, and where it lives.
type stamp struct {
	place
	version uint64
}

// Rows is how many calls it holds.
func (n *Snapshot) Rows() int { return n.rows }

// Snapshot of the list that a filter makes, newest first as in List; ErrTooMany where it has more than most calls.
func (s *Store) Snapshot(ctx context.Context, scope Scope, f *Filter, most int) (*Snapshot, error) {
	asked := about(scope, f)
	rows, err := s.conn.Query(asked.carry(ctx), fmt.Sprintf(`SELECT org_id, toUnixTimestamp64Milli(calldate), id, version FROM calls FINAL
		WHERE %s ORDER BY calldate DESC, id DESC, org_id DESC LIMIT %d`, asked.where(), most+1))
	if err != nil {
		return nil, s.explain("read a snapshot", err)
	}
	defer rows.Close()
	taken := &Snapshot{scope: scope, omitted: f.Omitted}
	var at stamp
	for rows.Next() {
		if err := rows.Scan(&at.org, (*int64)(&at.calldate), &at.id, &at.version); err != nil {
			return nil, fmt.Errorf("read a snapshot: %w", err)
		}
		taken.add(at)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read a snapshot", err)
	}
	if taken.rows > most {
		return nil, ErrTooMany
	}
	return taken, nil
}

// page of packed stamps: pages, since a slice that grows leaves as much garbage as it holds.
const page = 64 << 10

// add packs a stamp as its differences from the one before: neighbours of a list lie seconds and a few ids apart.
func (n *Snapshot) add(at stamp) {
	if last := len(n.pages) - 1; last < 0 || len(n.pages[last])+4*binary.MaxVarintLen64 > page {
		n.pages = append(n.pages, make([]byte, 0, page))
	}
	b := &n.pages[len(n.pages)-1]
	*b = binary.AppendVarint(*b, int64(at.org)-int64(n.last.org))
	*b = binary.AppendVarint(*b, int64(at.calldate-n.last.calldate))
	*b = binary.AppendVarint(*b, int64(at.id-n.last.id))
	*b = binary.AppendVarint(*b, int64(at.version-n.last.version))
	n.last = at
	n.rows++
}

// walk reads the stamps of a snapshot one after the other.
type walk struct {
	pages [][]byte
	page  []byte
	last  stamp
}

func (n *Snapshot) walk() *walk { return &walk{pages: n.pages} }

// next appends up to most further stamps.
func (w *walk) next(list []stamp, most int) []stamp {
	for range most {
		if len(w.page) == 0 {
			if len(w.pages) == 0 {
				break
			}
			w.page, w.pages = w.pages[0], w.pages[1:]
		}
		w.last.org = uint32(int64(w.last.org) + w.varint())
		w.last.calldate += call.Instant(w.varint())
		w.last.id += uint64(w.varint())
		w.last.version += uint64(w.varint())
		list = append(list, w.last)
	}
	return list
}

func (w *walk) varint() int64 {
	v, size := binary.Varint(w.page)
	w.page = w.page[size:]
	return v
}
