package call

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Kind says why a chunk was published.
type Kind string

// The kinds of chunk.
const (
	KindPage       Kind = "page"       // first reading, in the order of ids: no id of it was published before
	KindGap        Kind = "gap"        // ids that became visible after higher ones
	KindLookBack   Kind = "lookback"   // rows read again: equal ones are dropped by whoever stores them
	KindBackfill   Kind = "backfill"   // history on request: stored, never announced
	KindRegenerate Kind = "regenerate" // rows to be understood anew: stored, never announced
	KindReplay     Kind = "replay"     // parked rows that come again with their first version
)

// Origin is what all rows of a chunk share.
type Origin struct {
	Source       string // name of the source, [a-z0-9-]+
	SourceNumber uint32
	Zone         string // IANA name of the zone that the PBX writes its local times in
	Kind         Kind
	Table        *Table
}

// Value is one column of one row as MariaDB gave it: the bytes of the text protocol, or NULL.
type Value struct {
	Text  string
	Valid bool // false: NULL
}

// Row is one row as the PBX wrote it. Values has one entry a column of the table.
type Row struct {
	ID     uint64 // the row's id at the source
	Values []Value
	Hash   uint64 // RawHash
}

// Value by the standard name it stands for; NULL and missing columns are both "", false.
func (r *Row) Value(t *Table, name string) (string, bool) {
	i := t.Place(name)
	if i < 0 || i >= len(r.Values) {
		return "", false
	}
	return r.Values[i].Text, r.Values[i].Valid
}

// Chunk is the message of the log: up to ChunkRows rows of one source and one partition, framed. The frame is
// format byte, source, number, zone, kind and table, then a row as its id and its values; texts carry their length plus
// one as a uvarint in front, so that 0 is NULL and 1 the empty string.
type Chunk struct {
	Partition int
	Kind      Kind
	First     uint64 // lowest row id in it
	Last      uint64 // highest row id in it
	Count     int
	Body      []byte
}

// A chunk closes at either bound; sizes are before compression.
const (
	ChunkRows  = 500
	ChunkBytes = 512 << 10
)

const format = 1

// Builder fills a chunk row by row. A Builder is reused: Reset after the chunk was sent.
type Builder struct {
	chunk  Chunk
	header int
}

// NewBuilder of a chunk of one partition.
func NewBuilder(o Origin, partition int) *Builder {
	b := &Builder{chunk: Chunk{Partition: partition, Kind: o.Kind}}
	body := []byte{format}
	body = appendText(body, o.Source)
	body = binary.AppendUvarint(body, uint64(o.SourceNumber))
	body = appendText(body, o.Zone)
	body = appendText(body, string(o.Kind))
	body = appendText(body, o.Table.String())
	b.chunk.Body, b.header = body, len(body)
	return b
}

// Append adds a row; a nil value is NULL. It returns the row's content hash.
func Append[V ~[]byte](b *Builder, id uint64, values []V) uint64 {
	c := &b.chunk
	c.Body = binary.AppendUvarint(c.Body, id)
	start := len(c.Body)
	for _, v := range values {
		if v == nil {
			c.Body = append(c.Body, 0)
			continue
		}
		c.Body = binary.AppendUvarint(c.Body, uint64(len(v))+1)
		c.Body = append(c.Body, v...)
	}
	return b.count(id, start)
}

// AppendRow adds a row that came out of a Reader.
func (b *Builder) AppendRow(r *Row) uint64 {
	c := &b.chunk
	c.Body = binary.AppendUvarint(c.Body, r.ID)
	start := len(c.Body)
	for _, v := range r.Values {
		if !v.Valid {
			c.Body = append(c.Body, 0)
			continue
		}
		c.Body = appendText(c.Body, v.Text)
	}
	return b.count(r.ID, start)
}

func (b *Builder) count(id uint64, start int) uint64 {
	c := &b.chunk
	if c.Count == 0 || id < c.First {
		c.First = id
	}
	c.Last = max(c.Last, id)
	c.Count++
	return RawHash(c.Body[start:])
}

// Full tells whether the chunk must be sent before it takes another row.
func (b *Builder) Full() bool {
	return b.chunk.Count >= ChunkRows || len(b.chunk.Body)-b.header >= ChunkBytes
}

// Len is the number of rows in the chunk.
func (b *Builder) Len() int { return b.chunk.Count }

// Size is the number of bytes in the chunk, header included.
func (b *Builder) Size() int { return len(b.chunk.Body) }

// Chunk is what was filled so far. It shares the builder's memory until Reset.
func (b *Builder) Chunk() Chunk { return b.chunk }

// Reset empties the builder and keeps its memory.
func (b *Builder) Reset() {
	b.chunk = Chunk{Partition: b.chunk.Partition, Kind: b.chunk.Kind, Body: b.chunk.Body[:b.header]}
}

// Reader reads the rows of a chunk. Rows share its memory.
type Reader struct {
	Origin Origin
	rest   string
	values []Value
	err    error
}

// ErrMalformed is returned for a body that no Builder wrote.
var ErrMalformed = errors.New("malformed chunk")

// NewReader of a chunk's body. The body becomes one string, so that a row costs no allocation.
func NewReader(body []byte) (*Reader, error) {
	if len(body) == 0 || body[0] != format {
		return nil, fmt.Errorf("%w: unknown format", ErrMalformed)
	}
	r := &Reader{rest: string(body[1:])}
	r.Origin.Source = r.text()
	r.Origin.SourceNumber = uint32(r.uvarint())
	r.Origin.Zone = r.text()
	r.Origin.Kind = Kind(r.text())
	table := r.text()
	if r.err != nil {
		return nil, r.err
	}
	t, err := ParseTable(table)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	r.Origin.Table = t
	r.values = make([]Value, len(t.Columns))
	return r, nil
}

// Next reads the next row into row. row.Values is valid until the next call; the texts in it stay. It returns false at
// the end or at the first malformed row, which Err tells.
func (r *Reader) Next(row *Row) bool {
	if r.rest == "" || r.err != nil {
		return false
	}
	row.ID = r.uvarint()
	start := r.rest
	for i := range r.values {
		n := r.uvarint()
		if n == 0 {
			r.values[i] = Value{}
			continue
		}
		r.values[i] = Value{Text: r.take(n - 1), Valid: true}
	}
	if r.err != nil {
		return false
	}
	row.Values = r.values
	row.Hash = hashText(start[:len(start)-len(r.rest)])
	return true
}

// Err is why Next stopped early, nil at a proper end.
func (r *Reader) Err() error { return r.err }

func (r *Reader) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		b := r.rest[i]
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return v
		}
	}
	r.fail()
	return 0
}

func (r *Reader) text() string {
	n := r.uvarint()
	if n == 0 {
		return ""
	}
	return r.take(n - 1)
}

func (r *Reader) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *Reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: cut off", ErrMalformed)
	}
	r.rest = ""
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s))+1)
	return append(dst, s...)
}

// CloneRow copies a row out of its chunk, for whoever keeps a few rows long after the chunk.
func CloneRow(r *Row) Row {
	c := Row{ID: r.ID, Hash: r.Hash, Values: make([]Value, len(r.Values))}
	for i, v := range r.Values {
		c.Values[i] = Value{Text: strings.Clone(v.Text), Valid: v.Valid}
	}
	return c
}
