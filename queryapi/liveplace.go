package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// lastEventID is the parameter for callers that can set no header; an EventSource sets the header by itself.
const lastEventID = "last_event_id"

// String is the place as the id of an event.
func (p place) String() string { return fmt.Sprintf("%d.%d", p.born, p.seq) }

// placeAsked reads the place that a caller wants to go on from; false where it wants to begin now. The header goes first,
// since an EventSource repeats its address with every attempt.
func placeAsked(r *http.Request, values url.Values) (at place, asked bool, err error) {
	name, text := "Last-Event-ID", r.Header.Get("Last-Event-ID")
	if text == "" {
		name, text = lastEventID, values.Get(lastEventID)
		if !values.Has(lastEventID) {
			return place{}, false, nil
		}
	}
	born, seq, _ := strings.Cut(text, ".")
	b, err1 := strconv.ParseInt(born, 10, 64)
	s, err2 := strconv.ParseUint(seq, 10, 63)
	if !decimal(born) || !decimal(seq) || err1 != nil || err2 != nil {
		return place{}, false, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want the id of an event of this stream", name, quoted(text)), name}
	}
	return place{b, s}, true, nil
}
