package clickhouse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

var noon = call.InstantOf(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))

// leg n of a conversation, with what its rules gave it.
func leg(id uint64, org uint32, conversation string, tags ...string) call.Call {
	c := call.Blank(id)
	c.OrgID, c.Calldate, c.Version, c.Source, c.Table = org, noon+call.Instant(id*1000), call.NewVersion(7, 1, 0), "pbx", legTable
	c.Linkedid, c.Uniqueid, c.Tags, c.Billsec = conversation, fmt.Sprintf("1.%d", id), tags, 3
	return c
}

var legTable = call.NewTable([]call.Column{{Name: "id", Type: "bigint(20)"}, {Name: "linkedid", Type: "varchar(32)"}, {Name: "recordingfile", Type: "varchar(255)"}})

// heading makes the first of legs the head of all.
func heading(legs ...call.Call) []call.Call {
	head := &legs[0]
	d := call.Detail{}
	head.Conversation.Legs = int64(len(legs))
	for i := range legs {
		d.Legs = append(d.Legs, call.Leg{ID: legs[i].ID, Kind: call.LegDial})
		for _, tag := range legs[i].Tags {
			if !slices.Contains(head.Conversation.Tags, tag) {
				head.Conversation.Tags = append(head.Conversation.Tags, tag)
			}
		}
		if file := legs[i].Recordingfile; file != "" && !slices.ContainsFunc(d.Recordings, func(r call.Recording) bool { return r.File == file }) {
			d.Recordings = append(d.Recordings, call.Recording{CallID: legs[i].ID, File: file})
		}
	}
	head.Conversation.Detail = string(d.AppendJSON(nil))
	return legs
}

