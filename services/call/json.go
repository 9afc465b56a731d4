package call

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// AppendJSON appends the call as the Call Logs API shows it: the documented record first, in the documented order, then
// what goes beyond it, then every remaining raw column under its own name. A site column that bears the name of one of
// our fields is shown as raw_<name>.
func (c *Call) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	o.uint("id", c.ID)
	o.instant("calldate", c.calldateShown())
	o.column(c, "src")
	o.column(c, "dst")
	o.column(c, "disposition")
	o.column(c, "duration")
	o.column(c, "billsec")
	o.text("direction", string(c.Direction))
	o.text("rang_extension", c.RangExtension)
	o.text("answered_by", c.AnsweredBy)
	o.text("answered_type", string(c.AnsweredType))
	o.seconds("wait_time", c.WaitTime)
	o.text("disconnected_by", string(c.DisconnectedBy))
	o.text("hangup_cause", c.HangupCause)
	o.text("hangup_reason", c.HangupReason)
	o.text("hangup_source", c.HangupSource)
	filled := o.fill(c)
	o.text("recording_url", c.recordingURL())

	o.uint("org_id", uint64(c.OrgID))
	o.text("source", c.Source)
	_, row := SplitID(c.ID)
	o.uint("row_id", row)
	o.text("conversation_id", c.ConversationID())
	o.text("trunk", c.Trunk)
	o.text("did", c.Did)
	o.text("outcome", string(c.Outcome))
	o.text("leg_kind", string(c.LegKind))
	o.seconds("ring_time", c.RingTime)
	o.seconds("talk_time", c.TalkTime)
	o.seconds("ivr_time", c.IvrTime)
	o.text("caller_extension", c.CallerExtension)
	o.text("caller", c.Caller)
	o.text("callee", c.Callee)
	o.bool("withheld", c.Withheld)
	o.texts("tags", c.Tags)
	o.confidence("disconnected_confidence", c.Confidence)
	o.text("recording_state", c.recordingState())
	o.local(c, "calldate")
	o.instant("answer", c.Answer)
	o.local(c, "answer")
	o.instant("end", c.End)
	o.local(c, "end")
	o.list("flags", c.Flags)
	o.list("filled", filled)
	o.rest(c)
	o.invalid(c)
	return append(o.dst, '}')
}

// Ours are the names of a record that site columns give way to.
var ours = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{
		"direction", "rang_extension", "answered_by", "answered_type", "wait_time", "disconnected_by", "hangup_cause",
		"hangup_reason", "hangup_source", "recording_url", "org_id", "source", "row_id", "conversation_id", "trunk",
		"calldate_local", "answer_local", "end_local", "flags", "filled", "invalid_utf8",
		"caller_extension", "disconnected_confidence",
		// The last few are kept free, so that a site column does not change its name when they appear.
		"did", "outcome", "ring_time", "talk_time", "ivr_time", "leg_kind", "caller", "callee", "withheld", "tags",
		"legs", "settled", "recordings", "recording_state",
	} {
		m[name] = true
	}
	for _, name := range standardColumns {
		m[name] = true
	}
	return m
}()

// has tells whether the row itself says something in a standard column.
func (c *Call) has(name string) bool {
	i := c.Table.Place(name)
	if i < 0 {
		return false
	}
	v := c.Raw(i)
	return v.Valid && v.Text != ""
}

// fill shows the columns of the queue, and where the row itself is silent what they are understood to be; it returns the
// names of these, so that NULL can still be told.
func (o *object) fill(c *Call) (filled string) {
	if c.Queue != "" && !c.has("queue_name") {
		o.text("queue_name", c.Queue)
		filled = "queue_name"
	} else {
		o.column(c, "queue_name")
	}
	if c.QueueWait != NoSeconds && !c.has("queue_wait_time") {
		o.seconds("queue_wait_time", c.QueueWait)
		filled = join(filled, "queue_wait_time")
	} else {
		o.column(c, "queue_wait_time")
	}
	if c.Agent != "" && !c.has("answered_agent") {
		o.text("answered_agent", c.Agent)
		filled = join(filled, "answered_agent")
	} else {
		o.column(c, "answered_agent")
	}
	return filled
}

func (c *Call) calldateShown() Instant {
	if c.IsNull("calldate") || c.Flagged(FlagCalldateInvalid) {
		return NoInstant
	}
	return c.Calldate
}

// recordingURL is shown for every row that names a recording, as the documented sample does; whether there is anything to
// hear (billsec above 0) is for the recording itself to answer.
func (c *Call) recordingURL() string {
	if c.Recordingfile == "" {
		return ""
	}
	return "/api/v1/calls/" + strconv.FormatUint(c.ID, 10) + "/recording"
}

// object writes one JSON object, member by member.
type object struct {
	dst  []byte
	more bool
}

