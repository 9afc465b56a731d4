package main

import (
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// habit is whether a PBX writes its times in UTC (usegmtime=yes in cdr_adaptive_odbc.conf, or a host that runs in UTC),
// whatever zone its source is said to be in. Rows show it by themselves: a channel's first row begins in the second that
// its uniqueid bears. Later rows of the channel begin up to hours later and show nothing; for them the habit stands.
type habit struct {
	utc     bool
	shown   bool         // a row has shown it
	doubted call.Instant // the channel whose row showed the other, with nothing since that settles it
}

// sameSecond is how far a first row's time and its channel's creation are apart at most.
const sameSecond call.Instant = 2000

// isUTC takes in what a row shows and tells how its times are to be read: at is its calldate read in the source's zone,
// which is offset seconds ahead of UTC then, epoch the creation of its channel.
//
// In one direction a row is proof: the other reading would lie before its channel was made. In the other it may be
// chance, a queue that gave up after exactly as many hours as the zone is behind UTC. Then it takes two channels to change
// what others have shown. Where the offset is 0 nothing shows and nothing matters.
func (h *habit) isUTC(at call.Instant, offset int32, epoch call.Instant) bool {
	if offset == 0 || epoch == call.NoInstant {
		return h.utc
	}
	asUTC := at + call.Instant(offset)*1000
	fits, other := asUTC, at
	utc := distance(asUTC, epoch) <= sameSecond
	if !utc {
		fits, other = at, asUTC
	}
	if distance(fits, epoch) > sameSecond {
		return h.utc
	}
	proof := other < epoch-sameSecond
	switch {
	case h.shown && utc == h.utc:
		h.doubted = call.NoInstant
	case proof || !h.shown || h.doubted != call.NoInstant && h.doubted != epoch:
		*h = habit{utc: utc, shown: true, doubted: call.NoInstant}
	default:
		h.doubted = epoch
	}
	return h.utc
}

// habits of PBXs, by source and the zone that it is said to be in.
type habits struct {
	all    map[habitKey]*habit
	clocks map[string]*clock // by source, the one that it is read with now
	last   *habit            // chunks of a source follow each other
	key    habitKey
}

type habitKey struct {
	source string
	clock  *clock
}

func (a *habits) of(source string, c *clock) *habit {
	key := habitKey{source, c}
	if a.last != nil && a.key == key {
		return a.last
	}
	if a.all == nil {
		a.all, a.clocks = map[habitKey]*habit{}, map[string]*clock{}
	}
	key.source = strings.Clone(source) // the text is part of a whole chunk
	h, ok := a.all[key]
	if !ok {
		h = &habit{doubted: call.NoInstant}
		a.all[key] = h
	}
	a.clocks[key.source] = c
	a.last, a.key = h, key
	return h
}

// read is instant for a PBX whose habit is known.
func (c *clock) read(text string, hint call.Instant, utc bool) (at call.Instant, offset int32, ok bool) {
	if !utc {
		return c.instant(text, hint)
	}
	if at, ok = parseNaive(text); !ok {
		at = call.NoInstant
	}
	return at, 0, ok
}
