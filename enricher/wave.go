package main

import (
	"cmp"
	"slices"
)

// wave is a part of a batch in which no row occurs twice: a row that comes twice is decided twice, the second time against
// what the first left in the store.
type wave struct {
	arrivals []arrival
	plain    bool // every row of it is provably new
}

// waves of a batch: nearly always one.
func waves(u *understood) []wave {
	if u.plain {
		return []wave{{u.arrivals, true}}
	}
	slices.SortStableFunc(u.arrivals, func(a, b arrival) int { return cmp.Compare(a.call.Version, b.call.Version) })
	seen := make(map[uint64]int, len(u.arrivals))
	var parts [][]arrival
	for _, a := range u.arrivals {
		n := seen[a.call.ID]
		seen[a.call.ID]++
		if n == len(parts) {
			parts = append(parts, nil)
		}
		parts[n] = append(parts[n], a)
	}
	list := make([]wave, len(parts))
	for i := range parts {
		list[i] = wave{arrivals: parts[i]}
	}
	return list
}
