package clickhouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// The condition of a tag leaves exactly the calls and conversations that show it.
func TestTaggedMeansShown(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 3))
	tags := []string{"a", "b'", "c"}
	some := func() (list []string) {
		for _, tag := range tags {
			if random.IntN(5) == 0 {
				list = append(list, tag)
			}
		}
		return list
	}
	var conversations [][]call.Call
	for n := uint64(0); n < 60; n += 3 {
		org := uint32(1 + n%2)
		name := fmt.Sprintf("9.%d", n)
		legs := []call.Call{leg(n+1, org, name, some()...), leg(n+2, org, name, some()...), leg(n+3, org, name, some()...)}
		conversations = append(conversations, heading(legs[:1+random.IntN(3)]...))
	}
	store := migrated(t, slices.Concat(conversations...)...)
	calls := slices.Concat(conversations...)
	for range 60 {
		store.tagCall(t, &calls[random.IntN(len(calls))], random.IntN(2) == 0, tags[random.IntN(len(tags))])
	}
	store.taggedMeansShown(t, tags)

	// After calls were tagged, transfers join every other conversation to the one of the same organisation before it, and
	// every eighth is found to be the other organisation's.
	version := call.NewVersion(7, 2, 0)
	var block []call.Call
	for i, legs := range conversations {
		legs = slices.Clone(legs)
		for k := range legs {
			legs[k].Version, legs[k].Conversation = version, call.NoConversation
			switch {
			case i%8 == 1:
				gone := call.Blank(legs[k].ID)
				gone.OrgID, gone.Calldate, gone.Version, gone.Removed, gone.Source = legs[k].OrgID, legs[k].Calldate, version, true, "pbx"
				block = append(block, gone)
				legs[k].OrgID = 3 - legs[k].OrgID
			case i%4 == 2:
				legs[k].Joined = conversations[i-2][0].Linkedid
			}
		}
		if conversations[i] = legs; i%4 == 2 {
			first := len(conversations[i-2])
			both := heading(slices.Concat(conversations[i-2], legs)...)
			conversations[i-2], conversations[i] = both[:first], both[first:]
		} else if i%4 != 0 {
			heading(legs...)
		}
	}
	if err := store.Insert(t.Context(), slices.Concat(append(conversations, block)...), "joined"); err != nil {
		t.Fatal(err)
	}
	store.taggedMeansShown(t, tags)
}

