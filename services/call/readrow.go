package call

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// settle puts together what members of a record tell only with one another.
func (r *reading) settle() {
	for _, name := range []string{"calldate", "answer", "end"} {
		text, known := r.locals[name]
		r.columns = append(r.columns, Column{Name: name, Type: "datetime"})
		r.values = append(r.values, Value{Text: text, Valid: known})
	}
	r.fill()
	for i, column := range r.columns {
		if bytes, odd := r.invalid[column.Name]; odd {
			r.values[i].Text = string(bytes)
			if column.Type == "decimal" {
				r.columns[i].Type = "bit(64)" // the one type whose bytes are shown as a number
			}
		}
	}
	r.Table = tableOfRecord(r.columns)
	if r.Calldate == NoInstant {
		r.Calldate = r.epoch()
	}
	var nulls nullSet
	for i, v := range r.values {
		if !v.Valid {
			nulls.add(i)
			continue
		}
		name := r.Table.Columns[i].Means
		if at, offset, isTime := r.timeField(name); isTime {
			*offset = offsetOf(v.Text, *at)
		}
		if !r.setField(name, v.Text) {
			r.Extra = append(r.Extra, Pair{name, v.Text})
		}
	}
	r.Nulls = r.Table.nulls.of(r.Table, nulls)
	if key := strings.TrimPrefix(r.conversation, r.Source+":"); key != string([]rune(r.partitionText())) { // as it is shown: bytes that are not UTF-8 are U+FFFD there
		r.Joined = key
	}
}

// fill takes what the row did not say itself out of the row again.
func (r *reading) fill() {
	for i, column := range r.columns {
		if !slices.Contains(r.filled, column.Name) {
			continue
		}
		v := &r.values[i]
		switch column.Name {
		case "queue_name":
			r.Queue = v.Text
		case "answered_agent":
			r.Agent = v.Text
		case "queue_wait_time":
			if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
				r.QueueWait = n
			}
		}
		*v = Value{}
	}
}

// epoch stands in for an impossible calldate, as it does where rows are understood: the time in uniqueid, else 1970.
func (r *reading) epoch() Instant {
	for i, column := range r.columns {
		if column.Name != "uniqueid" {
			continue
		}
		text, _, _ := strings.Cut(r.values[i].Text[strings.LastIndexByte(r.values[i].Text, '-')+1:], ".")
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= 9 && len(text) <= 10 {
			return Instant(n * 1000)
		}
	}
	return 0
}

// offsetOf a local time ahead of UTC, in seconds; 0 where the text is no time, and then it is kept as text.
func offsetOf(local string, at Instant) int32 {
	clock, err := time.Parse(DateTimeLayout, local)
	if err != nil || at == NoInstant {
		return 0
	}
	offset := int64(InstantOf(clock)-at) / 1000
	if offset < -26*3600 || offset > 26*3600 {
		return 0
	}
	return int32(offset)
}

const mostRecordTables = 256

var recordTables struct {
	sync.Mutex
	known map[string]*Table
}

// tableOfRecord gives the same table for records that are alike. A house has few kinds of records, but whoever writes odd
// numbers into a text column makes more, so that not all are kept.
func tableOfRecord(columns []Column) *Table {
	var signature strings.Builder
	for _, c := range columns {
		signature.WriteString(c.Name)
		signature.WriteByte(0)
		signature.WriteString(c.Type)
		signature.WriteByte(0)
	}
	recordTables.Lock()
	defer recordTables.Unlock()
	if t := recordTables.known[signature.String()]; t != nil {
		return t
	}
	t := NewTable(slices.Clone(columns))
	if recordTables.known == nil || len(recordTables.known) >= mostRecordTables {
		recordTables.known = map[string]*Table{}
	}
	recordTables.known[signature.String()] = t
	return t
}
