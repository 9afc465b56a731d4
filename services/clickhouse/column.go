package clickhouse

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cdrflow/cdrflow/services/call"
)

// column ties a column of calls to a field of call.Call and holds its part of the next insert in ClickHouse's Native
// format: one block, and in it for each column its name, its type and its values one after the other.
//
// Values are appended row by row to memory that every insert uses again. The driver's own batches copy them four times,
// and collecting that garbage was two thirds of the enricher's work.
type column struct {
	name string
	sent string // the type that values are sent as
	read string // the expression that reads the value back
	// put appends the value of one call to the block.
	put func(b *part, c *call.Call)
	// target is where a select scans the value to.
	target func(r *record) any

	part part
}

// part of a block: the values of one column; before them the marks of NULL, or the ends of a map's entries.
type part struct {
	front, values, more []byte
	entries             uint64
}

func (p *part) reset() {
	p.front, p.values, p.more, p.entries = p.front[:0], p.values[:0], p.more[:0], 0
}

func (p *part) text(s string) {
	p.values = append(binary.AppendUvarint(p.values, uint64(len(s))), s...)
}

func (p *part) word(v uint64) { p.values = binary.LittleEndian.AppendUint64(p.values, v) }

func (p *part) small(v uint8) { p.values = append(p.values, v) }

func (p *part) mark(v bool) {
	if v {
		p.small(1)
		return
	}
	p.small(0)
}

// seconds that are beyond an Int32 (68 years) are as good as the most it holds.
func (p *part) seconds(v int64) {
	p.values = binary.LittleEndian.AppendUint32(p.values, uint32(int32(min(math.MaxInt32, max(math.MinInt32, v)))))
}

// nullable appends a value of which one stands for NULL.
func (p *part) nullable(v, null int64) {
	mark := byte(0)
	if v == null {
		mark, v = 1, 0
	}
	p.front = append(p.front, mark)
	p.word(uint64(v))
}

// record is a call while it is scanned: some fields need a second step.
type record struct {
	Head
	table   string
	extra   map[string]string
	nothing bool // where a value goes that the call itself tells
}

// settle takes the second step.
func (r *record) settle() error {
	t, err := call.ParseTable(r.table)
	if err != nil {
		return fmt.Errorf("call %d: %w", r.Call.ID, err)
	}
	r.Call.Table = t
	for name, text := range r.extra {
		r.Call.Extra = append(r.Call.Extra, call.Pair{Name: name, Text: text})
	}
	for _, tags := range []*[]string{&r.Call.Tags, &r.Call.Conversation.Tags} {
		if len(*tags) == 0 {
			*tags = nil
		}
	}
	return nil
}

// text columns are sent as String even where the table has LowCardinality: the server converts them in one pass.
func text(name string, field func(*call.Call) *string) *column {
	return &column{
		name: name, sent: "String", read: quote(name),
		put:    func(p *part, c *call.Call) { p.text(*field(c)) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

func int32s(name string, field func(*call.Call) *int32) *column {
	return &column{
		name: name, sent: "Int32", read: quote(name),
		put:    func(p *part, c *call.Call) { p.values = binary.LittleEndian.AppendUint32(p.values, uint32(*field(c))) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

func int64s(name string, field func(*call.Call) *int64) *column {
	return &column{
		name: name, sent: "Int64", read: quote(name),
		put:    func(p *part, c *call.Call) { p.word(uint64(*field(c))) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

func uint64s(name string, field func(*call.Call) *uint64) *column {
	return &column{
		name: name, sent: "UInt64", read: quote(name),
		put:    func(p *part, c *call.Call) { p.word(*field(c)) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

// instants of which NoInstant is NULL.
func instants(name string, field func(*call.Call) *call.Instant) *column {
	return &column{
		name: name, sent: "Nullable(DateTime64(3, 'UTC'))",
		read:   fmt.Sprintf("ifNull(toUnixTimestamp64Milli(%s), toInt64(%d))", quote(name), call.NoInstant),
		put:    func(p *part, c *call.Call) { p.nullable(int64(*field(c)), int64(call.NoInstant)) },
		target: func(r *record) any { return (*int64)(field(&r.Call)) },
	}
}

// moments are instants of which NoInstant is 1970: they are of conversations, and nobody talked then.
func moments(name string, field func(*call.Call) *call.Instant) *column {
	return &column{
		name: name, sent: "DateTime64(3, 'UTC')",
		read: fmt.Sprintf("if(toUnixTimestamp64Milli(%[1]s) = 0, toInt64(%[2]d), toUnixTimestamp64Milli(%[1]s))", quote(name), call.NoInstant),
		put: func(p *part, c *call.Call) {
			if at := *field(c); at != call.NoInstant {
				p.word(uint64(at))
				return
			}
			p.word(0)
		},
		target: func(r *record) any { return (*int64)(field(&r.Call)) },
	}
}

// seconds of which call.NoSeconds stays -1.
func seconds(name string, field func(*call.Call) *int64) *column {
	return &column{
		name: name, sent: "Int32", read: "toInt64(" + quote(name) + ")",
		put:    func(p *part, c *call.Call) { p.seconds(*field(c)) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

func percents(name string, field func(*call.Call) *uint8) *column {
	return &column{
		name: name, sent: "UInt8", read: quote(name),
		put:    func(p *part, c *call.Call) { p.small(*field(c)) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

func marks(name string, field func(*call.Call) *bool) *column {
	return &column{
		name: name, sent: "UInt8", read: quote(name) + " = 1",
		put:    func(p *part, c *call.Call) { p.mark(*field(c)) },
		target: func(r *record) any { return field(&r.Call) },
	}
}

// lists of texts are sent as an array is laid out: where each row's texts end, then all texts.
func lists(name string, field func(*call.Call) *[]string) *column {
	return &column{
		name: name, sent: "Array(String)", read: "CAST(" + quote(name) + ", 'Array(String)')",
		put: func(p *part, c *call.Call) {
			list := *field(c)
			for _, s := range list {
				p.text(s)
			}
			p.entries += uint64(len(list))
			p.front = binary.LittleEndian.AppendUint64(p.front, p.entries)
		},
		target: func(r *record) any { return field(&r.Call) },
	}
}
