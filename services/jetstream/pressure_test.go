package jetstream_test

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

func TestPressureKnowsTheOldestUnread(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	stream, err := client(t, server.URL).Stream(t.Context(), jetstream.StreamCDR)
	if err != nil {
		t.Fatal(err)
	}
	wants := func(when string, sequence uint64) {
		t.Helper()
		p, err := bus.Pressure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var want time.Time
		if sequence > 0 {
			m, err := stream.GetMsg(t.Context(), sequence)
			if err != nil {
				t.Fatal(err)
			}
			want = m.Time
		}
		if !p.Oldest.Equal(want) || p.MaxAge != time.Hour || p.MaxBytes != 1<<30 || (p.Bytes == 0) != (when == "empty") {
			t.Errorf("%s: %+v, want the oldest of %s", when, p, want)
		}
	}
	one := func(partition int, id uint64) []call.Chunk {
		b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}, partition)
		call.Append(b, id, [][]byte{nil, nil, nil})
		return []call.Chunk{b.Chunk()}
	}
	wants("empty", 0)
	for i, partition := range []int{3, 5, 5, 3} {
		if err := bus.PublishChunks(t.Context(), "pbx", one(partition, uint64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	wants("nobody has ever read", 1)
	c := join(t, bus, consume("enricher"))
	bySequence := map[uint64]jetstream.Batch{}
	for len(bySequence) < 4 {
		for _, d := range next(t, c).Deliveries {
			bySequence[d.Sequence] = jetstream.Batch{Deliveries: []jetstream.Delivery{d}}
		}
	}
	wants("all in hand", 1)
	// The floor of partition 5 stays behind the chunk that is the oldest.
	done(t, bySequence[1])
	done(t, bySequence[2])
	wants("two are stored", 3)
	done(t, bySequence[3])
	wants("three are stored", 4)
	if lag, err := bus.Lag(t.Context(), "enricher"); err != nil || lag != (jetstream.Lag{Working: 1}) || lag.Total() != 1 {
		t.Errorf("lag %+v, %v", lag, err)
	}
	done(t, bySequence[4])
	wants("all are stored", 0)
	if lag, err := bus.Lag(t.Context(), "ticketer"); err != nil || lag != (jetstream.Lag{}) {
		t.Errorf("lag of nobody: %+v, %v", lag, err)
	}
}
