package jetstream_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

func events(n int) []call.Event {
	var list []call.Event
	for i := range n {
		c := call.Call{
			OrgID: 3, ID: uint64(i + 1), Version: call.NewVersion(1, uint64(i), 0), Direction: call.Inbound, Linkedid: fmt.Sprintf("17.%d", i), Table: table,
			Answer: call.NoInstant, End: call.NoInstant,
		}
		list = append(list, call.NewEvent(call.EventNew, &c))
	}
	return list
}

func TestTell(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	const n = 2*jetstream.MaxTogether + 1
	all := events(n)
	for range 2 { // told twice: repeats are no error
		if err := bus.Tell(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	if err := bus.Tell(t.Context(), nil); err != nil {
		t.Error(err)
	}
	stream, err := client(t, server.URL).Stream(t.Context(), jetstream.StreamCALL)
	if err != nil || stream.CachedInfo().State.Msgs != 2*n {
		t.Fatalf("%d messages, %v; want %d", stream.CachedInfo().State.Msgs, err, 2*n)
	}
	cfg := consume("ticketer")
	cfg.Stream = jetstream.StreamCALL
	c := join(t, bus, cfg)
	seen := map[uint64]int{}
	for got := 0; got < 2*n; {
		b := next(t, c)
		if b.Rows() != len(b.Deliveries) || len(b.Deliveries) > cfg.BatchRows {
			t.Fatalf("%d deliveries, %d rows", len(b.Deliveries), b.Rows())
		}
		for _, d := range b.Deliveries {
			var e call.Event
			if err := json.Unmarshal(d.Data, &e); err != nil || e.Partition != d.Partition || d.Subject != e.Subject() || d.Count != 1 {
				t.Fatalf("%+v from %+v, %v", e, d, err)
			}
			seen[e.ID]++
		}
		got += len(b.Deliveries)
		done(t, b)
	}
	for id := uint64(1); id <= n; id++ {
		if seen[id] != 2 {
			t.Errorf("event %d came %d times", id, seen[id])
		}
	}
}

// TestTellIsAllOrNothing cuts the wire at the commit.
func TestTellIsAllOrNothing(t *testing.T) {
	t.Parallel()
	direct, server := open(t)
	w := newWire(t, server.URL)
	bus := connect(t, w.URL)
	w.atCommit(func(_, cut func()) { cut() })
	if err := bus.Tell(t.Context(), events(300)); err == nil {
		t.Error("told without an answer")
	}
	if err := direct.Tell(t.Context(), events(300)); err != nil {
		t.Fatal(err)
	}
	stream, err := client(t, server.URL).Stream(t.Context(), jetstream.StreamCALL)
	if err != nil || stream.CachedInfo().State.Msgs != 300 {
		t.Errorf("%d messages, %v; want 300", stream.CachedInfo().State.Msgs, err)
	}
}