func (o *object) key(name string) {
	if o.more {
		o.dst = append(o.dst, ',')
	}
	o.more = true
	o.dst = append(appendString(o.dst, name), ':')
}

func (o *object) null(name string) { o.key(name); o.dst = append(o.dst, "null"...) }

func (o *object) uint(name string, v uint64) {
	o.key(name)
	o.dst = strconv.AppendUint(o.dst, v, 10)
}

func (o *object) int(name string, v int64) {
	o.key(name)
	o.dst = strconv.AppendInt(o.dst, v, 10)
}

func (o *object) text(name, v string) {
	if v == "" {
		o.null(name)
		return
	}
	o.key(name)
	o.dst = appendString(o.dst, v)
}

func (o *object) seconds(name string, v int64) {
	if v == NoSeconds {
		o.null(name)
		return
	}
	o.key(name)
	o.dst = strconv.AppendInt(o.dst, v, 10)
}

func (o *object) bool(name string, v bool) {
	o.key(name)
	o.dst = strconv.AppendBool(o.dst, v)
}

func (o *object) texts(name string, list []string) {
	o.key(name)
	o.dst = append(o.dst, '[')
	for i, text := range list {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = appendString(o.dst, text)
	}
	o.dst = append(o.dst, ']')
}

// confidence is kept in percent and shown between 0 and 1; 0 is not known.
func (o *object) confidence(name string, percent uint8) {
	if percent == 0 {
		o.null(name)
		return
	}
	o.key(name)
	o.dst = strconv.AppendFloat(o.dst, float64(percent)/100, 'g', -1, 64)
}

func (o *object) instant(name string, v Instant) {
	if v == NoInstant {
		o.null(name)
		return
	}
	o.key(name)
	o.dst = append(v.appendUTC(append(o.dst, '"')), '"')
}

func (o *object) list(name, v string) {
	o.key(name)
	o.dst = append(o.dst, '[')
	for i := 0; v != ""; i++ {
		var first string
		first, v, _ = strings.Cut(v, ",")
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = appendString(o.dst, first)
	}
	o.dst = append(o.dst, ']')
}

// column shows a standard column under its standard name; one that the table lacks is null.
func (o *object) column(c *Call, name string) {
	i := c.Table.Place(name)
	if i < 0 {
		o.null(name)
		return
	}
	v := c.Raw(i)
	if !v.Valid {
		o.null(name)
		return
	}
	o.key(name)
	if c.numberField(name) != nil {
		o.dst = appendNumber(o.dst, v.Text)
		return
	}
	o.dst = appendString(o.dst, v.Text)
}

// local shows the PBX's own text of a time.
func (o *object) local(c *Call, name string) {
	i := c.Table.Place(name)
	if i < 0 {
		o.null(name + "_local")
		return
	}
	v := c.Raw(i)
	if !v.Valid {
		o.null(name + "_local")
		return
	}
	o.key(name + "_local")
	o.dst = appendString(o.dst, v.Text)
}

// rest shows the raw columns that the record has not shown yet, in the table's order.
func (o *object) rest(c *Call) {
	for i, column := range c.Table.Columns {
		switch column.Means {
		case "id", "calldate", "src", "dst", "disposition", "duration", "billsec", "queue_name", "queue_wait_time",
			"answered_agent", "answer", "end":
		default:
			if standard[column.Means] {
				o.column(c, column.Means)
			}
		}
		if column.Name == column.Means && standard[column.Means] {
			continue
		}
		if strings.EqualFold(column.Name, column.Means) && standard[column.Means] {
			continue // the same name in other letters
		}
		o.site(c, i, column)
	}
}

// site shows a column under its own name and in its own type.
func (o *object) site(c *Call, i int, column Column) {
	name := column.Name
	if ours[name] {
		name = "raw_" + name
	}
	v := c.Raw(i)
	if !v.Valid {
		o.null(name)
		return
	}
	o.key(name)
	o.dst = appendTyped(o.dst, column.Type, v.Text)
}

// invalid shows the bytes of texts that are not UTF-8, since JSON cannot: base64 by column.
func (o *object) invalid(c *Call) {
	if !strings.Contains(c.Flags, FlagInvalidUTF8) {
		return
	}
	o.key("invalid_utf8")
	inner := object{dst: append(o.dst, '{')}
	for i, column := range c.Table.Columns {
		if c.Flagged(FlagInvalidUTF8 + ":" + column.Means) {
			inner.key(column.Name)
			inner.dst = append(inner.dst, '"')
			inner.dst = base64.StdEncoding.AppendEncode(inner.dst, []byte(c.Raw(i).Text))
			inner.dst = append(inner.dst, '"')
		}
	}
	o.dst = append(inner.dst, '}')
}
