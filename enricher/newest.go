package main

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// lacking is a row of a source that the history does not have.
type lacking struct {
	source   string
	id       uint64       // of the call
	at       call.Instant // its calldate, as far as is known before it is understood
	sequence uint64       // of the newest chunk that holds it; 0: the log does not
}

// later orders rows by time, and of one moment by id.
func later(a, b lacking) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
}

// newest keeps the newest rows of all that are added, most of them at most. Rows are met in the order of the log, which is
// not that of time: what was brought back yesterday lies at its end.
type newest struct {
	most int
	rows []lacking // a heap, the oldest on top
}

func (n *newest) add(a lacking) {
	switch {
	case len(n.rows) < n.most:
		heap.Push(n, a)
	case n.most > 0 && later(a, n.rows[0]) > 0:
		n.rows[0] = a
		heap.Fix(n, 0)
	}
}

// full tells the time of the oldest row that is kept, where a row must be newer than that to matter.
func (n *newest) full() (oldest call.Instant, full bool) {
	if len(n.rows) < n.most || n.most == 0 {
		return 0, false
	}
	return n.rows[0].at, true
}

// sorted gives the rows, the newest first.
func (n *newest) sorted() []lacking {
	list := slices.Clone(n.rows)
	slices.SortFunc(list, func(a, b lacking) int { return later(b, a) })
	return list
}

// Len, Less, Swap, Push and Pop are for the heap.
func (n *newest) Len() int           { return len(n.rows) }
func (n *newest) Less(i, j int) bool { return later(n.rows[i], n.rows[j]) < 0 }
func (n *newest) Swap(i, j int)      { n.rows[i], n.rows[j] = n.rows[j], n.rows[i] }
func (n *newest) Push(a any)         { n.rows = append(n.rows, a.(lacking)) }

// Pop is never needed: an old row gives its place to a newer one.
func (n *newest) Pop() any {
	last := n.rows[len(n.rows)-1]
	n.rows = n.rows[:len(n.rows)-1]
	return last
}
