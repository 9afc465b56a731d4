package main

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestIDSet(t *testing.T) {
	t.Parallel()
	s := idSet{}
	list := []uint64{0, 1, 63, 64, 4095, 4096, 1 << 52, 1<<53 - 1}
	for _, id := range list {
		if !s.lacks(id) || !s.add(id) || s.add(id) || s.lacks(id) {
			t.Errorf("id %d", id)
		}
	}
	if !s.lacks(2) || !s.lacks(1<<40) {
		t.Error("ids that were never added are there")
	}
}

// However the rows come, the newest of them stay.
func TestNewestStay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		n := newest{most: random.IntN(20)}
		var all []lacking
		for id := range uint64(random.IntN(60)) {
			a := lacking{id: id, at: call.Instant(random.IntN(30))}
			all = append(all, a)
		}
		for _, i := range random.Perm(len(all)) {
			n.add(all[i])
		}
		slices.SortFunc(all, func(a, b lacking) int { return later(b, a) })
		want := all[:min(len(all), n.most)]
		if got := n.sorted(); !slices.Equal(got, want) {
			t.Fatalf("the newest %d of %d: got %v, want %v", n.most, len(all), got, want)
		}
		oldest, full := n.full()
		if full != (n.most > 0 && len(all) >= n.most) || full && oldest != want[len(want)-1].at {
			t.Errorf("full %t at %d", full, oldest)
		}
	}
}
