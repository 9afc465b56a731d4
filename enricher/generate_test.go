package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// What the history lost comes back from the log, the newest first; each run goes further back, though live rows come in
// between and the rows of the last run lie at the end of the log. Nobody is told of them.
func TestGenerateFromTheLog(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	pbx := d.pbx()
	first := time.Now().Add(-70 * time.Hour).Truncate(time.Minute)
	pbx.page(minutely(1, 4000, first)...)
	d.await(4000, 1)
	changed := minutely(3990, 1, first)[0]
	changed.userfield = "hangupcause=17"
	d.publish(call.KindLookBack, changed)
	if out := d.must(generate); !strings.Contains(out, "nothing is missing: 4000 rows compared") {
		t.Errorf("with nothing missing it says %q", out)
	}

	if out := d.must(deleteNewer, "--newer-than", "60h"); !strings.Contains(out, "rows since") || !strings.Contains(out, "generate -d 3 brings them back") {
		t.Errorf("delete says %q", out)
	}
	left := d.count(1)
	if left < 550 || left > 650 {
		t.Fatalf("%d rows are left, want those of the oldest ten hours", left)
	}
	out := d.must(generate, "-c", "1000")
	if !strings.Contains(out, "1000 rows came back, the oldest of "+first.Add(3000*time.Minute).UTC().Format(time.RFC3339)) || !strings.Contains(out, "nobody polls pbx") {
		t.Errorf("generate says %q", out)
	}
	d.wants(append(ids(1, uint64(left)), ids(3001, 4000)...))
	pbx.page(minutely(4001, 500, first)...)
	d.must(generate, "-c", "1000")
	d.wants(append(ids(1, uint64(left)), ids(2001, 4500)...))
	// A second loss: what lies at the end of the log are old rows, and the newest come first all the same.
	d.must(deleteNewer, "--newer-than", "60h", "--yes")
	d.must(generate, "-c", "700")
	d.wants(append(ids(1, uint64(left)), ids(3801, 4500)...))
	d.must(generate, "-d", "3")
	d.wants(ids(1, 4500))
	legs, err := d.store.Span(t.Context(), clickhouse.SpanQuery{From: call.InstantOf(changed.calldate), To: call.InstantOf(changed.calldate) + 1, Limit: 10})
	if err != nil || len(legs) != 1 || legs[0].HangupCause != "17" {
		t.Errorf("the corrected row came back as %+v, %v", legs, err)
	}
}

// What the log does not hold is asked of the poller: rows that aged away, and rows that became visible too late for it.
func TestGenerateFromTheTable(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	first := time.Now().Add(-30 * 24 * time.Hour).Truncate(time.Minute)
	rows := minutely(1, 12_000, first)
	pbx := d.pbx()
	pbx.settled = 11_500 // the newest may still change: their poller alone publishes them
	pbx.page(rows[10_000:11_000]...)
	pbx.cp.Gaps = []call.Gap{{From: 11_101, To: 11_110, Since: time.Now()}}
	pbx.page(append(rows[11_000:11_100:11_100], rows[11_110:]...)...)
	d.await(1990, 1)
	d.must(deleteNewer, "--since", first.Add(10_500*time.Minute).UTC().Format(time.RFC3339))
	d.wants(ids(10_001, 10_500))

	answering, stop := context.WithCancel(t.Context())
	table := d.table(answering, append(rows, minutely(12_001, 50, first)...)...) // the last are on their way
	out := d.must(generate, "-c", "2000")
	if !strings.Contains(out, "2000 rows came back") || strings.Contains(out, "nobody polls") {
		t.Errorf("generate says %q", out)
	}
	// Ten rows are in a gap, fifty are not published yet: both are the poller's to announce.
	d.wants(append(ids(9491, 11_100), ids(11_111, 12_000)...))
	if n := table.published(); n != 500+10_000-9490 {
		t.Errorf("the poller was asked for %d rows, want those that the log lacks or that may still change", n)
	}
	out = d.must(generate, "-d", "28")
	if !strings.Contains(out, "rows came back") {
		t.Errorf("generate says %q", out)
	}
	stop()
	got := d.ids()
	if oldest := first.Add(time.Duration(got[0]-1) * time.Minute); time.Since(oldest) < 28*24*time.Hour || time.Since(oldest) > 28*24*time.Hour+2*time.Hour {
		t.Errorf("it went back to %s, want 28 days", oldest)
	}
	if uint64(len(got)) != 12_000-got[0]+1-10 {
		t.Errorf("%d rows live from %d on", len(got), got[0])
	}
}

