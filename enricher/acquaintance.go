package main

import (
	"hash/maphash"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// acquaintance knows which conversations may have rows in the store, so that the store is asked about those only. A
// conversation begins with the second that its linkedid bears: one that began after every conversation that the store held
// when the partitions were taken over, and that was not met since, has none.
//
// It remembers the newest conversations. What it forgets raises the bar: whatever began before that is asked for.
type acquaintance struct {
	seed  maphash.Seed
	met   map[uint64]struct{}
	ring  []meeting
	next  int
	floor map[uint32]int64 // by source number: conversations that began up to this second may be stored
}

type meeting struct {
	hash   uint64
	number uint32
	began  int64
}

// conversationsKept bounds the memory: 6 MB, an hour of a busy call centre.
const conversationsKept = 1 << 17

func newAcquaintance(newest map[uint32]int64) *acquaintance {
	return &acquaintance{seed: maphash.MakeSeed(), met: map[uint64]struct{}{}, floor: newest}
}

// may tells whether the conversation of a row may have rows in the store, and remembers it.
func (a *acquaintance) may(c *call.Call, key clickhouse.Key) bool {
	number, _ := call.SplitID(c.ID)
	began := epochOf(key.Linkedid)
	if began == call.NoInstant || began > c.Calldate+day {
		return true // it does not tell when it began, or tells what cannot be
	}
	var h maphash.Hash
	h.SetSeed(a.seed)
	_, _ = h.WriteString(key.Source)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(key.Linkedid)
	m := meeting{hash: h.Sum64(), number: number, began: int64(began) / 1000}
	if _, met := a.met[m.hash]; met {
		return true
	}
	a.remember(m)
	return m.began <= a.floor[number]
}

func (a *acquaintance) remember(m meeting) {
	a.met[m.hash] = struct{}{}
	if len(a.ring) < conversationsKept {
		a.ring = append(a.ring, m)
		return
	}
	old := a.ring[a.next]
	delete(a.met, old.hash)
	a.floor[old.number] = max(a.floor[old.number], old.began)
	a.ring[a.next] = m
	a.next = (a.next + 1) % len(a.ring)
}
