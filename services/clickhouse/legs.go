package clickhouse

import (
	"context"
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
	known := map[place]bool{}
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
		places, err := s.places(ctx, join(scope, around(fresh), ofConversations(fresh)))
		if err != nil {
			return err
		}
		found, err := s.at(ctx, unknown(places, known))
		if err != nil {
			return err
		}
		keys = keys[:0:0]
		for i := range found {
			own, with := keysOf(&found[i].Call)
			// The filter may have met an older version of the row, or another source's linkedid.
			if !asked[own] && !asked[with] {
				delete(known, placeOf(&found[i].Call))
				continue
			}
			each(&found[i])
			keys = append(keys, own, with)
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

// ofConversations is the condition of rows that may belong to one of keys.
func ofConversations(keys []Key) string {
	sources, ids := make([]string, 0, 1), make([]string, 0, len(keys))
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.Source] {
			seen[k.Source] = true
			sources = append(sources, k.Source)
		}
		ids = append(ids, k.Linkedid)
	}
	list := texts(ids)
	return "source IN " + texts(sources) + " AND (linkedid IN " + list + " OR joined IN " + list +
		" OR linkedid = '' AND uniqueid IN " + list + ")"
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
	names := make([]string, 0, len(wanted))
	for name := range wanted {
		names = append(names, name)
	}
	list := texts(names)
	places, err := s.places(ctx, join(between(from, to), "source = "+literal(source),
		"(channel IN "+list+" OR dstchannel IN "+list+")"))
	if err != nil {
		return nil, err
	}
	found, err := s.at(ctx, places)
	if err != nil {
		return nil, err
	}
	var crossing []call.Call
	for i := range found {
		if c := &found[i].Call; c.Source == source && (wanted[c.Channel] || wanted[c.Dstchannel]) {
			crossing = append(crossing, *c)
		}
	}
	return crossing, nil
}
