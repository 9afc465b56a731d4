package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// mostGaps bounds the ledger, and with it the checkpoint and the queries of a second.
const mostGaps = 1000

// ledger is the open gaps in the order of ids, without overlaps. Its methods return a new one and leave the old alone,
// for a page that is refused must not have changed anything.
//
// A gap is a range of ids that the cursor passed without seeing them: the row is in a transaction that has not committed,
// or was rolled back, and nobody can tell which.
type ledger []call.Gap

// fill takes out ids that became visible; they rise.
func (l ledger) fill(ids []uint64) ledger {
	var left ledger
	for _, g := range l {
		i, _ := slices.BinarySearch(ids, g.From)
		for ; i < len(ids) && ids[i] <= g.To; i++ {
			if ids[i] > g.From {
				before := g
				before.To = ids[i] - 1
				left = append(left, before)
			}
			g.From = ids[i] + 1
		}
		if g.From <= g.To {
			left = append(left, g)
		}
	}
	return left
}

// due lists the gaps that are to be read now: every second, or once at the end where the gap is old ground.
func (l ledger) due(now time.Time, timeout time.Duration) ledger {
	var due ledger
	for _, g := range l {
		if !g.Once || now.Sub(g.Since) >= timeout {
			due = append(due, g)
		}
	}
	return due
}

// expire closes gaps that were timeout old when a reading of them began at the time given: what is not visible by then was
// rolled back.
func (l ledger) expire(read time.Time, timeout time.Duration) (left ledger, closed int) {
	for _, g := range l {
		if read.Sub(g.Since) >= timeout {
			closed++
			continue
		}
		left = append(left, g)
	}
	return left, closed
}

// join makes neighbours one range until there are at most so many; the rows between them are read again, which is
// harmless. Gaps of like age go together first, so that no range stays open for ever because it keeps being joined to
// younger ones; then the closest.
func (l ledger) join(most int, timeout time.Duration) ledger {
	for len(l) > most {
		seams := make([]seam, len(l)-1)
		for i := range seams {
			a, b := l[i], l[i+1]
			seams[i] = seam{at: i, rows: b.From - a.To, unlike: a.Once != b.Once || b.Since.Sub(a.Since).Abs() > timeout/10}
		}
		slices.SortFunc(seams, func(a, b seam) int {
			if a.unlike != b.unlike {
				if b.unlike {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.rows, b.rows)
		})
		join := make([]bool, len(l)) // the gap goes together with the one before it
		for _, s := range seams[:len(l)-most] {
			join[s.at+1] = true
		}
		joined := make(ledger, 0, most)
		for i, g := range l {
			if !join[i] {
				joined = append(joined, g)
				continue
			}
			last := &joined[len(joined)-1]
			last.To, last.Once = g.To, last.Once && g.Once
			if g.Since.After(last.Since) {
				last.Since = g.Since
			}
		}
		l = joined
	}
	return l
}

type seam struct {
	at     int
	rows   uint64 // how far apart
	unlike bool
}

// stride learns how far apart the ids of a source are. A Galera node gives out every third id of a cluster of three; the
// two between are no gaps, as long as nobody else writes. It is the greatest common divisor of the last differences. Where
// it is wrong, because another node has just begun to write, the look-back finds the row.
type stride struct {
	last [32]uint64
	n    int
}

// saw takes two neighbouring ids and gives the stride, known being what it was.
func (s *stride) saw(a, b, known uint64) uint64 {
	if a == 0 {
		return max(1, known) // nobody knows what was before the first row
	}
	difference := b - a
	s.last[s.n%len(s.last)] = difference
	s.n++
	if difference == known && known <= 1 {
		return 1 // the usual: a single server without a gap
	}
	if s.n < len(s.last) {
		return max(1, gcd(known, difference))
	}
	all := difference
	for _, d := range s.last {
		all = gcd(all, d)
	}
	return max(1, all)
}

func gcd(a, b uint64) uint64 {
	if a == 0 {
		a = 1
	}
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
