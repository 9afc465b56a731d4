package main

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// member is a row of a conversation in hand: one that arrived, or one of the store.
type member struct {
	call    *call.Call
	prior   *call.Call // as the store has it; nil for a row that it has not
	arrival *arrival   // nil for a row that did not arrive
	next    *member
}

// group is a conversation in hand.
type group struct {
	key         clickhouse.Key
	first, last *member
	count       int
	into        *group     // where it was joined to
	strangers   []stranger // of its rows; see think
	ask         bool       // the store may know more of its rows
	changed     bool       // it has other rows than when it was understood last

	fresh, redelivered bool // see announce
}

// groups are the conversations of a batch.
type groups struct {
	by   map[clickhouse.Key]*group
	list []*group
	rows []*call.Call // scratch

	joined []*call.Call // rows that the store has as joined to others

	memory  []group // both are made in one piece: a batch has thousands
	members []member
}

func newGroups(rows int) *groups {
	g := &groups{by: map[clickhouse.Key]*group{}}
	g.reset(rows)
	return g
}

// reset makes room for the conversations of another batch in the same memory.
func (g *groups) reset(rows int) {
	clear(g.by)
	clear(g.list)
	g.list, g.joined = g.list[:0], nil
	g.memory = slices.Grow(g.memory[:0], rows)
	g.members = slices.Grow(g.members[:0], rows)
}

func conversationOf(c *call.Call) clickhouse.Key {
	return clickhouse.Key{Source: c.Source, Linkedid: c.ConversationKey()}
}

// ownKey is the conversation that Asterisk put the row into, whatever it was joined to.
func ownKey(c *call.Call) clickhouse.Key {
	own := *c
	own.Joined = ""
	return clickhouse.Key{Source: c.Source, Linkedid: own.ConversationKey()}
}

// at finds the group of a conversation, made where there is none.
func (g *groups) at(key clickhouse.Key) *group {
	if one, ok := g.by[key]; ok {
		for one.into != nil {
			one = one.into
		}
		return one
	}
	var one *group
	if len(g.memory) < cap(g.memory) {
		g.memory = append(g.memory, group{key: key})
		one = &g.memory[len(g.memory)-1]
	} else {
		one = &group{key: key}
	}
	g.by[key] = one
	g.list = append(g.list, one)
	return one
}

func (g *groups) add(one *group, c, prior *call.Call, a *arrival) {
	var m *member
	if len(g.members) < cap(g.members) {
		g.members = append(g.members, member{call: c, prior: prior, arrival: a})
		m = &g.members[len(g.members)-1]
	} else {
		m = &member{call: c, prior: prior, arrival: a}
	}
	if one.last == nil {
		one.first = m
	} else {
		one.last.next = m
	}
	one.last = m
	one.count++
	one.changed = true
}

// find the member that is the row id.
func (one *group) find(id uint64) *member {
	for m := one.first; m != nil; m = m.next {
		if m.call.ID == id {
			return m
		}
	}
	return nil
}

// unite two groups that are one conversation, unless they are one already.
func (g *groups) unite(a, b clickhouse.Key) bool {
	one, other := g.at(a), g.at(b)
	if one == other {
		return false
	}
	if one.last == nil {
		one.first = other.first
	} else {
		one.last.next = other.first
	}
	if other.last != nil {
		one.last = other.last
	}
	one.count += other.count
	one.ask = one.ask || other.ask
	one.changed = true
	*other = group{key: other.key, into: one}
	return true
}

// admit stored rows to their conversations: as what an arrival is compared with, or as a further leg. Of a row that lives
// twice the newest counts; the others are returned, to be buried.
func (g *groups) admit(stored []call.Call) (doubles []clickhouse.Stored) {
	slices.SortFunc(stored, func(a, b call.Call) int {
		switch {
		case a.Version > b.Version:
			return -1
		case a.Version < b.Version:
			return 1
		}
		return int(int64(a.OrgID) - int64(b.OrgID))
	})
	priors := slices.Clone(stored)
	for i := range stored {
		c := &stored[i]
		if c.Joined != "" {
			g.joined = append(g.joined, &priors[i])
		}
		one := g.at(ownKey(c))
		m := one.find(c.ID)
		switch {
		case m == nil:
			g.add(one, c, &priors[i], nil)
		case m.prior == nil && m.arrival != nil:
			m.prior = &priors[i]
		case storedAt(m.prior) == storedAt(c): // brought before
		default:
			doubles = append(doubles, storedAt(c))
		}
	}
	return doubles
}

func storedAt(c *call.Call) clickhouse.Stored {
	return clickhouse.Stored{
		OrgID: c.OrgID, Calldate: c.Calldate, ID: c.ID, Version: c.Version, First: c.Version, RawHash: c.RawHash, Direction: c.Direction,
	}
}

// callsOf a group, in the scratch of the batch.
func (g *groups) callsOf(one *group) []*call.Call {
	g.rows = g.rows[:0]
	for m := one.first; m != nil; m = m.next {
		g.rows = append(g.rows, m.call)
	}
	return g.rows
}

// announce decides for each conversation whether corrections of its other rows are told, as its arrivals are, and whether one
// of these was stored before.
func (g *groups) announce() {
	for _, one := range g.list {
		for m := one.first; m != nil; m = m.next {
			if m.arrival != nil {
				one.fresh = one.fresh || m.arrival.fresh
				one.redelivered = one.redelivered || m.prior != nil && m.prior.Version.Chunk() == m.call.Version.Chunk()
			}
		}
	}
	// What was joined and is no longer is told of both.
	for _, c := range g.joined {
		one := g.at(conversationOf(c))
		one.fresh = one.fresh || g.at(ownKey(c)).fresh
	}
	for _, c := range g.joined {
		one := g.at(ownKey(c))
		one.fresh = one.fresh || g.at(conversationOf(c)).fresh
	}
}
