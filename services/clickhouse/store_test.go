package clickhouse_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func open(t testing.TB) *clickhouse.Store {
	t.Helper()
	store, err := clickhouse.Open(clickhouse.Config{DSN: servertest.ClickHouse(t).DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

var site = call.NewTable([]call.Column{{Name: "id", Type: "bigint(20)"}, {Name: "src", Type: "varchar(80)"}, {Name: "cost", Type: "decimal(12,4)"}})

// full has a value in every field, so that a field that is not stored shows.
func full(id uint64, org uint32) call.Call {
	at := call.InstantOf(time.Date(2026, 4, 12, 12, 7, 13, 0, time.UTC)) + call.Instant(id*1000)
	return call.Call{
		OrgID: org, Calldate: at, ID: id, Version: call.NewVersion(7, id, 0), Source: "pbx", Table: site,
		Nulls: "answer,end", Flags: "answer_invalid", RawHash: ^uint64(0) - id,
		CalldateOffset: 19800, AnswerOffset: 3600, EndOffset: -3600,
		Clid: "\"Ünïcode 📞\" <1001>", Src: "919944421125", Dst: "918065978001", Dcontext: "from-trunk", Channel: "PJSIP/tata-00000001",
		Dstchannel: "PJSIP/1001-00000002", Lastapp: "Dial", Lastdata: "PJSIP/1001,7", Duration: 1 << 40, Billsec: -5, Disposition: "ANSWERED",
		Amaflags: 3, Accountcode: "1", Uniqueid: "1.1", Userfield: "x\x00y\xff", Answer: at + 1, End: call.NoInstant, Linkedid: "1.1",
		Peeraccount: "2", Sequence: 9, QueueName: "sales", QueueWaitTime: 4, AnsweredAgent: "Local/1@q", Recordingfile: "a.wav",
		Extra:     []call.Pair{{Name: "cost", Text: "0.1000"}},
		Direction: call.Inbound, Trunk: "tata", RangExtension: "1001", AnsweredBy: "1001", AnsweredType: call.Human, WaitTime: call.NoSeconds,
		DisconnectedBy: call.ByCaller, HangupCause: "16", HangupReason: "Normal Clearing", HangupSource: "PJSIP/tata-00000001",
		Confidence: 95, Did: "918065978001", CallerExtension: "1002", Outcome: call.OutcomeAnswered, LegKind: call.LegDial,
		RingTime: 3, TalkTime: call.NoSeconds, IvrTime: 1, Caller: "+919944421125", Callee: "+918065978001", Withheld: true,
		Tags: []string{"sales", "Zürich"}, Queue: "sales", QueueWait: 4, Agent: "1001", Joined: "1.0",
		Entry: call.Entry{Outcome: call.EntryExit, Wait: 4, Talk: 5}, Called: call.CalledTrunk,
		Conversation: call.Conversation{
			Legs: 3, Complete: true, Answer: at + 2, End: at + 3, Outcome: call.OutcomeMissed, QueueName: "support",
			AnsweredBy: "1003", AnsweredType: call.Prompt, DisconnectedBy: call.ByCallee, Confidence: 60, WaitTime: 5,
			RingTime: call.NoSeconds, TalkTime: 7, Tags: []string{"paris"}, Detail: `{"src":"1","path":[{"kind":"ivr","at":7}]}`,
		},
	}
}

// grave is the tombstone of a row, as the enricher leaves it.
func grave(c call.Call, v call.Version) call.Call {
	gone := call.Blank(c.ID)
	gone.OrgID, gone.Calldate, gone.Version, gone.Removed, gone.Source = c.OrgID, c.Calldate, v, true, c.Source
	return gone
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	store := open(t)
	want := full(10, 1)
	for _, v := range []reflect.Value{reflect.ValueOf(want), reflect.ValueOf(want.Conversation)} {
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Removed" && v.Field(i).IsZero() {
				t.Fatalf("the test sets no %s", name)
			}
		}
	}
	blank := call.Blank(11)
	blank.OrgID, blank.Calldate, blank.Version, blank.Table = 1, want.Calldate, want.Version, site
	long := blank
	long.ID, long.RingTime, long.Conversation.Legs = 12, 1<<40, 1<<20
	if err := store.Insert(t.Context(), []call.Call{want, blank, long}, "a"); err != nil {
		t.Fatal(err)
	}
	long.RingTime, long.Conversation.Legs = math.MaxInt32, math.MaxUint16
	for _, want := range []call.Call{want, blank, long} {
		scope := clickhouse.Scope{Orgs: []uint32{1}}
		picked, err := store.Pick(t.Context(), scope, []uint64{want.ID})
		if err != nil || len(picked) != 1 {
			t.Fatal(picked, err)
		}
		got := picked[0]
		got.Table = want.Table
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		// Who asks for one call, or for a list, gets all that is shown.
		one, err := store.Get(t.Context(), scope, want.ID)
		if shown := string(one.AppendJSON(nil)); err != nil || shown != string(picked[0].AppendJSON(nil)) {
			t.Errorf("got  %s, %v\nwant %s", shown, err, picked[0].AppendJSON(nil))
		}
	}
}

func TestScopeIsKept(t *testing.T) {
	t.Parallel()
	store := open(t)
	var calls []call.Call
	for id := uint64(1); id <= 30; id++ {
		calls = append(calls, full(id, uint32(id%3)))
	}
	if err := store.Insert(t.Context(), calls, "a"); err != nil {
		t.Fatal(err)
	}
	for orgs, want := range map[string]int{"": 0, "1": 10, "1,2": 20, "9": 0, "0": 10} {
		var scope clickhouse.Scope
		for text := range strings.SplitSeq(orgs, ",") {
			var org uint32
			if _, err := fmt.Sscan(text, &org); err == nil {
				scope.Orgs = append(scope.Orgs, org)
			}
		}
		list, err := store.List(t.Context(), scope, clickhouse.ListQuery{Limit: 100})
		if err != nil || len(list) != want {
			t.Errorf("scope %q lists %d calls, %v; want %d", orgs, len(list), err, want)
		}
		if n, err := store.Count(t.Context(), scope, &clickhouse.Filter{}); err != nil || int(n) != want {
			t.Errorf("scope %q counts %d, %v; want %d", orgs, n, err, want)
		}
		for i := 1; i < len(list); i++ {
			if list[i].Calldate > list[i-1].Calldate {
				t.Fatalf("scope %q: call %d is newer than the one before it", orgs, list[i].ID)
			}
		}
	}
	if _, err := store.Get(t.Context(), clickhouse.Scope{Orgs: []uint32{2}}, 1); !errors.Is(err, clickhouse.ErrNotFound) {
		t.Errorf("another organisation's call: %v, want ErrNotFound", err)
	}
}

func TestVersionsFold(t *testing.T) {
	t.Parallel()
	store := open(t)
	ctx, scope := t.Context(), clickhouse.Scope{Orgs: []uint32{1, 2}}
	old := full(1, 1)
	moved := old
	moved.OrgID, moved.Version = 2, call.NewVersion(7, 5, 0)
	gone := grave(old, moved.Version)
	for i, block := range [][]call.Call{{old}, {gone, moved}, {old}, {gone, moved}} {
		if err := store.Insert(ctx, block, fmt.Sprint("block", i)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := store.List(ctx, scope, clickhouse.ListQuery{Limit: 10})
	if err != nil || len(list) != 1 || list[0].OrgID != 2 {
		t.Fatalf("got %d calls %+v, %v; want the one of organisation 2", len(list), list, err)
	}
	stored, err := store.Lookup(ctx, []uint64{1, 2, 3})
	if err != nil || len(stored) != 1 || len(stored[1]) != 1 {
		t.Fatalf("lookup: %v, %v", stored, err)
	}
	if s := stored[1][0]; s.OrgID != 2 || s.Version != moved.Version || s.RawHash != old.RawHash || s.Direction != call.Inbound || s.Calldate != old.Calldate {
		t.Errorf("lookup: %+v", s)
	}
	sparse, err := store.Lookup(ctx, []uint64{1, 1 << 30})
	if err != nil || len(sparse[1]) != 1 {
		t.Errorf("sparse lookup: %v, %v", sparse, err)
	}
}

func TestLookupOfManySparseIDs(t *testing.T) {
	t.Parallel()
	store := open(t)
	sparse := make([]uint64, 20_000)
	for i := range sparse {
		sparse[i] = call.ID(call.MaxSourceNumber, uint64(i)*1000+1)
	}
	insert(t, store, "a", full(sparse[7], 1))
	if stored, err := store.Lookup(t.Context(), sparse); err != nil || len(stored) != 1 {
		t.Errorf("got %d, %v; want one", len(stored), err)
	}
}

func TestTheSameTokenIsStoredOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	for range 2 {
		if err := store.Insert(t.Context(), []call.Call{full(1, 1), full(2, 1)}, "same"); err != nil {
			t.Fatal(err)
		}
	}
	if n := store.PhysicalRows(t); n != 2 {
		t.Errorf("%d physical rows after two inserts under one token, want 2", n)
	}
}

func TestHorizon(t *testing.T) {
	t.Parallel()
	store := open(t)
	h, err := store.Horizon(t.Context(), 7)
	if err != nil || h.Version != 0 || len(h.OldIDs) != 0 || h.OldIDs == nil {
		t.Fatalf("empty store: %+v, %v", h, err)
	}
	old, now := full(3, 1), full(call.ID(2, 9), 1)
	old.Version = call.NewVersion(6, 100, 0)
	if err := store.Insert(t.Context(), []call.Call{old, now}, "a"); err != nil {
		t.Fatal(err)
	}
	h, err = store.Horizon(t.Context(), 7)
	if err != nil || h.Version != now.Version || h.OldIDs[0] != 3 || h.OldIDs[2] != 0 {
		t.Errorf("horizon: %+v, %v", h, err)
	}
	if epoch, err := store.HighestEpoch(t.Context()); err != nil || epoch != 7 {
		t.Errorf("highest epoch %d, %v; want 7", epoch, err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	good := servertest.ClickHouse(t).DSN
	for name, c := range map[string]struct{ dsn, want string }{
		"unreachable":    {"http://user:hunter2@127.0.0.1:1/cdrflow", "no answer from 127.0.0.1:1 (connect: connection refused); check CLICKHOUSE_DSN"},
		"wrong password": {strings.Replace(good, "://", "://x", 1), "refuses the user or password of CLICKHOUSE_DSN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := clickhouse.Open(clickhouse.Config{DSN: c.dsn}, "test")
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			err = store.Ping(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
	store, err := clickhouse.Open(clickhouse.Config{DSN: good}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Count(t.Context(), clickhouse.Scope{Orgs: []uint32{1}}, &clickhouse.Filter{}); !errors.Is(err, clickhouse.ErrAway) {
		t.Errorf("no tables yet: %v, want ErrAway", err)
	}
}

func TestConfigNamesItsMistakes(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                           "CLICKHOUSE_DSN is not set",
		"mysql://u:hunter2@h/db":     `has the scheme "mysql"`,
		"http:///db":                 "names no host",
		"http://u:hunter2@h:8123":    "names no database",
		"http://u:hunter2@h:8123/db": "",
	} {
		err := clickhouse.Config{DSN: dsn}.Validate()
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %q", dsn, err, want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%q: the message shows the password: %v", dsn, err)
		}
	}
}
