package call

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// SetRaw fills the raw fields of c from a row. Calldate, Answer and End with their offsets must be set before: a text that
// they cannot give back goes to Extra, as every text does that its typed field would change ("007", "2026-00-00 …").
func (c *Call) SetRaw(t *Table, r *Row) {
	c.Table, c.RawHash = t, r.Hash
	var nulls nullSet
	for i := range t.Columns {
		v := r.Values[i]
		if !v.Valid {
			nulls.add(i)
			continue
		}
		name := t.Columns[i].Means
		if !plain(v.Text) {
			c.Flags = join(c.Flags, FlagInvalidUTF8+":"+name)
		}
		if !c.setField(name, v.Text) {
			c.Extra = append(c.Extra, Pair{name, v.Text})
		}
	}
	c.Nulls = t.nulls.of(t, nulls)
}

// setField keeps text in the typed field of a standard column and tells whether that field gives it back unchanged.
func (c *Call) setField(name, text string) bool {
	if s := c.textField(name); s != nil {
		*s = text
		return true
	}
	if n := c.numberField(name); n != nil {
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return false
		}
		*n = v
		return canonical(text)
	}
	if at, offset, ok := c.timeField(name); ok {
		return *at != NoInstant && isLocal(text, *at, *offset)
	}
	if name == "id" {
		_, row := SplitID(c.ID)
		var b [20]byte
		return string(strconv.AppendUint(b[:0], row, 10)) == text
	}
	return false
}

// Raw gives column i of the row back as the PBX wrote it.
func (c *Call) Raw(i int) Value {
	name := c.Table.Columns[i].Means
	if c.IsNull(name) {
		return Value{}
	}
	for _, p := range c.Extra {
		if p.Name == name {
			return Value{Text: p.Text, Valid: true}
		}
	}
	if s := c.textField(name); s != nil {
		return Value{Text: *s, Valid: true}
	}
	if n := c.numberField(name); n != nil {
		return Value{Text: strconv.FormatInt(*n, 10), Valid: true}
	}
	if at, offset, ok := c.timeField(name); ok && *at != NoInstant {
		return Value{Text: string(at.appendLocal(nil, *offset)), Valid: true}
	}
	if name == "id" {
		_, row := SplitID(c.ID)
		return Value{Text: strconv.FormatUint(row, 10), Valid: true}
	}
	return Value{}
}

// RawRow gives the whole row back, to be understood anew.
func (c *Call) RawRow() Row {
	_, id := SplitID(c.ID)
	r := Row{ID: id, Hash: c.RawHash, Values: make([]Value, len(c.Table.Columns))}
	for i := range c.Table.Columns {
		r.Values[i] = c.Raw(i)
	}
	return r
}

func (c *Call) textField(name string) *string {
	switch name {
	case "clid":
		return &c.Clid
	case "src":
		return &c.Src
	case "dst":
		return &c.Dst
	case "dcontext":
		return &c.Dcontext
	case "channel":
		return &c.Channel
	case "dstchannel":
		return &c.Dstchannel
	case "lastapp":
		return &c.Lastapp
	case "lastdata":
		return &c.Lastdata
	case "disposition":
		return &c.Disposition
	case "accountcode":
		return &c.Accountcode
	case "uniqueid":
		return &c.Uniqueid
	case "userfield":
		return &c.Userfield
	case "linkedid":
		return &c.Linkedid
	case "peeraccount":
		return &c.Peeraccount
	case "queue_name":
		return &c.QueueName
	case "answered_agent":
		return &c.AnsweredAgent
	case "recordingfile":
		return &c.Recordingfile
	}
	return nil
}

func (c *Call) numberField(name string) *int64 {
	switch name {
	case "duration":
		return &c.Duration
	case "billsec":
		return &c.Billsec
	case "amaflags":
		return &c.Amaflags
	case "sequence":
		return &c.Sequence
	case "queue_wait_time":
		return &c.QueueWaitTime
	}
	return nil
}

func (c *Call) timeField(name string) (at *Instant, offset *int32, ok bool) {
	switch name {
	case "calldate":
		return &c.Calldate, &c.CalldateOffset, true
	case "answer":
		return &c.Answer, &c.AnswerOffset, true
	case "end":
		return &c.End, &c.EndOffset, true
	}
	return nil, nil, false
}

// IsNull tells whether a column, named by its meaning, is NULL.
func (c *Call) IsNull(name string) bool { return listed(c.Nulls, name) }

// Flagged tells whether a flag is set.
func (c *Call) Flagged(flag string) bool { return listed(c.Flags, flag) }

// listed tells whether name is one of a comma-separated list.
func listed(list, name string) bool {
	for list != "" {
		var first string
		first, list, _ = strings.Cut(list, ",")
		if first == name {
			return true
		}
	}
	return false
}

// canonical tells whether strconv would write the number as text has it: no plus, no zero in front.
func canonical(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && digits[0] != '+' && (digits[0] != '0' || text == "0")
}

func isLocal(text string, at Instant, offset int32) bool {
	var b [32]byte
	return string(at.appendLocal(b[:0], offset)) == text
}

// plain is utf8.ValidString with a short cut for the usual.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return utf8.ValidString(s[i:])
		}
	}
	return true
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "," + b
}
