package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// Three linkedids meet on one channel, and their rows are stored one by one: whichever comes last, a look a little later
// leaves them one conversation. Each order is a source of its own.
func TestStrangersMeetInAnyOrder(t *testing.T) {
	t.Parallel()
	r, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, "")
	d.e.rules.Store(r)
	u, digest := newUnderstanding(r), d.digests()
	f := readFixture(t, "testdata/fixtures/site-two-callers-for-one-phone.txt")
	want := map[uint64]*call.Call{}
	sources := map[string]call.Origin{}
	for i, order := range permutations(len(f.rows)) {
		if i%8 > 0 { // every eighth has each row in each place
			continue
		}
		source := fmt.Sprint("pbx", i)
		for _, row := range f.rows {
			row["source"] = source
		}
		calls := f.calls(t, u, false)
		o := call.Origin{Source: source, SourceNumber: uint32(i), Zone: f.zone, Kind: call.KindPage, Table: calls[0].Table}
		sources[source] = o
		for _, c := range calls {
			c.ID = call.ID(o.SourceNumber, c.ID)
			want[c.ID] = c
		}
		for _, c := range inOrder(calls, order) {
			digest(o, c)
		}
		settle(t, u, calls)
	}
	unjoined, err := d.store.Unjoined(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for i := range unjoined {
		o := sources[unjoined[i].Source]
		o.Kind = call.KindRegenerate
		digest(o, &unjoined[i])
	}
	d.holds(t, want)
}

// A stranger is joined with whoever has its channel, until a row of its own call tells where it came from: that parts the two
// again, and both are told.
func TestLaterRowsRefuteAJoin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	u, digest := newUnderstanding(d.e.rules.Load()), d.digests()
	f := fixture{file: "refuted", zone: "UTC", date: "2026-11-21", columns: map[string]bool{}, rows: []cells{
		{"calldate": "10:00:05", "channel": "PJSIP/1002-00000002", "lastapp": "Dial", "lastdata": "PJSIP/1005,30", "duration": "4", "billsec": "3", "linkedid": "1795255205.2"},
		{"calldate": "10:00:20", "channel": "PJSIP/1001-00000001", "lastapp": "ParkedCall", "lastdata": "701", "duration": "9", "billsec": "9", "linkedid": "1795255200.1"},
		{"calldate": "10:00:10", "channel": "PJSIP/1003-00000003", "lastapp": "Dial", "lastdata": "PJSIP/1005,30", "duration": "8", "billsec": "6", "linkedid": "1795255200.1"},
	}}
	for _, row := range f.rows {
		row["dstchannel"], row["disposition"], row["accountcode"], row["uniqueid"] = "PJSIP/1005-00000005", call.Answered, "1", row["linkedid"]
		for name := range row {
			f.columns[name] = true
		}
	}
	calls := f.calls(t, u, false)
	o := call.Origin{Source: "pbx", Zone: f.zone, Kind: call.KindPage, Table: calls[0].Table}
	for _, c := range calls[:2] {
		digest(o, c)
	}
	both, err := d.store.Rows(t.Context(), []uint64{1, 2})
	if err != nil || len(both) != 2 || both[0].ConversationID() != both[1].ConversationID() {
		t.Fatalf("%d rows, %v: they are no conversation", len(both), err)
	}
	digest(o, calls[2])
	settle(t, u, calls)
	d.holds(t, map[uint64]*call.Call{1: calls[0], 2: calls[1], 3: calls[2]})
	if calls[0].ConversationID() == calls[1].ConversationID() {
		t.Error("they are joined all the same")
	}
	// Row 1 is corrected when row 2 comes, and both when row 3 comes.
	if told := d.told(6); told[call.EventNew] != 3 || told[call.EventCorrected] != 3 {
		t.Errorf("told %v", told)
	}
	// Whoever hears of a call knows of it what filters go by in the store.
	heads := 0
	for id, e := range d.events {
		heard, err := e.ReadCall()
		if err != nil {
			t.Fatal(err)
		}
		stored := d.stored(id)
		a, b := &heard.Conversation, &stored.Conversation
		if heard.Entry != stored.Entry || heard.Called != stored.Called || heard.Queue != stored.Queue || a.Legs != b.Legs || a.Complete != b.Complete || a.Outcome != b.Outcome || a.DisconnectedBy != b.DisconnectedBy {
			t.Errorf("call %d is heard of as\n%+v and stored as\n%+v", id, heard, stored)
		}
		heads += int(min(b.Legs, 1))
	}
	if len(d.events) != 3 || heads != 2 {
		t.Errorf("%d calls with %d heads were heard of", len(d.events), heads)
	}
}

// digests gives what has the enricher digest one row after the other.
func (d *desk) digests() func(call.Origin, *call.Call) {
	sequence := 0
	return func(o call.Origin, c *call.Call) {
		d.t.Helper()
		sequence++
		if err := d.e.digest(d.t.Context(), jetstream.Batch{Deliveries: []jetstream.Delivery{delivered(o, c, sequence)}}); err != nil {
			d.t.Fatal(err)
		}
	}
}
