package call

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ReadJSON undoes AppendJSON, for whoever gets calls as the CALL stream tells them and not from the store. The call that it
// gives is shown as the same bytes again. What a record does not show stays unknown: the version, the hash of the row, the
// conversation that it is the head of (Event.ReadCall knows some of it); and the table is known as far as the record tells of
// it.
func ReadJSON(record []byte) (Call, error) {
	r := reading{Call: Blank(0), locals: map[string]string{}}
	if err := r.members(record); err != nil {
		return Call{}, fmt.Errorf("read a call: %w", err)
	}
	r.settle()
	return r.Call, nil
}

// reading is a record while it is read.
type reading struct {
	Call
	err     error
	columns []Column
	values  []Value
	locals  map[string]string // a time's name and the PBX's own text of it

	conversation string
	filled       []string
	invalid      map[string][]byte
}

func (r *reading) members(record []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return errors.Join(errors.New("want an object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		if err := r.member(name.(string), decoder); err != nil {
			return err
		}
		if r.err != nil {
			return fmt.Errorf("member %s: %w", name, r.err)
		}
	}
	_, err := decoder.Token()
	return err
}

func (r *reading) member(name string, decoder *json.Decoder) error {
	switch name {
	case "tags":
		return r.tags(decoder)
	case "flags":
		var flags []string
		err := decoder.Decode(&flags)
		r.Flags = strings.Join(flags, ",")
		return err
	case "filled":
		return decoder.Decode(&r.filled)
	case "invalid_utf8":
		return decoder.Decode(&r.invalid)
	}
	value, err := decoder.Token()
	if err != nil {
		return err
	}
	if _, nested := value.(json.Delim); nested {
		return fmt.Errorf("member %s holds more than a value", name)
	}
	if !r.derived(name, value) {
		r.column(name, value)
	}
	return nil
}

func (r *reading) tags(decoder *json.Decoder) error {
	if err := decoder.Decode(&r.Tags); err != nil {
		return err
	}
	if len(r.Tags) == 0 {
		r.Tags = nil
	}
	return nil
}

// derived keeps a member that is no column of the row and tells whether it is none.
func (r *reading) derived(name string, value any) bool {
	switch name {
	case "id":
		r.ID = r.number(value)
	case "org_id":
		r.OrgID = uint32(r.number(value))
	case "calldate":
		r.Calldate = r.instant(value)
	case "answer":
		r.Answer = r.instant(value)
	case "end":
		r.End = r.instant(value)
	case "calldate_local", "answer_local", "end_local":
		if value != nil {
			r.locals[strings.TrimSuffix(name, "_local")] = r.text(value)
		}
	case "withheld":
		r.Withheld, _ = value.(bool)
	case "disconnected_confidence":
		if value != nil {
			share, err := strconv.ParseFloat(r.text(value), 64)
			r.err = err
			r.Confidence = uint8(share*100 + 0.5)
		}
	case "conversation_id":
		r.conversation = r.text(value)
	case "recording_url", "recording_state", "row_id": // told by others
	default:
		if text := r.derivedText(name); text != nil {
			*text = r.text(value)
		} else if seconds := r.derivedSeconds(name); seconds != nil {
			*seconds = r.seconds(value)
		} else {
			return false
		}
	}
	return true
}

func (r *reading) derivedText(name string) *string {
	switch name {
	case "direction":
		return (*string)(&r.Direction)
	case "rang_extension":
		return &r.RangExtension
	case "answered_by":
		return &r.AnsweredBy
	case "answered_type":
		return (*string)(&r.AnsweredType)
	case "disconnected_by":
		return (*string)(&r.DisconnectedBy)
	case "hangup_cause":
		return &r.HangupCause
	case "hangup_reason":
		return &r.HangupReason
	case "hangup_source":
		return &r.HangupSource
	case "source":
		return &r.Source
	case "trunk":
		return &r.Trunk
	case "did":
		return &r.Did
	case "outcome":
		return (*string)(&r.Outcome)
	case "leg_kind":
		return (*string)(&r.LegKind)
	case "caller_extension":
		return &r.CallerExtension
	case "caller":
		return &r.Caller
	case "callee":
		return &r.Callee
	}
	return nil
}

func (r *reading) derivedSeconds(name string) *int64 {
	switch name {
	case "wait_time":
		return &r.WaitTime
	case "ring_time":
		return &r.RingTime
	case "talk_time":
		return &r.TalkTime
	case "ivr_time":
		return &r.IvrTime
	}
	return nil
}

// column keeps a value of the row. Of its type only is known whether it is a number, which is what it is shown by.
func (r *reading) column(name string, value any) {
	if own := strings.TrimPrefix(name, "raw_"); ours[own] && !standard[own] {
		name = own // a site column that gave way to a field of ours
	}
	kind := "text"
	if _, number := value.(json.Number); number {
		kind = "decimal"
	}
	r.columns = append(r.columns, Column{Name: name, Type: kind})
	r.values = append(r.values, Value{Text: r.text(value), Valid: value != nil})
}

// text of a value; null is empty.
func (r *reading) text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		r.err = errors.New("is a boolean")
	}
	return ""
}

func (r *reading) number(value any) uint64 {
	n, err := strconv.ParseUint(r.text(value), 10, 64)
	r.err = err
	return n
}

func (r *reading) seconds(value any) int64 {
	if value == nil {
		return NoSeconds
	}
	n, err := strconv.ParseInt(r.text(value), 10, 64)
	r.err = err
	return n
}

func (r *reading) instant(value any) Instant {
	if value == nil {
		return NoInstant
	}
	at, err := time.Parse(time.RFC3339, r.text(value))
	r.err = err
	return InstantOf(at)
}
