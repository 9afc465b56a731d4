package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// checkOrders holds what is understood of the rows in other orders, and piece after piece, against want. Where several
// linkedids have to find each other, it is every order.
func (f *fixture) checkOrders(t *testing.T, u *understanding, full bool, want map[string]string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(len(f.rows)))) //nolint:gosec // orders, not secrets
	for range 6 {
		mixed := f.calls(t, u, full)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		settle(t, u, mixed)
		alike(t, "in another order", want, apiText(t, mixed))
		for known := random.IntN(len(mixed)); known < len(mixed); known += 1 + random.IntN(len(mixed)) {
			settle(t, u, mixed[:known])
		}
		settle(t, u, mixed)
		alike(t, "piece after piece", want, apiText(t, mixed))
	}
	if len(f.rows) > 5 || !slices.ContainsFunc(f.rows, func(c cells) bool { return c["linkedid"] != f.rows[0]["linkedid"] }) {
		return
	}
	for _, order := range permutations(len(f.rows)) {
		mixed := inOrder(f.calls(t, u, full), order)
		for known := range mixed {
			settle(t, u, mixed[:known+1])
		}
		alike(t, fmt.Sprintf("in the order %v, row after row,", order), want, apiText(t, mixed))
	}
}

// permutations of the numbers below n.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

func inOrder(calls []*call.Call, order []int) []*call.Call {
	mixed := make([]*call.Call, len(calls))
	for i, n := range order {
		mixed[i] = calls[n]
	}
	return mixed
}

// settle understands rows as the enricher does with those of a batch and of the store.
func settle(t testing.TB, u *understanding, calls []*call.Call) {
	t.Helper()
	g := newGroups(len(calls))
	for _, c := range calls {
		g.add(g.at(ownKey(c)), c, nil, nil)
	}
	if err := g.think(u, nil); err != nil {
		t.Fatal(err)
	}
}
