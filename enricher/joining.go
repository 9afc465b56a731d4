package main

import (
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const (
	hour = 60 * 60 * 1000 // milliseconds
	day  = 24 * hour
)

// think understands every conversation; what was bridged with a party of another one is joined with that, and both are
// understood once more. bring adds rows of the store that strangers may have come from; nil where all rows are in hand.
//
// What is joined is a matter of the rows alone, never of the order in which they came. So every linkedid is understood by
// itself first, whatever its rows were joined to before: its own rows say whom it looks for.
func (g *groups) think(mind *understanding, bring func([]stranger) error) error {
	var sought []stranger
	for g.understand(mind) {
		for _, one := range g.list {
			sought = append(sought, one.strangers...)
		}
		if len(sought) == 0 {
			return nil
		}
		if g.introduce(sought) || bring == nil {
			continue
		}
		var unknown []stranger
		for _, one := range g.list {
			unknown = append(unknown, one.strangers...)
		}
		if err := bring(unknown); err != nil {
			return err
		}
	}
	return nil
}

// understand the conversations whose rows are others than before; some tells whether there were such.
func (g *groups) understand(mind *understanding) (some bool) {
	for _, one := range g.list {
		if !one.changed || one.count == 0 {
			continue
		}
		rows := g.callsOf(one)
		join(rows)
		mind.conversation(rows)
		one.changed, one.strangers, some = false, mind.strangers(), true
	}
	return some
}

// introduce strangers to the rows in hand: conversations that have them are united. met tells whether any were.
func (g *groups) introduce(sought []stranger) (met bool) {
	byChannel := map[string][]*stranger{}
	for i := range sought {
		byChannel[sought[i].channel] = append(byChannel[sought[i].channel], &sought[i])
	}
	for _, one := range g.list {
		for m := one.first; m != nil; m = m.next {
			for _, name := range [...]string{m.call.Channel, m.call.Dstchannel} {
				for _, x := range byChannel[name] {
					if x.meets(m.call) && g.unite(clickhouse.Key{Source: x.source, Linkedid: x.key}, ownKey(m.call)) {
						met = true
					}
				}
			}
		}
	}
	return met
}

// stranger is a party that a row was bridged with although it never called it.
type stranger struct {
	source, channel string
	key             string // linkedid of the row's own conversation
	from, to        call.Instant
}

// strangers of the conversation that was understood last: parties that came from a call with another linkedid, as an
// attended transfer leaves them. The rows of that call may be known, or may come yet.
func (u *understanding) strangers() []stranger {
	var list []stranger
	for i := range u.legs {
		l := &u.legs[i]
		if l.stranger && !u.isKnown(l) {
			from := l.start()
			for _, o := range u.order {
				from = min(from, o.start())
			}
			list = append(list, stranger{l.Source, l.Dstchannel, l.ConversationKey(), from, l.end()})
		}
	}
	return list
}

// isKnown tells whether the conversation has the row that tells where the party came from whom a leg was bridged with. A row
// that met the party as a stranger itself tells it as little as the leg does: what tells it may come yet.
func (u *understanding) isKnown(l *leg) bool {
	for i := range u.legs {
		if o := &u.legs[i]; o != l && !o.double && (o.Channel == l.Dstchannel || o.Dstchannel == l.Dstchannel && !o.stranger) {
			return true
		}
	}
	return false
}

// meets tells whether a row of another conversation is where the stranger came from: it has the very channel, at the time.
func (x *stranger) meets(c *call.Call) bool {
	return c.Source == x.source && (c.Dstchannel == x.channel || c.Channel == x.channel) && c.Calldate >= x.from-hour && c.Calldate <= x.to
}

// join puts rows of several linkedids under the oldest of them.
func join(rows []*call.Call) {
	if len(rows) == 1 && rows[0].Joined == "" {
		return
	}
	oldest := rows[0]
	for _, c := range rows {
		if c.Calldate < oldest.Calldate || c.Calldate == oldest.Calldate && c.ID < oldest.ID {
			oldest = c
		}
	}
	key := ownKey(oldest).Linkedid
	for _, c := range rows {
		c.Joined = ""
		if c.ConversationKey() != key {
			c.Joined = key
		}
	}
}
