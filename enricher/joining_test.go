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
	u, sequence := newUnderstanding(r), 0
	digest := func(o call.Origin, c *call.Call) {
		t.Helper()
		sequence++
		if err := d.e.digest(t.Context(), jetstream.Batch{Deliveries: []jetstream.Delivery{delivered(o, c, sequence)}}); err != nil {
			t.Fatal(err)
		}
	}
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
