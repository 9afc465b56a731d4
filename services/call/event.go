package call

import (
	"encoding/json"
	"fmt"
)

// EventKind says what happened to a call row.
type EventKind string

// The events of the CALL stream.
const (
	EventNew       EventKind = "new"
	EventCorrected EventKind = "corrected"
	EventRemoved   EventKind = "removed" // it left the organisation or direction that the subject names
	EventErased    EventKind = "erased"
)

// Event is one message of the CALL stream. The same (ID, Version) may come more than once: consumers drop repeats.
type Event struct {
	Kind      EventKind       `json:"event"`
	ID        uint64          `json:"id"`
	Version   Version         `json:"version"`
	OrgID     uint32          `json:"org_id"`
	Direction Direction       `json:"direction"`
	Partition int             `json:"partition"`
	Call      json.RawMessage `json:"call,omitempty"`   // as the Call Logs API shows it; absent when removed or erased
	Inward    json.RawMessage `json:"inward,omitempty"` // what filters go by besides, which nobody is shown; absent where there is none
}

// NewEvent of a call.
func NewEvent(kind EventKind, c *Call) Event {
	e := Event{
		Kind: kind, ID: c.ID, Version: c.Version, OrgID: c.OrgID, Direction: c.Direction,
		Partition: Partition(c.partitionText()),
	}
	if kind == EventNew || kind == EventCorrected {
		e.Call, e.Inward = c.AppendJSON(nil), c.appendInward(nil)
	}
	return e
}

// ReadCall gives the call that the event tells, as far as ReadJSON knows it, and with what filters go by. An event that an
// older enricher told has none of that.
func (e *Event) ReadCall() (Call, error) {
	c, err := ReadJSON(e.Call)
	if err != nil {
		return Call{}, err
	}
	if len(e.Inward) > 0 {
		if err := c.setInward(e.Inward); err != nil {
			return Call{}, err
		}
	}
	// The envelope decides whose it is.
	c.Version, c.OrgID, c.Direction = e.Version, e.OrgID, e.Direction
	return c, nil
}

func (c *Call) partitionText() string {
	if c.Linkedid != "" {
		return c.Linkedid
	}
	return c.Uniqueid
}

// Subject of the event: call.v1.<org>.<direction>.<partition>.
func (e *Event) Subject() string {
	return fmt.Sprintf("call.v1.%d.%s.%d", e.OrgID, e.Direction, e.Partition)
}

// AppendJSON appends the event as JSON. The parts are text already, so they are not read again as encoding/json would.
func (e *Event) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	o.text("event", string(e.Kind))
	o.uint("id", e.ID)
	o.uint("version", uint64(e.Version))
	o.uint("org_id", uint64(e.OrgID))
	o.text("direction", string(e.Direction))
	o.uint("partition", uint64(e.Partition))
	if len(e.Call) > 0 {
		o.key("call")
		o.dst = append(o.dst, e.Call...)
	}
	if len(e.Inward) > 0 {
		o.key("inward")
		o.dst = append(o.dst, e.Inward...)
	}
	return append(o.dst, '}')
}