// taggedMeansShown compares what each tag leaves with what shows it.
func (s *Store) taggedMeansShown(t *testing.T, tags []string) {
	t.Helper()
	for _, scope := range []Scope{{[]uint32{1}}, {[]uint32{2}}, {[]uint32{1, 2}}, {}} {
		list, err := s.List(t.Context(), scope, ListQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		heads, err := s.Conversations(t.Context(), scope, ConversationQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(scope.Orgs) > 0 && (len(list) == 0 || len(heads) == 0) {
			t.Fatal("there is nothing to look at")
		}
		for _, tag := range append(tags, "never") {
			var want, wantHeads []uint64
			for i := range list {
				if slices.Contains(list[i].Tags, tag) {
					want = append(want, list[i].ID)
				}
			}
			for i := range heads {
				if slices.Contains(heads[i].Conversation.Tags, tag) {
					wantHeads = append(wantHeads, heads[i].ID)
				}
			}
			with := Filter{Tags: [][]string{{tag, "nobody's"}}}
			marked, err := s.List(t.Context(), scope, ListQuery{Limit: 100, Filter: with})
			if err != nil {
				t.Fatal(err)
			}
			if got := idsOf(marked); !slices.Equal(got, want) {
				t.Errorf("%v, calls with %q: %v, want %v", scope, tag, got, want)
			}
			found, err := s.Conversations(t.Context(), scope, ConversationQuery{Limit: 100, Filter: with})
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for i := range found {
				got = append(got, found[i].ID)
			}
			if !slices.Equal(got, wantHeads) {
				t.Errorf("%v, conversations with %q: %v, want %v", scope, tag, got, wantHeads)
			}
		}
	}
}

// A conversation is found by the tags that it shows where its calls were tagged before it was joined to another one.
func TestTaggedBeforeJoined(t *testing.T) {
	t.Parallel()
	legs := []call.Call{leg(1, 1, "1.1"), leg(2, 1, "2.2", "sales")}
	store := migrated(t, slices.Concat(heading(legs[0]), heading(legs[1]))...)
	store.tagCall(t, &legs[1], true, "vip")
	store.tagCall(t, &legs[1], false, "sales")
	legs[1].Joined = legs[0].Linkedid
	legs[0].Version, legs[1].Version = call.NewVersion(7, 2, 0), call.NewVersion(7, 2, 0)
	if err := store.Insert(t.Context(), heading(legs...), "joined"); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]uint64{"vip": 1, "sales": 0} {
		for _, f := range []Filter{{}, {From: noon, To: noon + 3600_000}} {
			f.Tags = [][]string{{tag}}
			if n, err := store.CountConversations(t.Context(), Scope{[]uint32{1}}, &f); err != nil || n != want {
				t.Errorf("%d conversations with %s, %v; want %d", n, tag, err, want)
			}
		}
	}
}

func idsOf(calls []call.Call) (ids []uint64) {
	for i := range calls {
		ids = append(ids, calls[i].ID)
	}
	return ids
}

// The queries that docs/data.md gives to who reads the tables directly say what the API says.
func TestDocumentedQueries(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/data.md")
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile("(?s)```sql\n(.*?)\n```").FindAllStringSubmatch(string(text), -1)
	if len(queries) != 2 {
		t.Fatalf("docs/data.md has %d queries", len(queries))
	}
	first, second, third := leg(1, 1, "1.1", "sales", "paris"), leg(2, 1, "2.2"), leg(3, 1, "3.3", "sales")
	first.Recordingfile, second.Recordingfile = "a.wav", "b.wav"
	store := migrated(t, first, second, third)
	store.tagCall(t, &first, true, "vip", "sales")
	store.tagCall(t, &first, false, "paris")
	store.tagCall(t, &second, true, "late")
	if err := store.SaveErasures(t.Context(), []Erasure{{ID: 1, OrgID: 1, File: "a.wav"}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`[(1,['sales','vip']),(2,['late']),(3,['sales'])]`, `[(2,'b.wav'),(3,'')]`} {
		query := strings.ReplaceAll(queries[i][1], "today()", "toDate('2026-01-01')")
		if got := store.Text(t, "SELECT toString(arraySort(groupArray(tuple(*)))) FROM ("+query+")"); got != want {
			t.Errorf("query %d gives %s, want %s", i+1, got, want)
		}
	}
}

// A store that is away says so for every one of these.
func TestEditsOfAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	store, err := Open(Config{DSN: "http://x:y@127.0.0.1:1/none"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	c := leg(1, 1, "1.1")
	for name, ask := range map[string]func(context.Context) error{
		"edit tags": func(ctx context.Context) error { return store.EditTags(ctx, []TagEdit{{ID: 1}}) },
		"erase":     func(ctx context.Context) error { return store.SaveErasures(ctx, []Erasure{{ID: 1}}) },
		"erasures":  func(ctx context.Context) error { _, err := store.Erasures(ctx, []uint64{1}); return err },
		"begun":     func(ctx context.Context) error { _, err := store.Unfinished(ctx, time.Now()); return err },
		"sharing":   func(ctx context.Context) error { _, err := store.Sharing(ctx, &c, "x"); return err },
		"unerased":  func(ctx context.Context) error { _, err := store.Unerased(ctx, time.Now(), time.Now()); return err },
		"amend":     func(ctx context.Context) error { return store.Amend(ctx, []call.Call{c}) },
		"pick": func(ctx context.Context) error {
			_, err := store.Pick(ctx, Scope{[]uint32{1}}, []uint64{1})
			return err
		},
		"audit": func(ctx context.Context) error { return store.WriteAudit(ctx, []AuditEntry{{Entry: "e"}}) },
	} {
		if err := ask(t.Context()); err == nil || !strings.Contains(err.Error(), ErrAway.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
