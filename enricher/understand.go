package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// understanding makes calls of rows under one set of rules. It does no I/O; it is not safe for concurrent use, since its
// clocks remember.
type understanding struct {
	rules  *rules
	clocks map[string]*clock
}

func newUnderstanding(r *rules) *understanding {
	return &understanding{rules: r, clocks: map[string]*clock{}}
}

func (u *understanding) clock(zone string) (*clock, error) {
	if c, ok := u.clocks[zone]; ok {
		return c, nil
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("zone %q of the source is not known: %w", zone, err)
	}
	u.clocks[zone] = newClock(location)
	return u.clocks[zone], nil
}

// call of a row: first its times, then its raw columns, then what follows from them.
func (u *understanding) call(o *call.Origin, clock *clock, row *call.Row, version call.Version, c *call.Call) {
	*c = call.Blank(call.ID(o.SourceNumber, row.ID))
	c.Version, c.Source = version, o.Source
	u.times(o.Table, clock, row, c)
	c.SetRaw(o.Table, row)

	a, b := u.rules.sideOf(c.Channel), u.rules.sideOf(c.Dstchannel)
	c.Direction = u.rules.direction(c, a, b)
	c.OrgID = u.rules.organisation(c, a, b)
	switch outside {
	case b.place:
		c.Trunk = b.endpoint
	case a.place:
		c.Trunk = a.endpoint
	}
	u.parties(c, b)
	c.WaitTime = call.NoSeconds
	if _, known := row.Value(o.Table, "duration"); known {
		if _, known := row.Value(o.Table, "billsec"); known {
			c.WaitTime = max(0, c.Duration-c.Billsec)
		}
	}
	h, other := parseHangup(c.Userfield, nil)
	h.source, h.cause = cmp.Or(h.source, other.source), cmp.Or(h.cause, other.cause)
	c.HangupSource, c.HangupCause, c.HangupReason = h.source, h.cause, reason(h.cause)
	c.DisconnectedBy = disconnectedBy(c, h, b.place == inside)
}

// parties says whom the row rang and what picked up. A trunk is not an extension: rang_extension stays null for it.
func (u *understanding) parties(c *call.Call, b side) {
	if b.place == inside {
		c.RangExtension = b.endpoint
	}
	if c.Disposition != call.Answered {
		return
	}
	switch {
	case b.place == absent:
		c.AnsweredType = call.Prompt
	case c.Lastapp == "Queue":
		c.AnsweredType = call.Queue
	default:
		c.AnsweredType = call.Human
	}
	c.AnsweredBy = c.RangExtension
}

// times sets calldate, answer and end. The epoch in uniqueid tells UTC for free: it decides the double hour of an autumn
// night, and stands in for a calldate that is no point in time.
func (u *understanding) times(t *call.Table, clock *clock, row *call.Row, c *call.Call) {
	uniqueid, _ := row.Value(t, "uniqueid")
	epoch := epochOf(uniqueid)
	text, given := row.Value(t, "calldate")
	at, offset, ok := clock.instant(text, epoch)
	switch {
	case ok:
		c.Calldate, c.CalldateOffset = at, offset
	case epoch != call.NoInstant:
		c.Calldate = epoch
	}
	if !ok && given {
		c.Flags = call.FlagCalldateInvalid
	}
	hint := c.Calldate
	if !ok {
		hint = call.NoInstant
	}
	if text, given := row.Value(t, "answer"); given {
		if c.Answer, c.AnswerOffset, ok = clock.instant(text, hint); !ok {
			c.Flags = addFlag(c.Flags, call.FlagAnswerInvalid)
		}
	}
	if text, given := row.Value(t, "end"); given {
		if c.End, c.EndOffset, ok = clock.instant(text, hint); !ok {
			c.Flags = addFlag(c.Flags, call.FlagEndInvalid)
		}
	}
}

func addFlag(flags, flag string) string {
	if flags == "" {
		return flag
	}
	return flags + "," + flag
}
