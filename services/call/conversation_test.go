package call

import (
	"encoding/json"
	"reflect"
	"testing"
)

// What is kept of a conversation is read back as it was, every field of it.
func TestDetailComesBack(t *testing.T) {
	t.Parallel()
	waited := int64(7)
	for _, d := range []Detail{
		{},
		{SourceName: "Zoë \"Z\" \\ <1>"},
		{
			Src: "1", Dst: "2", DID: "3", Trunk: "4", SourceName: "5", RequestedExtension: "6", RequestedName: "7", RequestedContext: "8",
			DestinationExtension: "9", DestinationName: "10", DestinationContext: "11", QueueWaitTime: &waited, AnsweredAgent: "12",
			HangupCause: "13", HangupReason: "14", HangupSource: "15",
			Participants: []Participant{{Extension: "1001", Name: "Asha", Rang: true}, {Extension: "1002", Answered: true}},
			Path:         []Step{{Kind: "queue", Who: "support", At: 5}, {Kind: "answered", At: 6}},
			Recordings:   []Recording{{CallID: 9, File: "a.wav"}}, Legs: []Leg{{ID: 9, Kind: LegDial}},
		},
	} {
		text := d.AppendJSON(nil)
		var back Detail
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("%s comes back as %+v, %v", text, back, err)
		}
	}
	// A field that is added to Detail must be kept as well.
	if n := reflect.TypeFor[Detail]().NumField(); n != 20 {
		t.Errorf("Detail has %d fields, AppendJSON knows 20", n)
	}
	if got := NameOnly("A \"B\""); got != `{"source_name":"A \"B\""}` || NameOnly("") != "" {
		t.Errorf("the name alone is kept as %s", got)
	}
}
