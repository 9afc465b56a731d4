package clickhouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// A conversation bears every tag that one of its legs bears, so a tag that was taken off one leg stays where another has it.

// amendHeads amends conversations whose legs are known by name only.
func (s *Store) amendHeads(ctx context.Context, b *beside, heads []Head) error {
	legs := make([][]uint64, len(heads))
	a, err := s.amendments(ctx, b, func(add func(org uint32, id uint64)) {
		for i := range heads {
			h := &heads[i]
			legs[i] = h.LegIDs()
			for _, id := range legs[i] {
				add(h.OrgID, id)
			}
			for _, r := range h.Recordings() {
				add(h.OrgID, r.CallID)
			}
		}
	})
	if err != nil {
		return err
	}
	var lost []editedCall // legs of conversations that a tag was taken off of
	for i := range heads {
		if a.takesOff(heads[i].OrgID, legs[i], heads[i].Conversation.Tags) {
			for _, id := range legs[i] {
				lost = append(lost, editedCall{heads[i].OrgID, id})
			}
		}
	}
	understood, err := s.understoodTags(ctx, lost)
	if err != nil {
		return err
	}
	for i := range heads {
		h := &heads[i]
		was := h.Conversation.Tags
		a.call(&h.Call)
		h.Conversation.Tags = a.union(h.OrgID, legs[i], was, understood)
	}
	return nil
}

// amendConversation amends heads and whole legs of one conversation.
func (s *Store) amendConversation(ctx context.Context, b *beside, heads []Head, legs []call.Call) error {
	a, err := s.amendments(ctx, b, func(add func(org uint32, id uint64)) {
		for i := range legs {
			add(legs[i].OrgID, legs[i].ID)
		}
	})
	if err != nil {
		return err
	}
	understood := map[editedCall][]string{}
	ids := map[uint32][]uint64{}
	for i := range legs {
		c := &legs[i]
		understood[editedCall{c.OrgID, c.ID}] = c.Tags
		ids[c.OrgID] = append(ids[c.OrgID], c.ID)
		a.call(c)
	}
	for i := range heads {
		h := &heads[i]
		was := h.Conversation.Tags
		a.call(&h.Call)
		h.Conversation.Tags = a.union(h.OrgID, ids[h.OrgID], was, understood)
	}
	return nil
}

// takesOff tells whether one of tags was taken off a leg.
func (a *amendments) takesOff(org uint32, legs []uint64, tags []string) bool {
	for _, id := range legs {
		for tag, is := range a.tags[editedCall{org, id}] {
			if !is && slices.Contains(tags, tag) {
				return true
			}
		}
	}
	return false
}

// union of the tags of legs. Of tags that nobody touched, tags says whether there are any; of others, what the legs were
// understood to bear.
func (a *amendments) union(org uint32, legs []uint64, tags []string, understood map[editedCall][]string) []string {
	all := map[string]bool{}
	for _, id := range legs {
		for tag := range a.tags[editedCall{org, id}] {
			all[tag] = false
		}
	}
	if len(all) == 0 {
		return tags
	}
	for _, id := range legs {
		of := editedCall{org, id}
		for _, tag := range edit(understood[of], a.tags[of]) {
			if _, touched := all[tag]; touched {
				all[tag] = true
			}
		}
	}
	return edit(tags, all)
}

// understoodTags of calls, before any edit.
func (s *Store) understoodTags(ctx context.Context, calls []editedCall) (map[editedCall][]string, error) {
	tags := map[editedCall][]string{}
	if len(calls) == 0 {
		return tags, nil
	}
	var (
		scope Scope
		ids   []uint64
	)
	for _, c := range calls {
		if !slices.Contains(scope.Orgs, c.org) {
			scope.Orgs = append(scope.Orgs, c.org)
		}
		ids = append(ids, c.id)
	}
	where, _ := idFilter(ids)
	rows, err := s.conn.Query(long(ctx), fmt.Sprintf("SELECT org_id, id, CAST(tags, 'Array(String)') FROM calls FINAL WHERE %s AND %s", scope.where(), where))
	if err != nil {
		return nil, s.explain("read tags", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			of   editedCall
			list []string
		)
		if err := rows.Scan(&of.org, &of.id, &list); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		tags[of] = list
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read tags", err)
	}
	return tags, nil
}
