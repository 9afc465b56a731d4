package main

import (
	"slices"
	"strings"
)

// nameTable finds what a name stands for: exact names first, then of the patterns that match the one that fixes most
// characters. The order in the file decides nothing. Finding does not allocate; exact names and beginnings (sales*) cost a
// map lookup, so that a file may hold thousands of them.
type nameTable[V comparable] struct {
	exact   map[string]V
	heads   map[string]V // by the text in front of the star
	lengths []int        // of heads, longest first
	others  []nameEntry[V]
	entries []nameEntry[V] // as they stand in the file
}

type nameEntry[V comparable] struct {
	text    string
	pattern pattern
	weight  int
	value   V
	at      spot
}

func newNameTable[V comparable]() *nameTable[V] {
	return &nameTable[V]{exact: map[string]V{}, heads: map[string]V{}}
}

// add a name or pattern. It returns the entry that holds the same text for another value, or nil.
func (t *nameTable[V]) add(text string, p pattern, value V, at spot) *nameEntry[V] {
	name, exact := p.text()
	head, isHead := p.head()
	var there V
	var taken bool
	switch {
	case exact:
		if there, taken = t.exact[name]; !taken {
			t.exact[name] = value
		}
	case isHead:
		if there, taken = t.heads[head]; !taken {
			t.heads[head] = value
			if !slices.Contains(t.lengths, len(head)) {
				t.lengths = append(t.lengths, len(head))
				slices.SortFunc(t.lengths, func(a, b int) int { return b - a })
			}
		}
	default:
		for i := range t.others {
			if t.others[i].pattern.equal(p) {
				there, taken = t.others[i].value, true
			}
		}
		if !taken {
			t.others = append(t.others, nameEntry[V]{text, p, p.weight(), value, at})
			slices.SortStableFunc(t.others, func(a, b nameEntry[V]) int { return b.weight - a.weight })
		}
	}
	if !taken {
		t.entries = append(t.entries, nameEntry[V]{text, p, p.weight(), value, at})
		return nil
	}
	if there == value {
		return nil
	}
	for i := range t.entries {
		if t.entries[i].pattern.equal(p) {
			return &t.entries[i]
		}
	}
	return nil
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
		if v, found := t.heads[name[:n]]; found {
			value, ok, weight = v, true, 2*n
			break
		}
	}
	for i := range t.others {
		o := &t.others[i]
		if o.weight <= weight {
			break
		}
		if o.pattern.match(name) {
			return o.value, true
		}
	}
	return value, ok
}

// ties calls complain for each pair of patterns that fix equally much, stand for different things and can match the same
// name: nothing but the order in the file could decide between them.
func (t *nameTable[V]) ties(complain func(a, b *nameEntry[V])) {
	for i := range t.others {
		o := &t.others[i]
		for j := range t.entries {
			e := &t.entries[j]
			later := o.at.after(e.at)
			_, exact := e.pattern.text()
			_, isHead := e.pattern.head()
			if exact || e.weight != o.weight || e.value == o.value || !isHead && !later || apart(o.pattern, e.pattern) || !o.pattern.overlaps(e.pattern) {
				continue
			}
			if later {
				complain(e, o)
			} else {
				complain(o, e)
			}
		}
	}
}

// apart spares most pairs the whole comparison: fixed beginnings that differ.
func apart(p, q pattern) bool {
	for i := range min(len(p), len(q)) {
		if p[i].kind != literal || q[i].kind != literal {
			return false
		}
		if p[i].char != q[i].char {
			return true
		}
	}
	return false
}

// normalNumber is how a listed number is compared: without the + and without the spaces that people write.
func normalNumber(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(text), "+"), " ", "")
}
