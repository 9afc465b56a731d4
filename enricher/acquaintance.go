package main

import (
	"hash/maphash"
	"maps"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// acquaintance knows which conversations may have rows in the store, so that the store is asked about those only. A
// conversation begins with the second that its linkedid bears: one that began after every conversation that the store held
// when the partitions were taken over, and that was not met since, has none.
//
// It remembers the newest conversations. What it forgets raises the bar: whatever began before that is asked for. It does so
// for each partition by itself, since one may be read hours ahead of another.
type acquaintance struct {
	seed       maphash.Seed
	partitions [call.Partitions]circle
}

// circle of acquaintances among the conversations of a partition.
type circle struct {
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

// conversationsKept of a partition bound the memory: 6 MB in all, hours of a busy call centre.
const conversationsKept = 1 << 13

func newAcquaintance(newest map[uint32]int64) *acquaintance {
	a := &acquaintance{seed: maphash.MakeSeed()}
	for i := range a.partitions {
		a.partitions[i] = circle{met: map[uint64]struct{}{}, floor: maps.Clone(newest)}
		if newest == nil {
			a.partitions[i].floor = map[uint32]int64{}
		}
	}
	return a
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
	in := &a.partitions[call.Partition(key.Linkedid)]
	if _, met := in.met[m.hash]; met {
		return true
	}
	in.remember(m)
	return m.began <= in.floor[number]
}

func (a *circle) remember(m meeting) {
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
