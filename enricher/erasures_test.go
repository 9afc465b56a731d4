package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// leads tells which of the rows still lead to a recording, by whatever they hold; as they are stored, not as they are shown.
func (d *desk) leads(file string, ids ...uint64) (leading []uint64) {
	d.t.Helper()
	rows, err := d.store.Rows(d.t.Context(), ids)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(rows) != len(ids) {
		d.t.Fatalf("%d rows live of %v", len(rows), ids)
	}
	for i := range rows {
		c := &rows[i].Call
		text := string(c.AppendJSON(nil)) + c.Conversation.Detail
		if strings.Contains(text, file) {
			leading = append(leading, c.ID)
		}
		if erased := c.Flagged(call.FlagRecordingErased); erased && c.Recordingfile != "" {
			d.t.Errorf("row %d is erased and names %s", c.ID, c.Recordingfile)
		}
	}
	slices.Sort(leading)
	return leading
}

func (d *desk) versions(ids ...uint64) map[uint64]call.Version {
	d.t.Helper()
	stored, err := d.store.Lookup(d.t.Context(), ids)
	if err != nil {
		d.t.Fatal(err)
	}
	versions := map[uint64]call.Version{}
	for id, rows := range stored {
		if len(rows) != 1 {
			d.t.Errorf("row %d lives %d times", id, len(rows))
		}
		versions[id] = newestOf(rows).Version
	}
	return versions
}

// erase notes the erasure of the recordings of rows as queryapi does.
func (d *desk) erase(done bool, ids ...uint64) {
	d.t.Helper()
	rows, err := d.store.Rows(d.t.Context(), ids)
	if err != nil {
		d.t.Fatal(err)
	}
	var list []clickhouse.Erasure
	for i := range rows {
		c := &rows[i].Call
		list = append(list, clickhouse.Erasure{ID: c.ID, OrgID: c.OrgID, Done: done, Source: c.Source, File: c.Recordingfile, Calldate: c.Calldate})
	}
	if err := d.store.SaveErasures(d.t.Context(), list); err != nil {
		d.t.Fatal(err)
	}
}

// The reference to a recording that was erased leaves the rows, and no way of bringing rows back brings it back.
func TestErasuresAreRespected(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "WRITE_TIMEOUT=20s", "ACK_WAIT=30s")
	d.run()
	ctx := t.Context()
	first := time.Now().Add(-10 * time.Hour).Truncate(time.Minute)
	lines := minutely(1, 6, first)
	for i, file := range []string{"x.wav", "/mnt/x.wav", "y.wav", "x.wav", "z.wav", "x.wav"} {
		lines[i].recording = file
	}
	lines[1].linked, lines[3].linked, lines[5].linked = linkedOf(lines[0]), linkedOf(lines[0]), linkedOf(lines[0])
	lines[3].account = "2" // the same file, as another organisation has it
	late := lines[5]
	pbx := d.pbx()
	pbx.page(lines[:5]...)
	d.await(5, 1, 2)
	servertest.Eventually(t, time.Minute, func() bool { return len(d.leads("x.wav", 1, 2, 4)) == 3 }, "the rows are stored")
	d.erase(true, 1, 2)
	d.erase(false, 3) // wanted, and not done
	before := d.versions(1, 2, 3, 4, 5)

	zone := func(context.Context, string) (string, error) { return "UTC", nil }
	sweep := func() int {
		t.Helper()
		n, err := d.e.eraseStored(ctx, time.Time{}, time.Time{}, zone, d.bus.PublishChunks)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	gone := func(how string) {
		t.Helper()
		servertest.Eventually(t, time.Minute, func() bool { return slices.Equal(d.leads("x.wav", 1, 2, 4), []uint64{4}) }, how)
		if left := d.leads("y.wav", 3); len(left) != 1 {
			t.Errorf("%s: what is only wanted lost its name", how)
		}
		if left := d.leads("z.wav", 5); len(left) != 1 {
			t.Errorf("%s: another call lost its recording", how)
		}
	}
	if n := sweep(); n != 2 {
		t.Fatalf("%d rows are looked at, want 2", n)
	}
	gone("the references leave the rows")
	if n := sweep(); n != 0 {
		t.Errorf("%d rows are still looked at", n)
	}
	after := d.versions(1, 2, 3, 4, 5)
	for id := uint64(3); id <= 5; id++ {
		if after[id] != before[id] && id != 4 {
			t.Errorf("row %d was written again", id)
		}
	}

	// The poller reads the rows once more, equal and changed.
	d.publish(call.KindLookBack, lines[0], lines[1])
	changed := lines[1]
	changed.userfield = "rec=x.wav;hangupcause=17"
	d.publish(call.KindLookBack, changed)
	servertest.Eventually(t, time.Minute, func() bool {
		rows, err := d.store.Rows(ctx, []uint64{2})
		return err == nil && len(rows) == 1 && rows[0].Userfield == "rec=;hangupcause=17"
	}, "the correction is stored")
	gone("read again")
	if is := d.versions(1)[1]; is != after[1] {
		t.Errorf("an equal row was written again: %d, %d", is, after[1])
	}

	d.must(regenerate, "--from", "1970-01-01")
	gone("understood anew")

	d.must(deleteNewer, "--newer-than", "1d")
	d.wants(nil)
	d.must(generate, "-d", "2")
	d.wants(ids(1, 5))
	gone("brought back")

	// A leg that comes late names the file, too.
	pbx.page(late)
	servertest.Eventually(t, time.Minute, func() bool { return len(d.ids()) == 6 }, "the late leg is stored")
	if n := sweep(); n != 1 {
		t.Errorf("%d rows are looked at, want the late one", n)
	}
	servertest.Eventually(t, time.Minute, func() bool { return len(d.leads("x.wav", 1, 2, 6)) == 0 }, "the late leg loses it, too")
	noted, err := d.store.Erasures(ctx, []uint64{6})
	if err != nil || len(noted) != 1 || !noted[0].Done || noted[0].OrgID != 1 {
		t.Errorf("noted is %v, %v", noted, err)
	}
	if n := sweep(); n != 0 {
		t.Errorf("%d rows are still looked at", n)
	}
	gone("in the end")
}
