package clickhouse

import (
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// column ties a column of calls to a field of call.Call.
type column interface {
	// named gives the column's name, the type its values are sent as, and the expression that reads it back.
	named() (name, sent, read string)
	// collect gathers the field of many calls for one insert, in memory that is used again for the next insert.
	collect(calls []call.Call) any
	// target is where a select scans the value to.
	target(r *record) any
}

// record is a call while it is scanned: two fields need a second step.
type record struct {
	call  call.Call
	table string
	extra map[string]string
}

// settle takes the second step.
func (r *record) settle() error {
	t, err := call.ParseTable(r.table)
	if err != nil {
		return fmt.Errorf("call %d: %w", r.call.ID, err)
	}
	r.call.Table = t
	for name, text := range r.extra {
		r.call.Extra = append(r.call.Extra, call.Pair{Name: name, Text: text})
	}
	return nil
}

// plain is a column whose values are a field of the call as it stands.
type plain[T any] struct {
	name, sent, read string
	field            func(*call.Call) *T
	values           []T
}

func (p *plain[T]) named() (string, string, string) { return p.name, p.sent, p.read }

func (p *plain[T]) collect(calls []call.Call) any {
	p.values = p.values[:0]
	for i := range calls {
		p.values = append(p.values, *p.field(&calls[i]))
	}
	return p.values
}

func (p *plain[T]) target(r *record) any { return p.field(&r.call) }

// text columns are sent as String even where the table has LowCardinality: the server converts them in one pass, while
// the driver would look every value up in a map of interfaces, a third of the insert's time.
func text(name string, field func(*call.Call) *string) column {
	return &plain[string]{name: name, sent: "String", read: name, field: field}
}

func number[T any](name, sent string, field func(*call.Call) *T) column {
	return &plain[T]{name: name, sent: sent, read: name, field: field}
}

// nullable is a column of integers in which one value stands for NULL.
type nullable struct {
	name, sent, read string
	null             int64
	field            func(*call.Call) *int64
	values           []int64
	pointers         []*int64
}

func (n *nullable) named() (string, string, string) { return n.name, n.sent, n.read }

func (n *nullable) collect(calls []call.Call) any {
	// The values must not move once something points to them.
	if cap(n.values) < len(calls) {
		n.values = make([]int64, len(calls))
	}
	n.values, n.pointers = n.values[:len(calls)], n.pointers[:0]
	for i := range calls {
		n.values[i] = *n.field(&calls[i])
		if n.values[i] == n.null {
			n.pointers = append(n.pointers, nil)
			continue
		}
		n.pointers = append(n.pointers, &n.values[i])
	}
	return n.pointers
}

func (n *nullable) target(r *record) any { return n.field(&r.call) }

func instant(name string, field func(*call.Call) *call.Instant) column {
	return &nullable{
		name: name, sent: "Nullable(DateTime64(3, 'UTC'))", null: int64(call.NoInstant),
		read:  fmt.Sprintf("ifNull(toUnixTimestamp64Milli(%s), toInt64(%d))", name, call.NoInstant),
		field: func(c *call.Call) *int64 { return (*int64)(field(c)) },
	}
}

// table is the definition of the source's table: one text for nearly all rows.
type table struct{ values []string }

func (t *table) named() (string, string, string) { return "source_table", "String", "source_table" }

func (t *table) collect(calls []call.Call) any {
	t.values = t.values[:0]
	for i := range calls {
		var text string
		if calls[i].Table != nil { // a tombstone has none
			text = calls[i].Table.String()
		}
		t.values = append(t.values, text)
	}
	return t.values
}

func (t *table) target(r *record) any { return &r.table }

// extra is the map of site columns; most rows have none.
type extra struct{ values []map[string]string }

func (e *extra) named() (string, string, string) {
	return "extra", "Map(String, String)", "CAST(extra, 'Map(String, String)')"
}

func (e *extra) collect(calls []call.Call) any {
	e.values = e.values[:0]
	for i := range calls {
		var m map[string]string
		if pairs := calls[i].Extra; len(pairs) > 0 {
			m = make(map[string]string, len(pairs))
			for _, p := range pairs {
				m[p.Name] = p.Text
			}
		}
		e.values = append(e.values, m)
	}
	return e.values
}

func (e *extra) target(r *record) any { return &r.extra }
