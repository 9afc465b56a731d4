package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ids of organisations are there and differ.
func (c *compiler) ids(list []organisation) {
	first := map[uint32]int{}
	for i := range list {
		o := &list[i]
		if o.line == 0 {
			continue // no organisation at all, which was said where it was read
		}
		if !o.ID.given() {
			c.addf(o.spot, "organisations[%d] (%s) has no id, want a number from 1 that no other has", i, o.Name.text)
			continue
		}
		if other, taken := first[o.ID.value]; taken && o.ID.value != 0 {
			c.addf(o.ID.spot, "organisations[%d].id %d is used twice, first in line %d by %q", i, o.ID.value, list[other].ID.line, list[other].Name.text)
			continue
		}
		first[o.ID.value] = i
	}
	slices.SortFunc(c.names, func(a, b organisationName) int { return cmp.Compare(a.ID, b.ID) })
}

// parents exist and nobody is their own ancestor.
func (c *compiler) parents(list []organisation) {
	at := map[uint32]*organisation{}
	for i := range list {
		at[list[i].ID.value] = &list[i]
	}
	settled := map[uint32]bool{}
	for i := range list {
		o := &list[i]
		if o.Parent.value != 0 && at[o.Parent.value] == nil {
			c.addf(o.Parent.spot, "organisations[%d].parent %d is no organisation of this file, want the id of one", i, o.Parent.value)
		}
		var path []uint32
		for o != nil && o.Parent.value != 0 && !settled[o.ID.value] {
			id := o.ID.value
			if from := slices.Index(path, id); from >= 0 {
				c.cycle(at, path[from:])
				break
			}
			path = append(path, id)
			o = at[o.Parent.value]
		}
		for _, id := range path {
			settled[id] = true
		}
	}
}

func (c *compiler) cycle(at map[uint32]*organisation, ring []uint32) {
	// Told where it is first met, reading the file from the top.
	first := slices.MinFunc(ring, func(a, b uint32) int { return cmp.Compare(at[a].Parent.line, at[b].Parent.line) })
	i := slices.Index(ring, first)
	var names []string
	for _, id := range append(append(slices.Clone(ring[i:]), ring[:i]...), first) {
		names = append(names, fmt.Sprint(id))
	}
	c.addf(at[first].Parent.spot, "parents run in a circle: %s, want one of them without a parent", strings.Join(names, " → "))
}
