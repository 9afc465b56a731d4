package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// listen gives a function that reads which rows of a kind are on the log, in the order of ids.
func (d *desk) listen() func(kind call.Kind) []uint64 {
	d.t.Helper()
	return func(kind call.Kind) []uint64 {
		d.t.Helper()
		newest, err := d.bus.Newest(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		var ids []uint64
		for chunk, err := range d.bus.Backwards(d.t.Context(), "", newest) {
			if err != nil {
				d.t.Fatal(err)
			}
			if chunk.Kind != kind {
				continue
			}
			r, err := chunk.Open()
			if err != nil {
				d.t.Fatal(err)
			}
			for row := (call.Row{}); r.Next(&row); {
				ids = append(ids, row.ID)
			}
		}
		slices.Sort(ids)
		return ids
	}
}

const (
	oldRules = "organisations: [{id: 1, accountcodes: [\"1\"]}, {id: 2, accountcodes: [b]}]"
	newRules = "organisations: [{id: 7, accountcodes: [\"1\"]}, {id: 2, accountcodes: [b]}]"
)

// Stored rows move to where today's rules put them, under the ids that they have; rows outside the span stay.
func TestRegenerate(t *testing.T) {
	t.Parallel()
	// A batch that takes too long on a busy machine would come once more, and be understood by the new rules.
	d := newDesk(t, oldRules, "WRITE_TIMEOUT=20s", "ACK_WAIT=30s")
	d.run()
	first := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	lines := minutely(1, 3000, first)
	for i := range lines {
		if i%10 == 0 {
			lines[i].account = "b"
		}
	}
	d.pbx().page(lines...)
	d.await(3000, 1, 2)
	before, err := d.store.Lookup(t.Context(), ids(1, 3000))
	if err != nil {
		t.Fatal(err)
	}
	d.write(newRules)
	servertest.Eventually(t, 20*time.Second, func() bool { return d.e.rules.Load().accountcodes["1"] == 7 }, "the rules are taken")

	out := d.must(regenerate, "--from", "2026-09-01", "--to", "2026-09-03", "--dry-run")
	for _, want := range []string{"2880 calls compared, 2592 would change", "2592 calls: org_id 1 → 7, for example ", "nothing was written"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run says %s, want %q", out, want)
		}
	}
	if d.count(7) != 0 {
		t.Error("the dry run wrote something")
	}
	out = d.must(regenerate, "--from", "2026-09-01T01:00:00Z", "--to", "2026-09-02")
	if !strings.Contains(out, "1380 rows to understand anew") || !strings.Contains(out, "1380 rows understood anew in ") {
		t.Errorf("it says %s", out)
	}
	if d.count(7) != 1242 || d.count(1, 2) != 3000-1242 {
		t.Errorf("%d rows moved and %d stayed, want 1242 and 1758", d.count(7), d.count(1, 2))
	}
	d.must(regenerate, "--last", "100", "--org", "1")
	if d.count(7) != 1342 || d.count(1, 2, 7) != 3000 {
		t.Errorf("%d rows moved of %d, want 100 more", d.count(7), d.count(1, 2, 7))
	}
	d.must(regenerate, "--from", "1970-01-01")
	if d.count(7) != 2700 || d.count(1) != 0 {
		t.Errorf("%d rows moved, %d did not", d.count(7), d.count(1))
	}
	d.wants(ids(1, 3000))
	after, err := d.store.Lookup(t.Context(), ids(1, 3000))
	if err != nil {
		t.Fatal(err)
	}
	for id, was := range before {
		is := after[id]
		if len(is) != 1 || is[0].RawHash != was[0].RawHash || is[0].OrgID == 7 && is[0].Version <= was[0].Version {
			t.Errorf("row %d was %+v and is %+v", id, was, is)
		}
	}
}

