package main

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// pageBytes bounds what is published at once, and with it the poller's memory.
const pageBytes = 32 << 20

// spareBytes is what a page keeps of its memory for the next one.
const spareBytes = 8 << 20

// page gathers rows into chunks, by partition. It is filled again and again, so that a row costs no memory of its own.
type page struct {
	origin   call.Origin
	rowBound int

	builders [call.Partitions][]*call.Builder
	used     [call.Partitions]int // builders in use; the last of them takes rows
	chunks   int
	bytes    int
	rows     int

	linkedid, uniqueid, id int // places of these columns, -1 where there is none

	// The rows that are known once the page is published, in the order of ids.
	ids   []uint64
	looks []look
}

// start empties the page for rows of an origin. Memory of the last page serves again where the origin is the same.
func (p *page) start(o call.Origin, rows int) {
	same := o == p.origin && p.bytes <= spareBytes
	for i := range p.builders {
		if !same {
			p.builders[i] = nil
		}
		for _, b := range p.builders[i][:min(p.used[i], len(p.builders[i]))] {
			b.Reset()
		}
		p.used[i] = 0
	}
	p.origin, p.rowBound = o, rows
	p.chunks, p.bytes, p.rows = 0, 0, 0
	p.linkedid, p.uniqueid, p.id = o.Table.Place("linkedid"), o.Table.Place("uniqueid"), o.Table.Place("id")
	p.ids, p.looks = p.ids[:0], p.looks[:0]
}

// full tells whether what is published at once is full, when there is a second page beside this one, or none.
func (p *page) full(beside ...*page) bool {
	rows, bytes, chunks := p.rows, p.bytes, p.chunks
	for _, b := range beside {
		rows, bytes, chunks = rows+b.rows, bytes+b.bytes, chunks+b.chunks
	}
	return rows >= p.rowBound || bytes >= pageBytes || chunks >= jetstream.MaxPageMessages
}

// add a row to its partition's chunk and give its content hash. Size is rowSize(values).
func (p *page) add(id uint64, values [][]byte, size int) uint64 {
	partition := p.partition(values)
	n := p.used[partition]
	if n == 0 || p.builders[partition][n-1].Full() || p.builders[partition][n-1].Size()+size > call.ChunkBytes {
		if n == len(p.builders[partition]) {
			p.builders[partition] = append(p.builders[partition], call.NewBuilder(p.origin, partition))
		}
		n++
		p.used[partition] = n
		p.chunks++
	}
	p.bytes += size
	p.rows++
	return call.Append(p.builders[partition][n-1], id, values)
}

// partition of a row: of its linkedid, else its uniqueid, else its id as text.
func (p *page) partition(values [][]byte) int {
	for _, i := range [...]int{p.linkedid, p.uniqueid} {
		if i >= 0 && len(values[i]) > 0 {
			return call.Partition(values[i])
		}
	}
	return call.Partition(values[p.id])
}

// uniqueidOf a row; nil where the table has none.
func (p *page) uniqueidOf(values [][]byte) []byte {
	if p.uniqueid < 0 {
		return nil
	}
	return values[p.uniqueid]
}

// saw notes what a row looks like, whether it is published or known already.
func (p *page) saw(id uint64, l look) {
	p.ids, p.looks = append(p.ids, id), append(p.looks, l)
}

// take appends the chunks. They share the page's memory until its next start.
func (p *page) take(chunks []call.Chunk) []call.Chunk {
	chunks = slices.Grow(chunks, p.chunks)
	for i := range p.builders {
		for _, b := range p.builders[i][:p.used[i]] {
			chunks = append(chunks, b.Chunk())
		}
	}
	return chunks
}

// rowSize is at least what a row takes in a chunk: an id and a length for each value are never longer.
func rowSize(values [][]byte) int {
	size := 10
	for _, v := range values {
		size += len(v) + 4
	}
	return size
}
