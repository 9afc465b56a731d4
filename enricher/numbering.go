package main

import "strings"

// numbering is how the numbers of a source or trunk are written, from which E.164 is made. The zero value says nothing.
type numbering struct {
	country       string // ISO 3166-1 alpha-2, of numbers written without a country code
	international string // dialled in front of a country code, as 00
	national      string // dialled in front of an area code, as 0
	access        string // dialled for an outside line, as 9
}

// numberings are the file's entries, sorted so that a question looks at few of them. The first in the file decides all the
// same.
type numberings struct {
	list    []numbering
	sources map[string]*trunkNumberings // of sources that the file names, all entries that fit them
	others  trunkNumberings             // of all other sources
}

// trunkNumberings are places in the list: by the trunk's name where it is no pattern, and the rest in order.
type trunkNumberings struct {
	named    map[string]int
	patterns []numberingPattern
	differ   bool // some entry is of some trunks only
}

type numberingPattern struct {
	source, trunk pattern
	anySource     bool
	place         int
	line          int
}

// numbering of a source, and of a trunk of it where the entry names one: the first entry in the file that matches.
func (r *rules) numbering(source, trunk string) numbering {
	t := r.trunkNumberings(source)
	place, found := t.named[trunk]
	for i := range t.patterns {
		p := &t.patterns[i]
		if found && p.place > place {
			break
		}
		if (p.anySource || p.source.match(source)) && p.trunk.match(trunk) {
			place, found = p.place, true
			break
		}
	}
	if !found {
		return numbering{}
	}
	return r.numberings.list[place]
}

func (r *rules) trunkNumberings(source string) *trunkNumberings {
	if t, ok := r.numberings.sources[source]; ok {
		return t
	}
	return &r.numberings.others
}

// numbersDifferByTrunk tells whether it takes the trunk to know how a number of a source is written.
func (r *rules) numbersDifferByTrunk(source string) bool { return r.trunkNumberings(source).differ }

func compileNumbering(entries []numberingEntry, m *mistakes) numberings {
	n := numberings{sources: map[string]*trunkNumberings{}}
	var all []numberingPattern
	for i := range entries {
		e := &entries[i]
		if e.line == 0 {
			continue // no entry at all, which was said where it was read
		}
		e.check(i, m)
		p := numberingPattern{place: len(n.list), line: e.line}
		var ok1, ok2 bool
		p.source, ok1 = m.pattern(orStar(e.Source))
		p.trunk, ok2 = m.pattern(orStar(e.Trunk))
		n.list = append(n.list, numbering{e.Country.text, e.International.text, e.National.text, e.Access.text})
		if !ok1 || !ok2 {
			continue
		}
		p.anySource = p.source.matchesAll()
		for j := range all {
			if all[j].source.covers(p.source) && all[j].trunk.covers(p.trunk) {
				m.addf(e.spot, "numbering[%d] is never reached: the entry in line %d matches all that it does and the first one decides, want the narrower one first", i, all[j].line)
				break
			}
		}
		all = append(all, p)
	}
	for _, p := range all {
		if source, exact := p.source.head(); exact {
			t := trunksOf(all, source)
			n.sources[source] = &t
		}
	}
	n.others = trunksOf(all, "")
	return n
}

// trunksOf the entries that fit a source; "" stands for any that no entry names.
func trunksOf(all []numberingPattern, source string) trunkNumberings {
	t := trunkNumberings{named: map[string]int{}}
	for _, p := range all {
		if _, exact := p.source.head(); source == "" && exact || source != "" && !p.source.match(source) {
			continue
		}
		p.anySource = p.anySource || source != ""
		t.differ = t.differ || !p.trunk.matchesAll()
		name, exact := p.trunk.head()
		if !exact || !p.anySource {
			t.patterns = append(t.patterns, p)
		} else if _, taken := t.named[name]; !taken {
			t.named[name] = p.place
		}
	}
	return t
}

func (e *numberingEntry) check(i int, m *mistakes) {
	switch code := e.Country.text; {
	case code == "" || isCountry(code):
	case strings.EqualFold(code, "UK"):
		m.addf(e.Country.spot, "numbering[%d].country %q is no ISO 3166-1 code, want GB", i, code)
	case isCountry(strings.ToUpper(code)):
		m.addf(e.Country.spot, "numbering[%d].country %q, want %s", i, code, strings.ToUpper(code))
	default:
		m.addf(e.Country.spot, "numbering[%d].country %q is no ISO 3166-1 code, want two letters, as IN", i, code)
	}
	for _, prefix := range [...]struct {
		word
		key, example string
	}{{e.International, "international", "00"}, {e.National, "national", "0"}, {e.Access, "access", "9"}} {
		if text := prefix.text; len(text) > 8 || strings.Trim(text, "0123456789*#") != "" {
			m.addf(prefix.spot, "numbering[%d].%s %q, want up to 8 digits, as %s", i, prefix.key, text, prefix.example)
		}
	}
	if !e.Country.given() && !e.International.given() && !e.National.given() && !e.Access.given() {
		m.addf(e.spot, "numbering[%d] says nothing of numbers, want country, international, national or access", i)
	}
}

func isCountry(code string) bool {
	return len(code) == 2 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && code != "UK"
}

func orStar(w word) word {
	if !w.given() {
		w.text = "*"
	}
	return w
}