func migrated(t testing.TB, calls ...call.Call) *Store {
	t.Helper()
	store, err := Open(Config{DSN: servertest.ClickHouse(t).DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(calls) > 0 {
		if err := store.Insert(t.Context(), calls, t.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func (s *Store) tagCall(t testing.TB, c *call.Call, present bool, tags ...string) {
	t.Helper()
	var edits []TagEdit
	for _, tag := range tags {
		edits = append(edits, TagEdit{c.OrgID, c.ID, tag, present, c.ConversationID(), c.Calldate, "zoe"})
	}
	if err := s.EditTags(t.Context(), edits); err != nil {
		t.Fatal(err)
	}
}

// Edits of tags are applied whichever way a call is read, and stay with the organisation that made them.
func TestTagsAfterTheFact(t *testing.T) {
	t.Parallel()
	t.Run("few edits", func(t *testing.T) { tagsAfterTheFact(t, 0) })
	t.Run("more than are read at once", func(t *testing.T) { tagsAfterTheFact(t, mostBeside+1) })
}

// others is how many edits there are of other calls.
func tagsAfterTheFact(t *testing.T, others int) {
	alone := heading(leg(1, 1, "1.1", "sales", "paris"))
	two := heading(leg(2, 1, "2.2", "sales"), leg(3, 1, "2.2", "sales", "paris"))
	store := migrated(t, slices.Concat(alone, two)...)
	var elsewhere []TagEdit
	for i := range others {
		elsewhere = append(elsewhere, TagEdit{1, 1000 + uint64(i), "elsewhere", true, "pbx:9.9", alone[0].Calldate, "zoe"})
	}
	if err := store.EditTags(t.Context(), elsewhere); err != nil {
		t.Fatal(err)
	}
	odd := "o'brien \\ \"x\" 📞"
	store.tagCall(t, &alone[0], true, "vip", odd)
	store.tagCall(t, &alone[0], false, "paris", "never")
	store.tagCall(t, &two[0], false, "sales")
	store.tagCall(t, &two[1], true, "late")
	wrong := alone[0]
	wrong.OrgID = 2
	store.tagCall(t, &wrong, true, "canary")

	read := func(scope Scope) string {
		t.Helper()
		list, err := store.List(t.Context(), scope, ListQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		heads, err := store.Conversations(t.Context(), scope, ConversationQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i := range list {
			c := &list[i]
			fmt.Fprintf(&b, "%d%q ", c.ID, c.Tags)
			same, err := store.Get(t.Context(), scope, c.ID)
			if err != nil || !slices.Equal(same.Tags, c.Tags) {
				t.Errorf("call %d by id has %q, %v", c.ID, same.Tags, err)
			}
			picked, err := store.Pick(t.Context(), scope, []uint64{c.ID, 999})
			if err != nil || len(picked) != 1 || !slices.Equal(picked[0].Tags, c.Tags) {
				t.Errorf("call %d picked is %v, %v", c.ID, picked, err)
			}
		}
		for i := range heads {
			h := &heads[i]
			fmt.Fprintf(&b, "%s%q ", h.ConversationKey(), h.Conversation.Tags)
			same, legs, err := store.Conversation(t.Context(), scope, Key{h.Source, h.ConversationKey()})
			if err != nil || !slices.Equal(same[0].Conversation.Tags, h.Conversation.Tags) {
				t.Errorf("conversation %s by id has %q, %v", h.ConversationKey(), same[0].Conversation.Tags, err)
			}
			for i := range legs {
				if at := slices.IndexFunc(list, func(c call.Call) bool { return c.ID == legs[i].ID }); !slices.Equal(legs[i].Tags, list[at].Tags) {
					t.Errorf("leg %d has %q", legs[i].ID, legs[i].Tags)
				}
			}
		}
		return strings.TrimSpace(b.String())
	}
	// A leg without the tag does not take it off the conversation while another has it.
	want := fmt.Sprintf(`3["sales" "paris" "late"] 2[] 1%q 2.2["sales" "paris" "late"] 1.1%[1]q`, []string{"sales", odd, "vip"})
	if got := read(Scope{[]uint32{1}}); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	store.tagCall(t, &two[1], false, "sales")
	store.tagCall(t, &alone[0], true, "paris")
	store.tagCall(t, &alone[0], false, "vip", odd)
	if got, want := read(Scope{[]uint32{1}}), `3["paris" "late"] 2[] 1["sales" "paris"] 2.2["paris" "late"] 1.1["sales" "paris"]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// The call moves to another organisation, which has tags of its own for it.
	moved := heading(leg(1, 2, "1.1", "sales"))
	moved[0].Version = moved[0].Version.Next()
	gone := call.Blank(1)
	gone.OrgID, gone.Calldate, gone.Version, gone.Removed, gone.Source = 1, moved[0].Calldate, moved[0].Version, true, "pbx"
	if err := store.Insert(t.Context(), append(moved, gone), "moved"); err != nil {
		t.Fatal(err)
	}
	if got, want := read(Scope{[]uint32{2}}), `1["sales" "canary"] 1.1["sales" "canary"]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// What was erased is shown to nobody, whichever way the call is read, from the moment that it is wanted.
func TestErasedRecordingsAreNotShown(t *testing.T) {
	t.Parallel()
	named := func(c call.Call, file string) call.Call {
		c.Recordingfile = file
		return c
	}
	shared := heading(named(leg(1, 1, "1.1"), "x.wav"), named(leg(2, 1, "1.1"), "/mnt/x.wav"), named(leg(3, 1, "1.1"), "y.wav"))
	other := heading(named(leg(4, 2, "1.1"), "x.wav"))
	alone := heading(named(leg(5, 1, "5.5"), "z.wav"))
	elsewhere := heading(named(leg(6, 1, "6.6"), "x.wav"))
	elsewhere[0].Source = "pbx2"
	older := heading(named(leg(7, 1, "7.7"), "x.wav"))
	older[0].Calldate -= 3 * dayMillis
	silent := heading(named(leg(8, 1, "8.8"), "s.wav"))
	silent[0].Billsec = 0
	store := migrated(t, slices.Concat(shared, other, alone, elsewhere, older, silent)...)
	ctx := t.Context()
	sharing, err := store.Sharing(ctx, &shared[0], "/any/x.wav")
	if err != nil {
		t.Fatal(err)
	}
	if got := idsIn(sharing); got != "1 2" {
		t.Errorf("x.wav is shared by %s, want 1 and 2", got)
	}
	recorded := func(want bool) string {
		t.Helper()
		calls, err := store.List(ctx, Scope{[]uint32{1}}, ListQuery{Limit: 10, Filter: Filter{Recorded: &want}})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(idsOf(calls))
	}
	if got := recorded(true) + recorded(false); got != "[6 5 3 2 1 7][8]" {
		t.Errorf("recorded are %s", got)
	}
	states := func() string {
		t.Helper()
		list, err := store.List(ctx, Scope{[]uint32{1, 2}}, ListQuery{Limit: 10, Filter: Filter{From: noon}})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i := len(list) - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "%d:%s%s ", list[i].ID, list[i].Recordingfile, list[i].Flags)
		}
		heads, err := store.Conversations(ctx, Scope{[]uint32{1, 2}}, ConversationQuery{Limit: 10, Filter: Filter{From: noon}})
		if err != nil {
			t.Fatal(err)
		}
		for i := len(heads) - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "%v ", heads[i].Recordings())
			same, _, err := store.Conversation(ctx, Scope{[]uint32{heads[i].OrgID}}, Key{heads[i].Source, heads[i].ConversationKey()})
			if err != nil || fmt.Sprint(same[0].Recordings()) != fmt.Sprint(heads[i].Recordings()) {
				t.Errorf("conversation of %d by id has %v, %v", heads[i].ID, same, err)
			}
		}
		return strings.TrimSpace(b.String())
	}
	var erasures []Erasure
	for i := range sharing {
		c := &sharing[i]
		erasures = append(erasures, Erasure{ID: c.ID, OrgID: c.OrgID, Source: c.Source, File: c.Recordingfile, ConversationID: c.ConversationID(), Calldate: c.Calldate, By: "zoe"})
	}
	if err := store.SaveErasures(ctx, erasures); err != nil {
		t.Fatal(err)
	}
	const want = "1:recording_erasing 2:recording_erasing 3:y.wav 4:x.wav 5:z.wav 6:x.wav 8:s.wav [{3 y.wav}] [{4 x.wav}] [{5 z.wav}] [{6 x.wav}] [{8 s.wav}]"
	if got := states(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if rows, err := store.Unerased(ctx, time.Time{}, time.Time{}); err != nil || len(rows) != 0 {
		t.Errorf("what is only wanted must not be taken from the rows yet: %v, %v", idsIn(rows), err)
	}
	unfinished := func(before time.Duration) []Erasure {
		t.Helper()
		list, err := store.Unfinished(ctx, time.Now().Add(before))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := unfinished(time.Minute); fmt.Sprint(got) != fmt.Sprint(erasures) {
		t.Errorf("not finished are %v, want %v", got, erasures)
	}
	if got := unfinished(-time.Hour); len(got) != 0 {
		t.Errorf("begun an hour ago are %v", got)
	}
	for i := range erasures {
		erasures[i].Done = true
	}
	if err := store.SaveErasures(ctx, erasures); err != nil {
		t.Fatal(err)
	}
	if got := unfinished(time.Minute); len(got) != 0 {
		t.Errorf("not finished are %v", got)
	}
	if got, want := states(), strings.ReplaceAll(want, "erasing", "erased"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := recorded(true) + recorded(false); got != "[6 5 3 7][8 2 1]" {
		t.Errorf("recorded are %s", got)
	}
	stored, err := store.Erasures(ctx, []uint64{1, 5, 2, 900})
	if err != nil || fmt.Sprint(stored) != fmt.Sprint(erasures) {
		t.Errorf("the erasures are %v, %v; want %v", stored, err, erasures)
	}
	// The rows themselves still lead there: these, and a later one of the organisation that names the file.
	unerased := func(since time.Time) string {
		t.Helper()
		rows, err := store.Unerased(ctx, since, since)
		if err != nil {
			t.Fatal(err)
		}
		return idsIn(rows)
	}
	late := named(leg(9, 1, "1.1"), "/late/x.wav")
	if err := store.Insert(ctx, []call.Call{late, named(leg(10, 2, "1.1"), "x.wav")}, "late"); err != nil {
		t.Fatal(err)
	}
	if got := unerased(time.Unix(0, 0)); got != "1 2 7 9" {
		t.Errorf("unerased are %s", got)
	}
	if got := unerased(time.Now().Add(time.Hour)); got != "" {
		t.Errorf("unerased since later are %s", got)
	}
	for i := range sharing {
		sharing[i].EraseRecording(true)
		sharing[i].Version = sharing[i].Version.Next()
	}
	if err := store.Insert(ctx, sharing, "erased"); err != nil {
		t.Fatal(err)
	}
	if got := unerased(time.Unix(0, 0)); got != "7 9" {
		t.Errorf("unerased are %s", got)
	}
}

func idsIn(calls []call.Call) string {
	ids := make([]string, len(calls))
	for i := range calls {
		ids[i] = fmt.Sprint(calls[i].ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}
