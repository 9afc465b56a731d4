package call

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// What an event carries beside the record, and what is read of it again.
func TestInward(t *testing.T) {
	t.Parallel()
	table := tableOf("id int", "calldate datetime", "uniqueid text", "queue_name text")
	row := func(calldate, queue string) Call {
		c := Blank(9)
		c.SetRaw(table, &Row{ID: 9, Values: []Value{{"9", true}, {calldate, true}, {"17.1", true}, {queue, queue != ""}}})
		c.OrgID, c.Source, c.Calldate = 1, "pbx", 1775995633000
		return c
	}
	head := func(v Conversation) Call {
		c := row("2026-04-12 12:07:13", "")
		c.Conversation = v
		return c
	}
	detail := Detail{
		SourceName: "Zoë", RequestedName: "Sales", DestinationName: "Zoë", Path: []Step{{Kind: "ivr"}}, Recordings: []Recording{{1, "a.wav"}},
		Participants: []Participant{{Extension: "1001", Name: `"leg_kind":"fax"`, Rang: true}, {Extension: "1002"}, {Extension: "1003", Name: "Sales"}},
		Legs:         []Leg{{1, LegQueue}, {2, LegTransfer}, {3, LegQueue}},
	}
	kept := Detail{
		Participants: []Participant{{Name: "Zoë"}, {Name: "Sales"}, {Name: `"leg_kind":"fax"`}}, Legs: []Leg{{0, LegQueue}, {0, LegTransfer}},
	}
	own, filled, entered, gone := row("2026-04-12 12:07:13", "5001"), row("2026-04-12 12:07:13", ""), row("2026-04-12 12:07:13", ""), row("0000-00-00 00:00:00", "")
	own.Queue, filled.Queue = "5001", "5001"
	entered.Entry, entered.Called = Entry{Outcome: EntryAbandoned, Wait: 0, Talk: NoSeconds}, CalledPhone
	gone.Calldate, gone.Flags = 7000, FlagCalldateInvalid
	for name, test := range map[string]struct {
		c            Call
		want, detail string // detail: as it comes back
	}{
		"nothing":               {c: row("2026-04-12 12:07:13", "")},
		"the row's own queue":   {own, `{"queue":"5001"}`, ""},
		"a queue that is shown": {c: filled},
		"an entry":              {entered, `{"entry":{"outcome":"abandoned","wait":0},"called":1}`, ""},
		"an impossible time":    {gone, `{"calldate":7000}`, ""},
		"a bare head":           {head(Conversation{Legs: 1}), `{"conversation":{"legs":1}}`, ""},
		"a head": {
			head(Conversation{Legs: 3, Complete: true, Outcome: OutcomeAnswered, DisconnectedBy: ByCallee, Detail: string(detail.AppendJSON(nil))}),
			`{"conversation":{"legs":3,"complete":true,"outcome":"answered","disconnected_by":"callee","names":["Zoë","Sales","\"leg_kind\":\"fax\""],"leg_kinds":["queue","transfer"]}}`,
			string(kept.AppendJSON(nil)),
		},
		"a name alone": {
			head(Conversation{Legs: 1, Detail: NameOnly("Zoë")}), `{"conversation":{"legs":1,"names":["Zoë"]}}`,
			string((&Detail{Participants: []Participant{{Name: "Zoë"}}}).AppendJSON(nil)),
		},
		"a name to escape": {
			head(Conversation{Legs: 1, Detail: NameOnly(`"a\",`)}), `{"conversation":{"legs":1,"names":["\"a\\\","]}}`,
			string((&Detail{Participants: []Participant{{Name: `"a\",`}}}).AppendJSON(nil)),
		},
		"a detail that is no JSON": {head(Conversation{Legs: 1, Detail: `{"source_name":"sa`}), `{"conversation":{"legs":1}}`, ""},
	} {
		e := NewEvent(EventCorrected, &test.c)
		if string(e.Inward) != test.want {
			t.Errorf("%s: carried as %s, want %s", name, e.Inward, test.want)
		}
		var told Event
		if err := json.Unmarshal(e.AppendJSON(nil), &told); err != nil || !reflect.DeepEqual(told, e) {
			t.Errorf("%s: told as %+v, %v", name, told, err)
		}
		got, err := told.ReadCall()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := test.c.Conversation
		want := Conversation{Legs: v.Legs, Complete: v.Complete, Outcome: v.Outcome, DisconnectedBy: v.DisconnectedBy, Detail: test.detail}
		had := got.Conversation
		had.Answer, had.End, had.WaitTime, had.RingTime, had.TalkTime = 0, 0, 0, 0, 0
		if got.Calldate != test.c.Calldate || got.Queue != test.c.Queue || got.Entry != test.c.Entry || got.Called != test.c.Called || !reflect.DeepEqual(had, want) {
			t.Errorf("%s: read as %+v", name, got)
		}
		if shown := string(got.AppendJSON(nil)); shown != string(e.Call) {
			t.Errorf("%s: shown as %s, want %s", name, shown, e.Call)
		}
	}
}

// An event without the part, as older enrichers told it, and one that cannot be read.
func TestInwardOfOthers(t *testing.T) {
	t.Parallel()
	c := Blank(9)
	c.SetRaw(tableOf("id int"), &Row{ID: 9, Values: []Value{{"9", true}}})
	c.OrgID, c.Called, c.Conversation.Legs = 1, CalledPhone, 1
	e := NewEvent(EventNew, &c)
	e.Inward = nil
	if got, err := e.ReadCall(); err != nil || got.Entry != NoEntry || got.Called != CalledNobody || !reflect.DeepEqual(got.Conversation, NoConversation) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"[]", "{", `{"called":"phone"}`, `{"entry":{"wait":"x"}}`} {
		e.Inward = json.RawMessage(text)
		if _, err := e.ReadCall(); err == nil || !strings.HasPrefix(err.Error(), "read what filters go by: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// However many take part in a conversation, its events stay small.
func TestInwardIsBounded(t *testing.T) {
	t.Parallel()
	var d Detail
	for i := range 20_000 {
		d.Participants = append(d.Participants, Participant{Extension: fmt.Sprint(i), Name: fmt.Sprintf("Participant %d", i), Rang: true})
		d.Legs = append(d.Legs, Leg{uint64(i), LegQueue})
	}
	c := Blank(9)
	c.Conversation.Legs, c.Conversation.Detail = 20_000, string(d.AppendJSON(nil))
	if n := len(c.appendInward(nil)); n < mostNames || n > mostNames+mostNames/2 {
		t.Errorf("%d bytes", n)
	}
}
