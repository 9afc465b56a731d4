package main

import (
	"bytes"
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

// An explanation quotes what the PBX wrote. From the moment that an erasure is noted it holds nothing that leads to the
// recording, also while the rows themselves still do.
func TestExplanationsHideErasedRecordings(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "WRITE_TIMEOUT=20s", "ACK_WAIT=30s")
	d.run()
	var columns []call.Column
	for name := range strings.FieldsSeq("id calldate src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition accountcode uniqueid linkedid userfield recordingfile") {
		columns = append(columns, call.Column{Name: name, Type: "varchar(255)"})
	}
	table := call.NewTable(columns)
	b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}, call.Partition("1775995633.41"))
	for id, row := range map[uint64]string{
		1: "1|2026-04-12 12:07:13|1001|1002|from-internal|PJSIP/1001-00000001|PJSIP/1002-00000002|Dial|PJSIP/1002,30,U(rec^x.wav)|10|6|ANSWERED|1|1775995633.41|1775995633.41|hangupsource=caller;rec:x.wav|x.wav",
		2: "2|2026-04-12 12:07:23|1001|1003|from-internal|PJSIP/1001-00000001|PJSIP/1003-00000003|Dial|PJSIP/1003,30,U(rec^x.wav)|9|6|ANSWERED|1|1775995633.41|1775995633.41|hangupsource=PJSIP/1003-00000003;rec:x.wav|/mnt/x.wav",
	} {
		call.Append(b, id, bytes.Split([]byte(row), []byte("|")))
	}
	if err := d.bus.PublishChunks(t.Context(), "pbx", []call.Chunk{b.Chunk()}); err != nil {
		t.Fatal(err)
	}
	d.await(2, 1)
	explain := func(question string) string {
		t.Helper()
		answer, err := d.e.explain(t.Context(), []byte(question))
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	questions := []string{`{"id":1,"org_id":1}`, `{"id":2,"org_id":1}`, `{"conversation":"pbx:1775995633.41","org_id":1}`}
	for _, q := range questions {
		if answer := explain(q); !strings.Contains(answer, "rec:x.wav") || !strings.Contains(answer, "rec^x.wav") {
			t.Fatalf("%s quotes neither userfield nor lastdata: %s", q, answer)
		}
	}
	for _, done := range []bool{false, true} { // nobody has taken the references out of the rows yet
		d.erase(done, 1, 2)
		for _, q := range questions {
			if answer := explain(q); strings.Contains(answer, "x.wav") || !strings.Contains(answer, "rec:") || !strings.Contains(answer, "U(rec^)") {
				t.Errorf("%s, erased %v: %s", q, done, answer)
			}
		}
	}
	if leading := d.leads("x.wav", 1, 2); len(leading) != 2 {
		t.Errorf("the rows were changed: of %v only %v lead there", ids(1, 2), leading)
	}
}
