package clickhouse_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestRevocations(t *testing.T) {
	t.Parallel()
	store := open(t)
	if list, err := store.Revocations(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("at first: %v, %v", list, err)
	}
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	const odd = "'); DROP TABLE revoked_tokens; -- \x00\n\\"
	for _, r := range []clickhouse.Revocation{
		{JTI: "a", Orgs: []uint32{2, 1}, Expires: later, By: "zoe"},
		{JTI: "a", Orgs: []uint32{1, 2}, Expires: later.Add(-time.Minute)}, // shorter: the other stands
		{JTI: "a", Orgs: []uint32{3}},                                      // somebody else's, for ever
		{JTI: "b", Orgs: []uint32{1}, Expires: time.Now().Add(-time.Second)},
		{JTI: odd, Orgs: []uint32{4294967295}, Expires: later},
		{JTI: "c", Orgs: []uint32{1}, Expires: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if err := store.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []clickhouse.Revocation{
		{JTI: odd, Orgs: []uint32{4294967295}, Expires: later},
		{JTI: "a", Orgs: []uint32{1, 2}, Expires: later},
		{JTI: "a", Orgs: []uint32{3}},
		{JTI: "c", Orgs: []uint32{1}},
	}
	if list, err := store.Revocations(t.Context()); err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v, %v; want %+v", list, err, want)
	}
}

// A queryapi of this version may run before its enricher has made the table.
func TestRevocationsBeforeTheTable(t *testing.T) {
	t.Parallel()
	store, err := clickhouse.Open(clickhouse.Config{DSN: servertest.ClickHouse(t).DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if list, err := store.Revocations(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}
