package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestRowsBecomeCallsOnce(t *testing.T) {
	t.Parallel()
	// With the race detector on a busy machine 9,001 rows in one batch may take longer than the 2 s of other tests.
	d := newDesk(t, "", "WRITE_TIMEOUT=20s", "ACK_WAIT=30s")
	d.run()
	now := time.Now().Add(-time.Minute)
	var lines []line
	for i := range 3000 {
		lines = append(lines, line{id: uint64(i + 1), account: fmt.Sprint(i%3 + 1), src: fmt.Sprint(i), calldate: now})
	}
	d.publish(call.KindPage, lines...)
	d.publish(call.KindPage, lines...)     // the same rows published twice
	d.publish(call.KindLookBack, lines...) // and once more after a restart
	changed := lines[7]
	changed.userfield = "hangupcause=17"
	d.publish(call.KindLookBack, changed)
	d.await(3000, 1, 2, 3)
	servertest.Eventually(t, time.Minute, func() bool {
		c, err := d.store.Get(t.Context(), clickhouse.Scope{Orgs: []uint32{1, 2, 3}}, 8)
		return err == nil && c.HangupCause == "17"
	}, "the correction is stored")
	// A page that is published twice, which no poller does, may be told twice; it is stored once all the same.
	if got := d.told(3001); got[call.EventNew] < 3000 || got[call.EventNew] > 6000 || got[call.EventCorrected] > 1 {
		t.Errorf("told %v, want each of 3000 new and 1 corrected", got)
	}
}

func TestHistoryIsNotAnnounced(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	old, now := time.Now().Add(-48*time.Hour), time.Now()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: old}, line{id: 2, account: "1", calldate: now})
	d.publish(call.KindBackfill, line{id: 3, account: "1", calldate: now})
	d.await(3, 1)
	if got := d.told(1); got[call.EventNew] != 1 {
		t.Errorf("told %v", got)
	}
}

// The rules change between a delivery and its redelivery: the row moves to its new organisation and lives nowhere else.
func TestRulesReloadBetweenDeliveries(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, accountcodes: [a]}, {id: 2, accountcodes: [b]}]")
	now := time.Now()
	d.publish(call.KindPage, line{id: 1, account: "a", calldate: now}, line{id: 2, account: "b", calldate: now})
	// Stored and told, but never acknowledged.
	rows, err := d.bus.Consume(t.Context(), d.e.cfg.consume())
	if err != nil {
		t.Fatal(err)
	}
	for stored := 0; stored < 2; {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Deliveries) > 0 {
			if err := d.e.digest(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			stored += b.Rows()
		}
	}
	rows.Close(t.Context())
	d.await(1, 1)
	d.write("organisations: [{id: 1, accountcodes: [b]}, {id: 3, accountcodes: [a]}]")
	servertest.Eventually(t, 20*time.Second, func() bool { return d.e.rules.Load().accountcodes["a"] == 3 }, "the rules are taken")
	d.run()
	servertest.Eventually(t, 30*time.Second, func() bool { return d.count(3) == 1 && d.count(2) == 0 && d.count(1) == 1 }, "both rows moved")
	if n := d.count(1, 2, 3); n != 2 {
		t.Errorf("%d rows live, want 2", n)
	}
}

func TestBadRulesAreRefusedAndTheOldOnesStay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, accountcodes: [a]}]")
	d.write("organisations: [{id: 0}]")
	refused := func() bool { return counter(t, d, "enricher_rules_reloads_total", "refused") > 0 }
	servertest.Eventually(t, 20*time.Second, refused, "the bad file is refused")
	if d.e.rules.Load().accountcodes["a"] != 1 {
		t.Error("the old rules are gone")
	}
}

// away is a store that does not answer for a while.
type away struct {
	*clickhouse.Store
	broken atomic.Bool
	tries  atomic.Int64
}

func (a *away) Insert(ctx context.Context, calls []call.Call, token string) error {
	if a.broken.Load() {
		a.tries.Add(1)
		return errors.New("not now")
	}
	return a.Store.Insert(ctx, calls, token)
}

func TestAStoreThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	store := &away{Store: d.store}
	store.broken.Store(true)
	d.e.store = store
	d.run()
	now := time.Now().Add(-48 * time.Hour)
	for i := range 20 {
		var lines []line
		for j := range 500 {
			lines = append(lines, line{id: uint64(i*500 + j + 1), account: "1", calldate: now})
		}
		d.publish(call.KindPage, lines...)
	}
	servertest.Eventually(t, 20*time.Second, func() bool { return store.tries.Load() >= 3 }, "the enricher keeps trying")
	store.broken.Store(false)
	d.await(10_000, 1)
	if again := counter(t, d, "enricher_rows_total", "again"); again == 0 {
		t.Error("no row was counted as given back")
	}
}

// anew is a log whose CDR stream was lost and made again.
type anew struct{ *jetstream.Bus }

func (a anew) Epoch(ctx context.Context) (uint32, error) {
	epoch, err := a.Bus.Epoch(ctx)
	return epoch + 5, err
}

func TestAStreamMadeAnewHasItsOwnEpoch(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.e.epoch = 7 // as it was before the stream was lost
	d.e.bus = anew{d.bus}
	d.run()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: time.Now()})
	d.await(1, 1)
	c := d.stored(1)
	if epoch, err := d.bus.Epoch(t.Context()); err != nil || c.Version.Epoch() != epoch+5 {
		t.Errorf("stored under epoch %d, want %d (%v)", c.Version.Epoch(), epoch+5, err)
	}
}

func TestCallsThatLiveTwiceAreMended(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	now := time.Now()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: now}, line{id: 2, account: "1", calldate: now})
	d.await(2, 1)
	// What two workers with different rules could leave behind.
	twin := d.stored(2)
	for org := uint32(2); org <= 3; org++ {
		twin.OrgID = org
		if err := d.store.Insert(t.Context(), []call.Call{twin}, fmt.Sprint("twin", org)); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.count(1, 2, 3); n != 4 {
		t.Fatalf("%d rows live, want 4 before the mending", n)
	}
	n, err := d.e.mend(t.Context(), now.Add(-time.Hour))
	if err != nil || n != 1 {
		t.Errorf("mended %d, %v; want 1", n, err)
	}
	if all, last := d.count(1, 2, 3), d.count(3); all != 2 || last != 1 {
		t.Errorf("%d rows live, %d of organisation 3; want 2 and 1", all, last)
	}
	if n, err := d.e.mend(t.Context(), now.Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("mended %d more, %v", n, err)
	}
}
