package main

import "github.com/cdrflow/cdrflow/services/call"

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

// isKnown tells whether the party that a leg was bridged with is one of the conversation.
func (u *understanding) isKnown(l *leg) bool {
	for i := range u.legs {
		if o := &u.legs[i]; o != l && !o.double && (o.Channel == l.Dstchannel || o.Dstchannel == l.Dstchannel) {
			return true
		}
	}
	return false
}

// meets tells whether a row of another conversation is where the stranger came from: it has the very channel, at the time.
func (x *stranger) meets(c *call.Call) bool {
	return c.Source == x.source && (c.Dstchannel == x.channel || c.Channel == x.channel) && c.Calldate >= x.from-hour && c.Calldate <= x.to
}

const (
	hour = 60 * 60 * 1000 // milliseconds
	day  = 24 * hour
)

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
	key := oldest.ConversationKey()
	if oldest.Linkedid != "" {
		key = oldest.Linkedid
	}
	for _, c := range rows {
		c.Joined = ""
		if c.ConversationKey() != key {
			c.Joined = key
		}
	}
}
