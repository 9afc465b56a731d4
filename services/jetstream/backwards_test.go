package jetstream_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// The log is read from its end to its beginning, each chunk once, and another source's chunks only where they are wanted.
func TestBackwards(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	for chunk := range bus.Backwards(t.Context(), "", 0) {
		t.Errorf("chunk %d on an empty log", chunk.Sequence)
	}
	const pages = 300 // more chunks than one stretch has
	revision := uint64(0)
	for i := range pages {
		if i%100 == 50 {
			if err := bus.PublishChunks(t.Context(), "other", chunks(uint64(i), 1)); err != nil {
				t.Fatal(err)
			}
		}
		revision = publish(t, bus, 10*i+1, 10, revision)
	}
	newest, err := bus.Newest(t.Context())
	if err != nil || newest != revision {
		t.Fatalf("newest is %d, %v; want %d", newest, err, revision)
	}
	publish(t, bus, 100_000, 10, revision) // above where the reading begins

	read := func(source string, from uint64) (rows map[uint64]int, sources map[string]int) {
		t.Helper()
		rows, sources = map[uint64]int{}, map[string]int{}
		last := from + 1
		for chunk, err := range bus.Backwards(t.Context(), source, from) {
			if err != nil {
				t.Fatal(err)
			}
			if chunk.Sequence >= last {
				t.Fatalf("chunk %d after %d", chunk.Sequence, last)
			}
			last = chunk.Sequence
			sources[chunk.Source]++
			r, err := chunk.Open()
			if err != nil {
				t.Fatal(err)
			}
			var row call.Row
			n := 0
			for r.Next(&row) {
				rows[row.ID]++
				n++
				if row.ID < chunk.First || row.ID > chunk.Last {
					t.Errorf("chunk %d has row %d and says %d to %d", chunk.Sequence, row.ID, chunk.First, chunk.Last)
				}
				if linked, _ := row.Value(r.Origin.Table, "linkedid"); call.Partition(linked) != chunk.Partition {
					t.Errorf("row %d lies in partition %d", row.ID, chunk.Partition)
				}
			}
			if n != chunk.Count || chunk.Kind != call.KindPage || time.Since(chunk.Stored).Abs() > time.Minute {
				t.Errorf("chunk %d: %d rows, %+v", chunk.Sequence, n, chunk)
			}
		}
		return rows, sources
	}
	rows, sources := read("pbx", newest)
	once(t, rows, 10*pages)
	if len(sources) != 1 {
		t.Errorf("chunks of %v, want those of pbx", sources)
	}
	if _, sources = read("", newest); sources["other"] != 3 || sources["pbx"] < pages {
		t.Errorf("chunks of %v, want 3 of the other source too", sources)
	}
	if rows, _ = read("", 40); len(rows) == 0 || rows[10*pages] != 0 {
		t.Errorf("%d rows up to sequence 40", len(rows))
	}
	for range bus.Backwards(t.Context(), "", newest) {
		break // ends without a word
	}
	if _, ok, err := bus.Chunk(t.Context(), newest); ok || err != nil {
		t.Errorf("a checkpoint passes for a chunk, %v", err)
	}
	if c, ok, err := bus.Chunk(t.Context(), newest-1); !ok || err != nil || c.Sequence != newest-1 {
		t.Errorf("the chunk before it: %+v, %v", c, err)
	}
	if _, ok, err := bus.Chunk(t.Context(), 1<<40); ok || err != nil {
		t.Errorf("a chunk that is not there: %v", err)
	}
}

func TestPassed(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	passed := func(when string, sequence uint64, want bool) {
		t.Helper()
		if got, err := bus.Passed(t.Context(), sequence); err != nil || got != want {
			t.Errorf("%s: passed %d is %t, %v", when, sequence, got, err)
		}
	}
	passed("an empty log", 0, true)
	one := func(partition int) {
		b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}, partition)
		call.Append(b, 1, [][]byte{nil, nil, nil})
		if err := bus.PublishChunks(t.Context(), "pbx", []call.Chunk{b.Chunk()}); err != nil {
			t.Fatal(err)
		}
	}
	one(3)
	one(5)
	passed("nobody has ever read", 1, false)
	c := join(t, bus, consume("enricher"))
	held := map[uint64]jetstream.Batch{}
	take := func(n int) {
		for len(held) < n {
			for _, d := range next(t, c).Deliveries {
				held[d.Sequence] = jetstream.Batch{Deliveries: []jetstream.Delivery{d}}
			}
		}
	}
	take(2)
	passed("all in hand", 1, false)
	done(t, held[2])
	passed("the second is stored", 2, false)
	done(t, held[1])
	one(5)
	take(3)
	// Live traffic goes on, and does not matter.
	passed("both are stored, a third is in hand", 2, true)
	passed("the third is in hand", 3, false)
	done(t, held[3])
	passed("all are stored", 3, true)
}

func TestZonesAndPositions(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	if list, err := bus.Sources(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("sources of a new log: %v, %v", list, err)
	}
	for _, zone := range []string{"", "Asia/Kolkata", "Asia/Kolkata", "Europe/Berlin"} {
		if zone != "" {
			if err := bus.RememberZone(t.Context(), "pbx-1", zone); err != nil {
				t.Fatal(err)
			}
		}
		if is, err := bus.Zone(t.Context(), "pbx-1"); err != nil || is != zone {
			t.Errorf("zone is %q, %v; want %q", is, err, zone)
		}
	}
	for _, source := range []string{"pbx-2", "pbx-1"} {
		if err := bus.RememberSource(t.Context(), source); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := bus.Sources(t.Context()); err != nil || fmt.Sprint(list) != "[pbx-1 pbx-2]" {
		t.Errorf("sources are %v, %v", list, err)
	}
	type place struct{ ID uint64 }
	var at place
	if found, err := bus.Position(t.Context(), "command.1", &at); found || err != nil {
		t.Errorf("a position before the first: %t, %v", found, err)
	}
	for id := range uint64(3) {
		if err := bus.SavePosition(t.Context(), "command.1", place{id}); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := bus.Position(t.Context(), "command.1", &at); !found || err != nil || at.ID != 2 {
		t.Errorf("position %+v, %t, %v", at, found, err)
	}
	if err := bus.ForgetPosition(t.Context(), "command.1"); err != nil {
		t.Error(err)
	}
	if found, err := bus.Position(t.Context(), "command.1", &at); found || err != nil {
		t.Errorf("a position that was forgotten: %t, %v", found, err)
	}
}
