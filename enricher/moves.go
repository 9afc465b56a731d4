package main

import (
	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// arrival is a row as it came off the log, understood.
type arrival struct {
	call  *call.Call
	kind  call.Kind
	fresh bool // recent enough to be announced
	plain bool // provably never stored, so that nobody needs to look it up
}

// verdict is what becomes of an arrival: what is written, and what the CALL stream is told.
type verdict struct {
	write []call.Call // tombstones first
	tell  []call.Event
}

// decide compares an arrival with the living rows of the same call in the store.
//
//   - Nothing stored: it is new.
//   - A higher version is stored: that one wins; a first reading is still told, since a correction that overtook it was
//     told as a correction only.
//   - The same version is stored: this is a redelivery. It is told again, because nobody knows whether it was; as new where
//     nothing older is known, since a late row may have been seen by the look-back first. If the rules changed in between,
//     the row moves under the next version.
//   - A lower version is stored: an equal raw row read once more is dropped, anything else is a correction. A row whose
//     key changed leaves a tombstone at every key it lived at, in the same insert, so that it never lives twice.
func decide(a *arrival, stored []clickhouse.Stored) verdict {
	c := a.call
	if len(stored) == 0 {
		return a.told(verdict{write: []call.Call{*c}}, call.EventNew)
	}
	newest := stored[0]
	for _, s := range stored[1:] {
		if s.Version > newest.Version {
			newest = s
		}
	}
	first := a.kind == call.KindPage || a.kind == call.KindGap
	if newest.Version > c.Version {
		if first {
			return a.told(verdict{}, call.EventNew)
		}
		return verdict{}
	}
	moved := movedFrom(c, stored)
	if newest.Version == c.Version {
		event := call.EventCorrected
		if first || newest.First == c.Version {
			event = call.EventNew
		}
		if len(moved) == 0 && newest.Direction == c.Direction {
			return a.told(verdict{}, event)
		}
		c.Version = c.Version.Next()
	} else if newest.RawHash == c.RawHash && (first || a.kind == call.KindLookBack) {
		return verdict{}
	}
	var v verdict
	left := map[subject]bool{}
	for _, s := range moved {
		v.write = append(v.write, tombstone(c, s))
	}
	v.write = append(v.write, *c)
	for _, s := range stored {
		if from := (subject{s.OrgID, s.Direction}); from != (subject{c.OrgID, c.Direction}) && !left[from] && a.fresh {
			left[from] = true
			gone := tombstone(c, s)
			gone.Direction = s.Direction
			gone.Linkedid, gone.Uniqueid = c.Linkedid, c.Uniqueid // the partition is the conversation's
			v.tell = append(v.tell, call.NewEvent(call.EventRemoved, &gone))
		}
	}
	return a.told(v, call.EventCorrected)
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
