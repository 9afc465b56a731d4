package clickhouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// What people added to calls stands beside them: tags put on and taken off, recordings erased. Whatever is read for somebody
// is amended by it; what the enricher reads to understand it is not.

// amendments of some calls.
type amendments struct {
	tags   map[editedCall]map[string]bool // whether the tag is there now
	erased map[uint64]erased
}

// editedCall is a call as one organisation knows it: its edits do not follow the call to another.
type editedCall struct {
	org uint32
	id  uint64
}

type erased struct {
	done  bool
	files []string
}

// Amend calls that were read as they are stored, as the calls of a page are: the legs that an explanation quotes, for one.
func (s *Store) Amend(ctx context.Context, calls []call.Call) error {
	return s.amend(ctx, nil, calls)
}

func (s *Store) amend(ctx context.Context, b *beside, calls []call.Call) error {
	a, err := s.amendments(ctx, b, func(add func(org uint32, id uint64)) {
		for i := range calls {
			add(calls[i].OrgID, calls[i].ID)
		}
	})
	if err != nil {
		return err
	}
	for i := range calls {
		a.call(&calls[i])
	}
	return nil
}

// amendments of the calls that list names, from what was read beside them where that is all.
func (s *Store) amendments(ctx context.Context, b *beside, list func(add func(org uint32, id uint64))) (amendments, error) {
	var (
		orgs []uint32
		ids  []uint64
	)
	list(func(org uint32, id uint64) {
		if !slices.Contains(orgs, org) {
			orgs = append(orgs, org)
		}
		ids = append(ids, id)
	})
	if b != nil {
		if b.wait(); b.err != nil || b.whole {
			return b.amendments, b.err
		}
	}
	if len(ids) == 0 {
		return amendments{}, nil
	}
	where, _ := idFilter(ids) // neighbours that come along are nobody's
	a, _, err := s.readAmendments(ctx, Scope{orgs}, where, 0)
	return a, err
}

// readAmendments of a scope that meet a condition, and how many rows they are; of each kind at most so many, or all for 0.
func (s *Store) readAmendments(ctx context.Context, scope Scope, which string, most int) (a amendments, read int, err error) {
	if most > 0 {
		which += fmt.Sprintf(" LIMIT %d", most)
	}
	a = amendments{tags: map[editedCall]map[string]bool{}, erased: map[uint64]erased{}}
	// An erasure holds wherever the call went since.
	rows, err := s.conn.Query(long(ctx), fmt.Sprintf(`SELECT 0 AS erasure, org_id, id, tag AS text, present = 1 AS is FROM call_tags FINAL WHERE %s AND %s
		UNION ALL SELECT 1, org_id, id, file, done = 1 FROM erasures FINAL WHERE what = 'recording' AND %[2]s`, scope.where(), which))
	if err != nil {
		return a, 0, s.explain("read tags and erasures", err)
	}
	defer rows.Close()
	for rows.Next() {
		read++
		var (
			erasure uint8
			of      editedCall
			text    string
			is      bool
		)
		if err := rows.Scan(&erasure, &of.org, &of.id, &text, &is); err != nil {
			return a, 0, fmt.Errorf("read tags and erasures: %w", err)
		}
		if erasure == 1 {
			e := a.erased[of.id]
			a.erased[of.id] = erased{e.done || is, append(e.files, text)}
			continue
		}
		if a.tags[of] == nil {
			a.tags[of] = map[string]bool{}
		}
		a.tags[of][text] = is
	}
	if err := rows.Err(); err != nil {
		return a, 0, s.explain("read tags and erasures", err)
	}
	return a, read, nil
}

// call amends one.
func (a *amendments) call(c *call.Call) {
	c.Tags = edit(c.Tags, a.tags[editedCall{c.OrgID, c.ID}])
	if e, found := a.erased[c.ID]; found {
		c.EraseRecording(e.done, e.files...)
	}
	a.recordings(c)
}

// recordings of a conversation that were erased are shown no more.
func (a *amendments) recordings(head *call.Call) {
	if len(a.erased) > 0 {
		head.DropRecordings(func(r call.Recording) bool {
			_, found := a.erased[r.CallID]
			return found
		})
	}
}

// edit gives the tags that were understood, without those taken off, and those put on behind them.
func edit(tags []string, edits map[string]bool) []string {
	if len(edits) == 0 {
		return tags
	}
	var edited, added []string
	for _, tag := range tags {
		if is, touched := edits[tag]; is || !touched {
			edited = append(edited, tag)
		}
	}
	for tag, is := range edits {
		if is && !slices.Contains(edited, tag) {
			added = append(added, tag)
		}
	}
	slices.Sort(added)
	return append(edited, added...)
}