// The same command line goes on where it was interrupted.
func TestRegenerateGoesOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, oldRules, "WRITE_TIMEOUT=20s", "ACK_WAIT=30s")
	d.run()
	log := d.listen()
	const rows = 3*portionRows + 100
	d.pbx().page(minutely(1, rows, time.Now().Add(-rows*time.Minute))...)
	d.await(rows, 1)
	d.write(newRules)
	servertest.Eventually(t, 20*time.Second, func() bool { return d.e.rules.Load().accountcodes["1"] == 7 }, "the rules are taken")

	ctx, kill := context.WithCancel(t.Context())
	out, done := &spoken{}, make(chan error, 1)
	flags := []string{"--from", "2000-01-01"}
	go func() { done <- d.commandTo(ctx, out, regenerate, flags...) }()
	servertest.Eventually(t, time.Minute, func() bool { return len(log(call.KindRegenerate)) >= portionRows }, "a portion is published")
	kill()
	if err := <-done; err == nil {
		t.Skip("it was faster than the kill")
	}
	published := len(log(call.KindRegenerate))
	again := d.must(regenerate, flags...)
	if !strings.Contains(again, "going on behind row ") || !strings.Contains(again, fmt.Sprintf("%d rows understood anew", rows)) {
		t.Errorf("it says %s", again)
	}
	if all := len(log(call.KindRegenerate)); all > rows+portionRows {
		t.Errorf("%d rows published before and %d altogether, of %d: it did not go on", published, all, rows)
	}
	if d.count(7) != rows {
		t.Errorf("%d rows moved", d.count(7))
	}
	// It has ended: the next one begins anew.
	if out := d.must(regenerate, "--from", "2000-01-01", "--restart"); !strings.Contains(out, fmt.Sprintf("%d rows to understand anew", rows)) {
		t.Errorf("it says %s", out)
	}
	if out := d.must(regenerate, "--last", "10"); !strings.Contains(out, "10 rows to understand anew") {
		t.Errorf("it says %s", out)
	}
}

// A zone that was wrong and set right since moves the times of rows that were stored long before.
func TestRegenerateWithTheZoneOfToday(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	at := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	pbx := d.pbx()
	// The PBX stood in India all the time, and its uniqueid says so.
	pbx.page(line{id: 1, account: "1", calldate: at, linked: fmt.Sprintf("%d.1", at.Add(-(5*time.Hour + 30*time.Minute)).Unix())})
	d.await(1, 1)
	stored := func() call.Call {
		t.Helper()
		rows, err := d.store.Span(t.Context(), clickhouse.SpanQuery{Limit: 10})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		return rows[0]
	}
	if err := d.bus.RememberZone(t.Context(), "pbx", "Asia/Kolkata"); err != nil {
		t.Fatal(err)
	}
	if out := d.must(regenerate, "--last", "1", "--dry-run"); !strings.Contains(out, "1 calls: calldate 2026-09-01T10:00:00Z → 2026-09-01T04:30:00Z, for example 1") {
		t.Errorf("the dry run says %s", out)
	}
	d.must(regenerate, "--last", "1")
	if c := stored(); moment(c.Calldate) != "2026-09-01T04:30:00Z" {
		t.Errorf("the row is of %s", moment(c.Calldate))
	}
	d.must(regenerate, "--last", "1", "--zone", "pbx=Europe/Berlin")
	if c := stored(); moment(c.Calldate) != "2026-09-01T08:00:00Z" {
		t.Errorf("the row is of %s", moment(c.Calldate))
	}
}

// Where no poller has said its zone, the newest chunk that one wrote does; a regeneration's own chunks do not.
func TestZoneOfTheNewestChunk(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	now := time.Now()
	z := zones{bus: d.bus}
	if zone, err := z.of(t.Context(), "pbx"); err == nil || !strings.Contains(err.Error(), "--zone pbx=") {
		t.Errorf("with nothing to go by: %q, %v", zone, err)
	}
	for _, one := range []struct {
		kind call.Kind
		zone string
	}{{call.KindPage, "UTC"}, {call.KindGap, "Asia/Kolkata"}, {call.KindRegenerate, "Europe/Berlin"}, {call.KindReplay, "America/Lima"}} {
		b := call.NewBuilder(call.Origin{Source: "pbx", Zone: one.zone, Kind: one.kind, Table: columns}, 3)
		r, err := call.NewReader(chunks(one.kind, line{id: 1, account: "1", calldate: now})[0].Body)
		if err != nil {
			t.Fatal(err)
		}
		var row call.Row
		r.Next(&row)
		b.AppendRow(&row)
		if err := d.bus.PublishChunks(t.Context(), "pbx", []call.Chunk{b.Chunk()}); err != nil {
			t.Fatal(err)
		}
	}
	if zone, err := z.of(t.Context(), "pbx"); err != nil || zone != "Asia/Kolkata" {
		t.Errorf("the zone is %q, %v", zone, err)
	}
}
