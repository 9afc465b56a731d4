package main

import (
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// arrival is a row as it came off the log.
type arrival struct {
	call  *call.Call
	kind  call.Kind
	fresh bool   // recent enough to be announced
	plain bool   // provably never stored, so that nobody needs to look it up
	came  uint64 // hash of the row as it came, where its recording was taken out since; 0 elsewhere
}

// verdict is what becomes of a row: what is written, and what the CALL stream is told.
type verdict struct {
	write []call.Call // tombstones first
	tell  []call.Event
}

// fate of an arrival, as far as the living rows of the same call in the store decide it.
type fate int

const (
	live      fate = iota // to be understood with its conversation, and written if it is new or says something new
	dropped               // known already, or not wanted any more
	overtaken             // a newer reading is stored: this one is told and not written
	refreshed             // the stored row is understood anew, not this one
)

// fateOf an arrival:
//
//   - Nothing stored: it is new. History that is only to be understood anew and is not there was deleted or erased.
//   - A newer reading is stored: that one wins; a first reading is still told, since a correction that overtook it was told
//     as a correction only.
//   - The reading of the same chunk is stored: a redelivery, or the chunk that the row is understood anew by.
//   - An older one is stored: an equal raw row read once more is dropped, anything else is a correction. A row that was
//     published to be understood anew is stale if the stored one says something else by now.
func fateOf(a *arrival, stored []clickhouse.Stored) fate {
	if len(stored) == 0 {
		if a.kind == call.KindRegenerate {
			return dropped
		}
		return live
	}
	newest := newestOf(stored)
	switch {
	case newest.Version.Chunk() > a.call.Version.Chunk():
		if a.isFirst() {
			return overtaken
		}
		return dropped
	case a.kind == call.KindRegenerate:
		if !a.reads(newest.RawHash) {
			return refreshed
		}
		return live
	case newest.Version.Chunk() == a.call.Version.Chunk():
		return live
	case newest.RawHash == a.call.RawHash && a.kind != call.KindReplay:
		return dropped
	}
	return live
}

// isFirst tells the first reading of a row.
func (a *arrival) isFirst() bool { return a.kind == call.KindPage || a.kind == call.KindGap }

func newestOf(stored []clickhouse.Stored) clickhouse.Stored {
	newest := stored[0]
	for _, s := range stored[1:] {
		if s.Version > newest.Version {
			newest = s
		}
	}
	return newest
}

// decide compares a live arrival, understood by now, with the living rows of the same call in the store, of which prior
// is the newest.
//
//   - Nothing stored: it is new.
//   - The reading of the same chunk is stored: this is a redelivery. It is told again, because nobody knows whether it was;
//     as new where nothing older is known, since a late row may have been seen by the look-back first. If rules or
//     conversation say something else in between, it is written under the next version.
//   - An older reading is stored: a correction. A row whose key changed leaves a tombstone at every key it lived at, in the
//     same insert, so that it never lives twice.
//
// A row that is understood anew on request keeps its reading, and is told nobody.
func decide(a *arrival, stored []clickhouse.Stored, prior *call.Call) verdict {
	c := a.call
	if len(stored) == 0 {
		return a.told(verdict{write: []call.Call{*c}}, call.EventNew)
	}
	newest := newestOf(stored)
	if a.kind == call.KindRegenerate || newest.Version.Chunk() == c.Version.Chunk() {
		event := call.EventCorrected
		if a.isFirst() || newest.First.Chunk() == c.Version.Chunk() {
			event = call.EventNew
		}
		c.Version = newest.Version
		// After thousands of corrections a row has the number of the next chunk, and that may bring the row itself.
		same := newest.RawHash == c.RawHash && len(stored) == 1 && len(movedFrom(c, stored)) == 0 && newest.Direction == c.Direction
		if same && (prior == nil || c.SameMeaning(prior)) {
			return a.told(verdict{}, event)
		}
		c.Version = newest.Version.Next()
	}
	return a.told(rewrite(c, stored, a.fresh), call.EventCorrected)
}

// again decides on a stored row whose conversation was understood anew: it is written if it says something else.
func again(c, prior *call.Call, doubles []clickhouse.Stored, fresh bool) verdict {
	if len(doubles) == 0 && c.SameMeaning(prior) {
		return verdict{}
	}
	stored := append(doubles, storedAt(prior))
	c.Version = newestOf(stored).Version.Next()
	v := rewrite(c, stored, fresh)
	if fresh {
		v.tell = append(v.tell, call.NewEvent(call.EventCorrected, c))
	}
	return v
}

// rewrite a call: tombstones where it lived, then the call; with an event for every organisation or direction it left.
func rewrite(c *call.Call, stored []clickhouse.Stored, fresh bool) verdict {
	var v verdict
	left := map[subject]bool{}
	for _, s := range movedFrom(c, stored) {
		v.write = append(v.write, tombstone(c, s))
	}
	v.write = append(v.write, *c)
	for _, s := range stored {
		if from := (subject{s.OrgID, s.Direction}); from != (subject{c.OrgID, c.Direction}) && !left[from] && fresh {
			left[from] = true
			gone := tombstone(c, s)
			gone.Direction = s.Direction
			gone.Linkedid, gone.Uniqueid = c.Linkedid, c.Uniqueid // the partition is the conversation's
			v.tell = append(v.tell, call.NewEvent(call.EventRemoved, &gone))
		}
	}
	return v
}

type subject struct {
	org       uint32
	direction call.Direction
}

// told adds the event of a fresh row.
func (a *arrival) told(v verdict, kind call.EventKind) verdict {
	if a.fresh {
		v.tell = append(v.tell, call.NewEvent(kind, a.call))
	}
	return v
}

func movedFrom(c *call.Call, stored []clickhouse.Stored) []clickhouse.Stored {
	var moved []clickhouse.Stored
	for _, s := range stored {
		if s.OrgID != c.OrgID || s.Calldate != c.Calldate {
			moved = append(moved, s)
		}
	}
	return moved
}

// tombstone hides the row at its old key, from the version on that moved it.
func tombstone(c *call.Call, s clickhouse.Stored) call.Call {
	gone := call.Blank(c.ID)
	gone.OrgID, gone.Calldate, gone.Version, gone.Removed, gone.Source = s.OrgID, s.Calldate, c.Version, true, c.Source
	return gone
}
