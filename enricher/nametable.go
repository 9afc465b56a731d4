package main

import (
	"slices"
	"strings"
)

// nameTable finds what a name stands for: exact names first, then of the patterns that match the one that fixes most
// characters. The order in the file decides nothing. Finding does not allocate, and looks only at patterns that begin as the
// name does, so that a file may hold thousands of them.
type nameTable[V comparable] struct {
	exact    map[string]V
	patterns map[string][]nameEntry[V] // by the text in front of the first wildcard; those that fix more come first
	lengths  []int                     // of these texts
	entries  []nameEntry[V]            // all, as they stand in the file
}

type nameEntry[V comparable] struct {
	text    string
	pattern pattern
	weight  int
	value   V
	at      spot
}

func newNameTable[V comparable]() *nameTable[V] {
	return &nameTable[V]{exact: map[string]V{}, patterns: map[string][]nameEntry[V]{}}
}

// add a name or pattern. It returns the entry that holds the same for another value, or nil.
func (t *nameTable[V]) add(text string, p pattern, value V, at spot) *nameEntry[V] {
	entry := nameEntry[V]{text, p, p.weight(), value, at}
	head, exact := p.head()
	if exact {
		there, taken := t.exact[head]
		if taken {
			return t.clash(entry, there)
		}
		t.exact[head] = value
	} else {
		for _, e := range t.patterns[head] {
			if e.pattern.equal(p) {
				return t.clash(entry, e.value)
			}
		}
		t.patterns[head] = append(t.patterns[head], entry)
		slices.SortStableFunc(t.patterns[head], func(a, b nameEntry[V]) int { return b.weight - a.weight })
		if !slices.Contains(t.lengths, len(head)) {
			t.lengths = append(t.lengths, len(head))
		}
	}
	t.entries = append(t.entries, entry)
	return nil
}

func (t *nameTable[V]) clash(with nameEntry[V], there V) *nameEntry[V] {
	if there == with.value {
		return nil
	}
	i := slices.IndexFunc(t.entries, func(e nameEntry[V]) bool { return e.pattern.equal(with.pattern) })
	return &t.entries[i]
}

// find what a name stands for.
func (t *nameTable[V]) find(name string) (value V, ok bool) {
	if v, ok := t.exact[name]; ok {
		return v, true
	}
	weight := -1
	for _, n := range t.lengths {
		if n > len(name) {
			continue
		}
		list := t.patterns[name[:n]]
		for i := range list {
			if list[i].weight <= weight {
				break
			}
			if list[i].pattern.match(name) {
				value, ok, weight = list[i].value, true, list[i].weight
				break
			}
		}
	}
	return value, ok
}

// ties calls complain for each pair of patterns that fix equally much, stand for different things and can match the same
// name: nothing but the order in the file could decide between them.
func (t *nameTable[V]) ties(complain func(earlier, later *nameEntry[V])) {
	for i := range t.entries {
		a := &t.entries[i]
		head, exact := a.pattern.head()
		for _, n := range t.lengths {
			if exact || n > len(head) {
				continue
			}
			for j := range t.patterns[head[:n]] {
				b := &t.patterns[head[:n]][j]
				// Of two with the same head each meets the other.
				if a.weight != b.weight || a.value == b.value || n == len(head) && b.at.after(a.at) || !a.pattern.overlaps(b.pattern) {
					continue
				}
				if b.at.after(a.at) {
					complain(a, b)
				} else {
					complain(b, a)
				}
			}
		}
	}
}

// normalNumber is how a listed number is compared: without the + and without the spaces that people write.
func normalNumber(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(text), "+"), " ", "")
}
