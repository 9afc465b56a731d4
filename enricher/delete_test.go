package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestMayBegin(t *testing.T) {
	t.Parallel()
	border := call.InstantOf(time.Unix(1795228000, 0))
	for _, test := range []struct {
		linkedid string
		after    time.Duration
		want     bool
	}{
		{"1795227990.4", 0, true},
		{"pbx1-1795227990.4", 20 * time.Hour, true},
		{"1795228001.4", time.Second, false},
		{"", time.Hour, true},
		{"strange", 3 * time.Hour, false},
	} {
		c := call.Call{Linkedid: test.linkedid, Calldate: border + call.Instant(test.after.Milliseconds())}
		if got := mayBegin(&c, border); got != test.want {
			t.Errorf("%q, %s after the border: %t", test.linkedid, test.after, got)
		}
	}
}

// deletion made by hand, for what main reads from a terminal.
func (d *desk) deletion(out *spoken, since time.Time, answer string) *deletion {
	say := newProgress(out)
	del := &deletion{bus: d.bus, store: d.store, out: say, zones: zones{bus: d.bus}, flags: deleteFlags{since: call.InstantOf(since)}}
	del.feed = newFeed(d.bus, d.p.Log, say, call.KindRegenerate)
	if answer != "" {
		del.ask = strings.NewReader(answer)
	}
	return del
}

func TestDeleteAsksAtATerminal(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	first := time.Now().Add(-time.Hour).Truncate(time.Minute)
	d.pbx().page(minutely(1, 50, first)...)
	d.await(50, 1)
	for _, answer := range []string{"no\n", "y\n", "\n", " "} {
		out := &spoken{}
		if err := d.deletion(out, first, answer).run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "50 rows since") || !strings.Contains(out.String(), "nothing was deleted") || d.count(1) != 50 {
			t.Errorf("after %q: %s", answer, out)
		}
	}
	out := &spoken{}
	if err := d.deletion(out, first.Add(10*time.Minute), "yes\n").run(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.wants(ids(1, 10))
	if !strings.Contains(out.String(), "40 rows since") {
		t.Errorf("it says %s", out)
	}
	if out := d.must(deleteNewer, "--since", "2200-01-01"); !strings.Contains(out, "0 rows") || strings.Contains(out, "brings them back") {
		t.Errorf("with nothing to delete it says %s", out)
	}
}

// A conversation that is cut in two is understood anew from what is left of it, even where the deletion was killed before
// it came to that.
func TestDeleteMendsWhatItCuts(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	log := d.listen()
	first := time.Now().Add(-6 * time.Hour).Truncate(time.Minute)
	pbx := d.pbx()
	lines := minutely(1, 200, first)
	for i := range lines {
		lines[i].linked = linkedOf(lines[i-i%4]) // four legs a conversation
	}
	pbx.page(lines...)
	d.await(200, 1)
	border := first.Add(101 * time.Minute) // the first two legs of the conversation of rows 101 to 104 stay
	out := &spoken{}
	del := d.deletion(out, border, "")
	cut, err := del.remember(t.Context())
	if err != nil || len(cut) != 1 || cut[0].Linkedid != lines[100].linked {
		t.Fatalf("cut are %v, %v", cut, err)
	}
	if _, err := d.store.DeleteSince(t.Context(), call.InstantOf(border)); err != nil {
		t.Fatal(err)
	}
	// Here it was killed. Another deletion, of nothing, does the rest.
	if out := d.must(deleteNewer, "--since", "2200-01-01"); !strings.Contains(out, "1 conversations that began before are understood anew") {
		t.Errorf("it says %s", out)
	}
	if got := log(call.KindRegenerate); !slices.Equal(got, []uint64{101}) {
		t.Errorf("published to be understood anew: %v, want row 101", got)
	}
	d.wants(ids(1, 101))
	var none []string
	if found, err := d.bus.Position(t.Context(), positionDelete, &none); found || err != nil {
		t.Errorf("it is not forgotten: %v", err)
	}
}
