package clickhouse

import (
	"context"
	"maps"
	"slices"

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
	err := s.legs(ctx, s.columns, "", keys, func(h *Head) { legs = append(legs, h.Call) })
	return legs, err
}

// legs does so for the rows that meet the condition scope.
func (s *Store) legs(ctx context.Context, columns []*column, scope string, keys []Key, each func(*Head)) error {
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
		err = s.atColumns(ctx, columns, unknown(places, known), func(h *Head) {
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