// While a row may still change, and nobody polls, it comes back from the log on condition that nobody begins to poll.
func TestGenerateWithoutAPollerMovesNobodysCheckpoint(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	first := time.Now().Add(-10 * time.Hour).Truncate(time.Minute)
	pbx := d.pbx()
	pbx.settled = 50
	pbx.page(minutely(1, 500, first)...)
	d.await(500, 1)
	d.must(deleteNewer, "--newer-than", "1d")
	if out := d.must(generate); !strings.Contains(out, "500 rows came back") {
		t.Errorf("it says %q", out)
	}
	d.wants(ids(1, 500))
	cp, revision, err := d.bus.Checkpoint(t.Context(), "pbx")
	if err != nil || cp.LastID != 500 || cp.LookBackID != 50 || revision <= pbx.revision {
		t.Errorf("the checkpoint is %+v at %d, %v", cp, revision, err)
	}
}

// Two at once are harmless.
func TestGenerateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	pbx := d.pbx()
	first := time.Now().Add(-48 * time.Hour).Truncate(time.Minute)
	pbx.page(minutely(1, 2000, first)...)
	d.await(2000, 1)
	d.must(deleteNewer, "--newer-than", "3d")
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := d.command(t.Context(), generate, "-d", "3")
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	d.wants(ids(1, 2000))
	if twice, err := d.store.Doubles(t.Context(), first); err != nil || len(twice) > 0 {
		t.Errorf("%d rows live twice, %v", len(twice), err)
	}
}

// Nobody is told of rows that come back, however young they are.
func TestGenerateTellsNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	pbx := d.pbx()
	now := time.Now().Add(-time.Hour).Truncate(time.Minute)
	pbx.page(minutely(1, 20, now)...)
	d.await(20, 1)
	if told := d.told(20); told[call.EventNew] != 20 {
		t.Fatalf("told %v of the first reading", told)
	}
	d.must(deleteNewer, "--newer-than", "1d")
	d.must(generate)
	d.wants(ids(1, 20))
	if lag, err := d.bus.Lag(t.Context(), "listener"); err != nil || lag.Total() != 0 {
		t.Errorf("%d more events, %v", lag.Total(), err)
	}
}

// A poller that publishes and does not answer, as one of an older version: what is published on condition that there is
// none is not, and the command looks again. No row is hidden by an older reading.
func TestGenerateLooksAgainWhenAPollerPublishes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	first := time.Now().Add(-10 * time.Hour).Truncate(time.Minute)
	pbx := d.pbx()
	pbx.settled = 1 // all others may still change
	pbx.page(minutely(1, 300, first)...)
	d.await(300, 1)
	d.must(deleteNewer, "--newer-than", "1d")
	out, done := &spoken{}, make(chan error, 1)
	go func() { done <- d.commandTo(t.Context(), out, generate) }()
	servertest.Eventually(t, time.Minute, func() bool { return strings.Contains(out.String(), "waiting for the poller") }, "it asks in vain")
	pbx.page(minutely(301, 20, first)...)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "looking again") || !strings.Contains(out.String(), "300 rows came back") {
		t.Errorf("it says %s", out)
	}
	d.wants(ids(1, 320))
}
