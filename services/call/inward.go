package call

import (
	"encoding/json"
	"fmt"
	"slices"
)

// inward is what filters and statistics go by and the record of a call does not show. An event carries it beside the
// record, for whoever has no store to ask; what is unknown, none or 0 is left out.
type inward struct {
	Calldate *Instant    `json:"calldate"` // milliseconds; where the record shows none
	Queue    string      `json:"queue"`    // where the record shows the row's own queue_name
	Entry    Entry       `json:"entry"`
	Called   Called      `json:"called"`
	Head     *inwardHead `json:"conversation"`
}

// inwardHead is that of the head of a conversation. Of its Detail, which grows with every leg, there are only the words
// that filters look for, each once.
type inwardHead struct {
	Legs           int64          `json:"legs"`
	Complete       bool           `json:"complete"`
	Outcome        Outcome        `json:"outcome"`
	DisconnectedBy DisconnectedBy `json:"disconnected_by"`
	Names          []string       `json:"names"`     // of those who took part
	Kinds          []LegKind      `json:"leg_kinds"` // of all legs
}

// appendInward appends it as a JSON object, and nothing where there is none of it.
func (c *Call) appendInward(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	if c.calldateShown() == NoInstant {
		o.int("calldate", int64(c.Calldate))
	}
	if c.Queue != "" && c.has("queue_name") {
		o.text("queue", c.Queue)
	}
	if c.Entry.Outcome != "" {
		o.within("entry", func(o *object) {
			o.text("outcome", string(c.Entry.Outcome))
			o.known("wait", c.Entry.Wait)
			o.known("talk", c.Entry.Talk)
		})
	}
	if c.Called != CalledNobody {
		o.uint("called", uint64(c.Called))
	}
	if c.Conversation.Legs > 0 {
		o.within("conversation", c.appendInwardHead)
	}
	if !o.more {
		return dst
	}
	return append(o.dst, '}')
}

func (c *Call) appendInwardHead(o *object) {
	v := &c.Conversation
	o.int("legs", v.Legs)
	if v.Complete {
		o.bool("complete", true)
	}
	if v.Outcome != "" {
		o.text("outcome", string(v.Outcome))
	}
	if v.DisconnectedBy != "" {
		o.text("disconnected_by", string(v.DisconnectedBy))
	}
	d, err := c.detail()
	if err != nil {
		return // as filters do with what is no JSON
	}
	if names := each(d.names()); len(names) > 0 {
		o.texts("names", names)
	}
	if kinds := d.kinds(); len(kinds) > 0 {
		o.texts("leg_kinds", kinds)
	}
}

// within writes an object as a member.
func (o *object) within(name string, members func(*object)) {
	o.key(name)
	inner := object{dst: append(o.dst, '{')}
	members(&inner)
	o.dst = append(inner.dst, '}')
}

// known writes seconds that are.
func (o *object) known(name string, v int64) {
	if v != NoSeconds {
		o.int(name, v)
	}
}

// mostNames bounds the names of a conversation in an event, in bytes, so that no event grows too large for the log by
// them: several hundred.
const mostNames = 16 << 10

// each of the names once, up to mostNames.
func each(names []string) (list []string) {
	left := mostNames
	for _, name := range names {
		if name != "" && len(name) <= left && !slices.Contains(list, name) {
			list, left = append(list, name), left-len(name)
		}
	}
	return list
}

// kinds of the legs, each once.
func (d *Detail) kinds() (list []string) {
	for i := range d.Legs {
		if kind := string(d.Legs[i].Kind); kind != "" && !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	return list
}

// setInward gives a call what appendInward wrote of it. Its Detail then holds the names and kinds of legs, and neither
// whose nor which they are.
func (c *Call) setInward(part []byte) error {
	in := inward{Entry: NoEntry}
	if err := json.Unmarshal(part, &in); err != nil {
		return fmt.Errorf("read what filters go by: %w", err)
	}
	if in.Calldate != nil {
		c.Calldate = *in.Calldate
	}
	if in.Queue != "" {
		c.Queue = in.Queue
	}
	c.Entry, c.Called = in.Entry, in.Called
	if in.Head == nil {
		return nil
	}
	v := &c.Conversation
	v.Legs, v.Complete, v.Outcome, v.DisconnectedBy = in.Head.Legs, in.Head.Complete, in.Head.Outcome, in.Head.DisconnectedBy
	if len(in.Head.Names)+len(in.Head.Kinds) == 0 {
		return nil
	}
	var d Detail
	for _, name := range in.Head.Names {
		d.Participants = append(d.Participants, Participant{Name: name})
	}
	for _, kind := range in.Head.Kinds {
		d.Legs = append(d.Legs, Leg{Kind: kind})
	}
	v.Detail = string(d.AppendJSON(nil))
	return nil
}
