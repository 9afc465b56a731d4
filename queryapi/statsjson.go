package main

import (
	"encoding/json"
	"strconv"
)

// document appends the members of a JSON object one by one, in the order in which people read them.
type document struct {
	dst  []byte
	open bool // something stands before the next member
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
	return strconv.AppendFloat(dst, *v, 'f', -1, 64)
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
