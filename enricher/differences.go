package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// compared are the fields that rules decide, with the names that the API has for them. The organisation comes first: it
// says who may see the call.
var compared = []struct {
	name string
	of   func(c *call.Call) string
}{
	{"org_id", func(c *call.Call) string { return strconv.FormatUint(uint64(c.OrgID), 10) }},
	{"calldate", func(c *call.Call) string { return moment(c.Calldate) }},
	{"direction", func(c *call.Call) string { return string(c.Direction) }},
	{"outcome", func(c *call.Call) string { return string(c.Outcome) }},
	{"leg_kind", func(c *call.Call) string { return string(c.LegKind) }},
	{"trunk", func(c *call.Call) string { return c.Trunk }},
	{"did", func(c *call.Call) string { return c.Did }},
	{"caller", func(c *call.Call) string { return c.Caller }},
	{"callee", func(c *call.Call) string { return c.Callee }},
	{"caller_extension", func(c *call.Call) string { return c.CallerExtension }},
	{"rang_extension", func(c *call.Call) string { return c.RangExtension }},
	{"answered_by", func(c *call.Call) string { return c.AnsweredBy }},
	{"answered_type", func(c *call.Call) string { return string(c.AnsweredType) }},
	{"disconnected_by", func(c *call.Call) string { return string(c.DisconnectedBy) }},
	{"hangup_cause", func(c *call.Call) string { return c.HangupCause }},
	{"hangup_reason", func(c *call.Call) string { return c.HangupReason }},
	{"hangup_source", func(c *call.Call) string { return c.HangupSource }},
	{"wait_time", func(c *call.Call) string { return seconds(c.WaitTime) }},
	{"ring_time", func(c *call.Call) string { return seconds(c.RingTime) }},
	{"talk_time", func(c *call.Call) string { return seconds(c.TalkTime) }},
	{"ivr_time", func(c *call.Call) string { return seconds(c.IvrTime) }},
	{"withheld", func(c *call.Call) string { return strconv.FormatBool(c.Withheld) }},
	{"tags", func(c *call.Call) string { return strings.Join(c.Tags, ",") }},
	{"queue_name", func(c *call.Call) string { return c.Queue }},
	{"queue_wait_time", func(c *call.Call) string { return seconds(c.QueueWait) }},
	{"answered_agent", func(c *call.Call) string { return c.Agent }},
	{"queue entry", func(c *call.Call) string {
		if c.Entry == call.NoEntry {
			return ""
		}
		return fmt.Sprintf("%s, wait %s, talk %s", c.Entry.Outcome, shown(seconds(c.Entry.Wait)), shown(seconds(c.Entry.Talk)))
	}},
	{"called", func(c *call.Call) string { return [...]string{"", "phone", "trunk"}[min(2, c.Called)] }},
	{"conversation_id", func(c *call.Call) string { return c.ConversationID() }},
	{"conversation", head(func(*call.Conversation) string { return "begins here" })},
	{"conversation legs", head(func(v *call.Conversation) string { return strconv.FormatInt(v.Legs, 10) })},
	{"conversation outcome", head(func(v *call.Conversation) string { return string(v.Outcome) })},
	{"conversation answered_by", head(func(v *call.Conversation) string { return v.AnsweredBy })},
	{"conversation answered_type", head(func(v *call.Conversation) string { return string(v.AnsweredType) })},
	{"conversation disconnected_by", head(func(v *call.Conversation) string { return string(v.DisconnectedBy) })},
	{"conversation queue_name", head(func(v *call.Conversation) string { return v.QueueName })},
	{"conversation wait_time", head(func(v *call.Conversation) string { return seconds(v.WaitTime) })},
	{"conversation talk_time", head(func(v *call.Conversation) string { return seconds(v.TalkTime) })},
	{"conversation tags", head(func(v *call.Conversation) string { return strings.Join(v.Tags, ",") })},
}

// head fields are empty on every leg but the first of its organisation.
func head(of func(v *call.Conversation) string) func(c *call.Call) string {
	return func(c *call.Call) string {
		if c.Conversation.Legs == 0 {
			return ""
		}
		return of(&c.Conversation)
	}
}

func seconds(n int64) string {
	if n == call.NoSeconds {
		return ""
	}
	return strconv.FormatInt(n, 10) + " s"
}

const (
	examples = 3
	// changesOfField bounds the lines of a field that has a value of its own on every call; the rest is one line.
	changesOfField = 20
)

// differences counts how calls are understood otherwise than they are stored.
type differences struct {
	calls   uint64 // compared
	changed uint64
	fields  []map[change]*tally // by the field's place in compared
	others  []tally             // of a field: what its map has no room for
}

// change of a field from one value to another; empty is null.
type change struct{ from, to string }

// tally is a number of calls that change alike.
type tally struct {
	calls    uint64
	examples []uint64
}

func newDifferences() *differences {
	d := &differences{fields: make([]map[change]*tally, len(compared)), others: make([]tally, len(compared))}
	for i := range d.fields {
		d.fields[i] = map[change]*tally{}
	}
	return d
}

// add a call as it is stored and as it would be.
func (d *differences) add(was, is *call.Call) {
	d.calls++
	differs := false
	for i := range compared {
		c := change{compared[i].of(was), compared[i].of(is)}
		if c.from == c.to {
			continue
		}
		differs = true
		s := d.fields[i][c]
		switch {
		case s != nil:
		case len(d.fields[i]) < 50*changesOfField:
			s = &tally{}
			d.fields[i][c] = s
		default:
			s = &d.others[i]
		}
		s.count(was.ID)
	}
	if differs {
		d.changed++
	}
}

func (s *tally) count(id uint64) {
	s.calls++
	if len(s.examples) < examples {
		s.examples = append(s.examples, id)
	}
}

// reportLine is one line of the report.
type reportLine struct {
	what string
	tally
}

// lines of the report, those of the most calls first.
func (d *differences) lines() []reportLine {
	var lines []reportLine
	for i, field := range d.fields {
		var own []reportLine
		for c, s := range field {
			own = append(own, reportLine{fmt.Sprintf("%s %s → %s", compared[i].name, shown(c.from), shown(c.to)), *s})
		}
		slices.SortFunc(own, byCalls)
		rest := d.others[i]
		for _, l := range own[min(len(own), changesOfField):] {
			rest.calls += l.calls
			rest.examples = append(rest.examples, l.examples...)
		}
		lines = append(lines, own[:min(len(own), changesOfField)]...)
		if rest.calls > 0 {
			rest.examples = rest.examples[:min(len(rest.examples), examples)]
			lines = append(lines, reportLine{compared[i].name + " in other ways", rest})
		}
	}
	slices.SortStableFunc(lines, byCalls)
	return lines
}

func byCalls(a, b reportLine) int {
	return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.what, b.what))
}

func shown(value string) string {
	if value == "" {
		return "null"
	}
	return value
}

// print the report.
func (d *differences) print(out io.Writer) {
	fmt.Fprintf(out, "%d calls compared, %d would change\n", d.calls, d.changed)
	for _, l := range d.lines() {
		fmt.Fprintf(out, "%d calls: %s, for example %s\n", l.calls, l.what, l.ids())
	}
}

func (l *reportLine) ids() string {
	texts := make([]string, len(l.examples))
	for i, id := range l.examples {
		texts[i] = strconv.FormatUint(id, 10)
	}
	if l.calls > uint64(len(texts)) {
		return strings.Join(texts, ", ") + " …"
	}
	return strings.Join(texts, ", ")
}
