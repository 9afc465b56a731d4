package main

import (
	"cmp"
	"slices"
)

// phone is an entry of the file: an extension or a range of them, with the organisation that has it.
type phone struct {
	extensionRange
	of     holder
	text   string
	at     spot
	bare   bool // written as a text, not as a mapping
	number bool // the range holds
}

// phoneList is what the file says of extensions, from which a phoneBook is made.
type phoneList struct{ all []phone }

// book of the list. An extension's own entry comes before a range; what is said of it in several entries of one
// organisation adds up. What is unassigned comes before a range as well.
func (l *phoneList) book(m *mistakes) phoneBook {
	b := phoneBook{single: map[string][]holder{}, spans: map[int][]span{}}
	lengths := map[int][]phone{}
	for _, p := range l.all {
		if p.number && p.low != p.high {
			lengths[p.length] = append(lengths[p.length], p)
		}
	}
	for length, list := range lengths {
		b.spans[length] = spansOf(list)
	}
	first := map[string]map[uint32]*phone{}
	var order []string
	for i := range l.all {
		p := &l.all[i]
		if p.number && p.low != p.high {
			continue
		}
		if first[p.text] == nil {
			first[p.text], order = map[uint32]*phone{}, append(order, p.text)
		}
		entries := first[p.text]
		switch other, nobodys := entries[p.of.org], entries[unresolved]; {
		case other != nil && !(other.bare && p.bare):
			m.addf(p.at, "extension %q of %s is given twice, first in line %d", p.text, ownerName(p.of.org), other.at.line)
		case other == nil && nobodys != nil:
			m.addf(p.at, "extension %q is claimed by organisation %d %s", p.text, p.of.org, alsoBy(unresolved, nobodys.at))
		case other == nil:
			entries[p.of.org] = p
		}
	}
	// The ranges are asked for every text before any of the single entries is there.
	single := map[string][]holder{}
	for _, text := range order {
		var holders []holder
		if first[text][unresolved] == nil {
			holders = slices.Clone(b.find(text))
			holders = slices.DeleteFunc(holders, func(h holder) bool { return h.org == unresolved })
		}
		for _, p := range first[text] {
			holders = joined(holders, p.of)
		}
		slices.SortFunc(holders, func(a, b holder) int { return cmp.Compare(a.org, b.org) })
		single[text] = holders
	}
	b.single = single
	return b
}

// spansOf ranges of one length: cut where any begins or ends, so that no two overlap.
func spansOf(list []phone) []span {
	slices.SortStableFunc(list, func(a, b phone) int { return cmp.Compare(a.low, b.low) })
	var cuts []uint64
	for i := range list {
		cuts = append(cuts, list[i].low, list[i].high+1)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var (
		spans  []span
		active []phone
	)
	for i := range len(cuts) - 1 {
		s := span{low: cuts[i], high: cuts[i+1] - 1}
		active = slices.DeleteFunc(active, func(p phone) bool { return p.high < s.low })
		for len(list) > 0 && list[0].low == s.low {
			active, list = append(active, list[0]), list[1:]
		}
		if len(active) == 0 {
			continue
		}
		for _, p := range active {
			if p.of.org == unresolved {
				s.holders = []holder{{org: unresolved}}
				break
			}
			s.holders = joined(s.holders, p.of)
		}
		spans = append(spans, s)
	}
	return spans
}

// joined adds what one more entry says.
func joined(holders []holder, h holder) []holder {
	for i := range holders {
		if holders[i].org == h.org {
			if h.name != "" {
				holders[i].name = h.name
			}
			tags := slices.Clone(holders[i].tags)
			for _, tag := range h.tags {
				if !slices.Contains(tags, tag) {
					tags = append(tags, tag)
				}
			}
			holders[i].tags = tags
			return holders
		}
	}
	return append(holders, h)
}
