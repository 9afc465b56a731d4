package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestKnownIsAMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var k known
	want := map[uint64]look{}
	floor := uint64(0)
	for range 500 {
		batch := map[uint64]look{}
		base := random.Uint64N(1000)
		for range random.IntN(50) {
			batch[floor+1+base+random.Uint64N(200)] = look(random.Uint64())
		}
		ids := slices.Sorted(maps.Keys(batch))
		var looks []look
		for _, id := range ids {
			looks = append(looks, batch[id])
		}
		k.put(ids, looks)
		maps.Copy(want, batch)
		switch random.IntN(20) {
		case 0:
			floor += random.Uint64N(100)
			k.forget(floor)
		case 1:
			if low := k.bound(300); low > 0 {
				floor = low
			}
		}
		maps.DeleteFunc(want, func(id uint64, _ look) bool { return id <= floor })
		if len(k.ids) != len(want) || len(k.looks) != len(want) || !slices.IsSorted(k.ids) {
			t.Fatalf("%d ids and %d looks, want %d, in order", len(k.ids), len(k.looks), len(want))
		}
		for id, l := range want {
			if got, ok := k.of(id); !ok || got != l {
				t.Fatalf("row %d: %x (%t), want %x", id, got, ok, l)
			}
		}
	}
	if _, ok := k.of(floor); ok {
		t.Error("a forgotten row is known")
	}
}

func TestLookTellsCallFromContent(t *testing.T) {
	t.Parallel()
	a, b, c := lookOf([]byte("1.1"), 7), lookOf([]byte("1.1"), 8), lookOf([]byte("1.2"), 7)
	if a == b || !a.sameCall(b) {
		t.Error("a correction is not one")
	}
	if a.sameCall(c) {
		t.Error("another call passes for the same")
	}
}
