package call

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Column is one column of the source's table.
type Column struct {
	// Name is the column's own name at the source.
	Name string
	// Means is the standard name (see Standard) the column stands for. It differs from Name only where a site maps its
	// own column to a standard one; for a site column it equals Name.
	Means string
	// Type is MariaDB's COLUMN_TYPE, for example "bigint(20) unsigned", "decimal(12,4)" or "bit(8)".
	Type string
}

// Table lists the columns of a source's table in the table's order. It travels once with every chunk and is stored with
// every call, so that a raw row can be shown with its own names and types long after the table has changed.
type Table struct {
	Columns []Column
	text    string
	place   map[string]int
	nulls   nullNames
}

// NewTable makes a Table of columns; a column without Means means its own name.
func NewTable(columns []Column) *Table {
	t := &Table{Columns: columns, place: make(map[string]int, len(columns))}
	rows := make([][]string, len(columns))
	for i := range columns {
		c := &columns[i]
		if c.Means == "" {
			c.Means = strings.ToLower(c.Name)
			if !standard[c.Means] {
				c.Means = c.Name
			}
		}
		rows[i] = []string{c.Name, c.Type}
		if c.Means != c.Name {
			rows[i] = append(rows[i], c.Means)
		}
		if _, twice := t.place[c.Means]; !twice {
			t.place[c.Means] = i
		}
	}
	text, _ := json.Marshal(rows) // strings only: cannot fail
	t.text = string(text)
	return t
}

// String is the table as JSON, [["id","bigint(20)"],["callid","varchar(32)","uniqueid"],…]: name, type and, where it
// differs from the name, what the column means.
func (t *Table) String() string { return t.text }

// Place is the index of the column that means name, or -1.
func (t *Table) Place(name string) int {
	if i, ok := t.place[name]; ok {
		return i
	}
	return -1
}

// A source has one table definition at a time and a house few sources, so the parsed forms are kept.
var tables sync.Map

// ParseTable reads what String wrote.
func ParseTable(text string) (*Table, error) {
	if t, ok := tables.Load(text); ok {
		return t.(*Table), nil
	}
	var rows [][]string
	if len(text) > 1<<20 {
		return nil, fmt.Errorf("parse table definition: %d bytes, want at most 1 MiB", len(text))
	}
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("parse table definition: %w", err)
	}
	if len(rows) > MaxColumns {
		return nil, fmt.Errorf("parse table definition: %d columns, want at most %d", len(rows), MaxColumns)
	}
	columns := make([]Column, len(rows))
	for i, r := range rows {
		if len(r) < 2 || len(r) > 3 {
			return nil, fmt.Errorf("parse table definition: column %d has %d parts, want 2 or 3", i, len(r))
		}
		columns[i] = Column{Name: r[0], Type: r[1]}
		if len(r) == 3 {
			columns[i].Means = r[2]
		}
	}
	t, _ := tables.LoadOrStore(strings.Clone(text), NewTable(columns))
	return t.(*Table), nil
}

// Standard columns of Asterisk's CDR (cdr_adaptive_odbc, app_queue's additions and FreePBX's recordingfile). Calls keep
// each in a typed field of its own; every other column is a site column.
var standardColumns = []string{
	"id", "calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "duration",
	"billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "answer", "end", "linkedid",
	"peeraccount", "sequence", "queue_name", "queue_wait_time", "answered_agent", "recordingfile",
}

var standard = func() map[string]bool {
	m := make(map[string]bool, len(standardColumns))
	for _, name := range standardColumns {
		m[name] = true
	}
	return m
}()

// Standard lists the standard columns' names in Asterisk's order.
func Standard() []string { return append([]string(nil), standardColumns...) }

// IsStandard tells whether name is one of them.
func IsStandard(name string) bool { return standard[name] }
