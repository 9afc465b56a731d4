package clickhouse

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Key names a conversation: its source, and the linkedid it goes by there or, of a row without one, its uniqueid (see
// call.Call.ConversationKey).
type Key struct{ Source, Linkedid string }

// joinRounds bounds how far joins are followed: an attended transfer joins two conversations, and a third follows from a
// transfer of the transferred.
const joinRounds = 4

// Legs finds every living row of these conversations, whole and in no order, whatever its organisation. Where a row was
// joined to another conversation, or another's was joined to one of these, that one comes along.
func (s *Store) Legs(ctx context.Context, keys []Key) ([]call.Call, error) {
	var legs []call.Call
	err := s.legs(ctx, "", keys, func(h *Head) { legs = append(legs, h.Call) })
	return legs, err
}

// legs does so for the rows that meet the condition scope.
func (s *Store) legs(ctx context.Context, scope string, keys []Key, each func(*Head)) error {
	asked := make(map[Key]bool, len(keys))
	known := map[place]bool{} // read already
	for range joinRounds {
		var fresh []Key
		for _, k := range keys {
			if k.Linkedid != "" && !asked[k] {
				asked[k] = true
				fresh = append(fresh, k)
			}
		}
		if len(fresh) == 0 {
			break
		}
		sources, linkedids := apart(fresh)
		places, err := s.places(ctx, linkedids, join(scope, around(fresh), "source IN "+texts(sources)),
			"linkedid IN list", "joined IN list", "linkedid = '' AND uniqueid IN list")
		if err != nil {
			return err
		}
		keys = keys[:0:0]
		err = s.at(ctx, unknown(places, known), func(h *Head) {
			own, with := keysOf(&h.Call)
			// The search may have met an older version of the row, or another source's linkedid.
			if !asked[own] && !asked[with] {
				delete(known, placeOf(&h.Call))
				return
			}
			each(h)
			keys = append(keys, own, with)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keysOf a leg: the conversation that Asterisk made it part of, and the one that it was joined to.
func keysOf(c *call.Call) (own, with Key) {
	own = Key{c.Source, c.Linkedid}
	if own.Linkedid == "" {
		own.Linkedid = c.Uniqueid
	}
	return own, Key{c.Source, c.Joined}
}

// apart are the sources and the linkedids of keys.
func apart(keys []Key) (sources, linkedids []string) {
	for _, k := range keys {
		if !slices.Contains(sources, k.Source) {
			sources = append(sources, k.Source)
		}
		linkedids = append(linkedids, k.Linkedid)
	}
	return sources, linkedids
}

// Rows of a conversation lie near the epoch in its linkedid. A day before allows for a clock or time zone set wrong, two
// days after for that and the longest calls.
const (
	before = 24 * time.Hour
	after  = 48 * time.Hour
)

// around is the condition that keeps a search to the days of the conversations: without it every part of the table would
// be opened. It is empty where one of keys does not tell its time.
func around(keys []Key) string {
	var low, high time.Time
	for i, k := range keys {
		at, ok := epochOf(k.Linkedid)
		if !ok {
			return ""
		}
		if i == 0 || at.Before(low) {
			low = at
		}
		if i == 0 || at.After(high) {
			high = at
		}
	}
	return between(call.InstantOf(low.Add(-before)), call.InstantOf(high.Add(after)))
}

// Epochs that a linkedid may bear: a PBX whose clock had not been set wrote rows of 1970, and those lie anywhere.
var (
	firstEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastEpoch  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// epochOf a linkedid, [systemname-]1795228246.702: the second in which its first channel was made.
func epochOf(linkedid string) (time.Time, bool) {
	text := linkedid[strings.LastIndexByte(linkedid, '-')+1:]
	seconds, serial, ok := strings.Cut(text, ".")
	if !ok || serial == "" || len(seconds) > 10 {
		return time.Time{}, false
	}
	var epoch int64
	for _, digits := range []string{seconds, serial} {
		for i := range len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return time.Time{}, false
			}
		}
	}
	for i := range len(seconds) {
		epoch = epoch*10 + int64(seconds[i]-'0')
	}
	if epoch < firstEpoch || epoch >= lastEpoch {
		return time.Time{}, false
	}
	return time.Unix(epoch, 0).UTC(), true
}

// Crossing finds the living rows of a source that name one of channels as theirs or as the one they called, with a
// calldate from from to to, both included. No index helps here: keep the time short.
func (s *Store) Crossing(ctx context.Context, source string, channels []string, from, to call.Instant) ([]call.Call, error) {
	wanted := make(map[string]bool, len(channels))
	for _, name := range channels {
		if name != "" {
			wanted[name] = true
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	places, err := s.places(ctx, slices.Collect(maps.Keys(wanted)), join(between(from, to), "source = "+literal(source)),
		"channel IN list", "dstchannel IN list")
	if err != nil {
		return nil, err
	}
	var crossing []call.Call
	err = s.at(ctx, unknown(places, map[place]bool{}), func(h *Head) {
		if wanted[h.Channel] || wanted[h.Dstchannel] {
			crossing = append(crossing, h.Call)
		}
	})
	return crossing, err
}
