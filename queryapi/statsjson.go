package main

import (
	"encoding/json"
	"math"
	"strconv"
)

// document appends the members of a JSON object one by one, in the order in which people read them.
type document struct {
	dst  []byte
	open bool // something stands before the next member
}

// key is a name as it stands in a document, made once for thousands of members.
func key(name string) string { return `,"` + name + `":` }

func (d *document) key(key string) {
	if !d.open {
		key = key[1:]
	}
	d.open = true
	d.dst = append(d.dst, key...)
}

func (d *document) name(name string) {
	if d.open {
		d.dst = append(d.dst, ',')
	}
	d.open = true
	d.dst = append(append(append(d.dst, '"'), name...), `":`...)
}

func (d *document) begin(name string, bracket byte) {
	d.name(name)
	d.dst, d.open = append(d.dst, bracket), false
}

func (d *document) end(bracket byte) { d.dst, d.open = append(d.dst, bracket), true }

// element begins an element of an array.
func (d *document) element() {
	if d.open {
		d.dst = append(d.dst, ',')
	}
	d.dst, d.open = append(d.dst, '{'), false
}

func (d *document) text(name, value string) {
	d.name(name)
	quoted, _ := json.Marshal(value) // a text cannot fail
	d.dst = append(d.dst, quoted...)
}

// members that were made before.
func (d *document) members(made string) {
	if d.open {
		d.dst = append(d.dst, ',')
	}
	d.open = true
	d.dst = append(d.dst, made...)
}

// address is a text of two parts that JSON takes as they are: what an address consists of needs no escape.
func (d *document) address(key, front, back string) {
	d.key(key)
	d.dst = append(append(append(append(d.dst, '"'), front...), back...), '"')
}

func (d *document) count(name string, n uint64) {
	d.name(name)
	d.dst = strconv.AppendUint(d.dst, n, 10)
}

func (d *document) seconds(name string, n int64) {
	d.name(name)
	d.dst = strconv.AppendInt(d.dst, n, 10)
}

func (d *document) figure(name string, v *float64) {
	d.name(name)
	d.dst = appendFigure(d.dst, v)
}

func appendFigure(dst []byte, v *float64) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	// Figures have four places at most, which as whole numbers are written in a third of the time.
	n := int64(math.Round(*v * 1e4))
	if math.Abs(*v) > 1e11 || float64(n)/1e4 != *v {
		return strconv.AppendFloat(dst, *v, 'f', -1, 64)
	}
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = strconv.AppendInt(dst, n/1e4, 10)
	for rest, place := n%1e4, int64(1e3); rest > 0; place /= 10 {
		if place == 1e3 {
			dst = append(dst, '.')
		}
		dst = append(dst, byte('0'+rest/place))
		rest %= place
	}
	return dst
}

func (d *document) null(name string) {
	d.name(name)
	d.dst = append(d.dst, "null"...)
}

func (d *document) optional(name string, n *int64) {
	if n == nil {
		d.null(name)
		return
	}
	d.seconds(name, *n)
}
