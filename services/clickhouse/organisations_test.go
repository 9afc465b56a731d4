package clickhouse_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func TestOrganisations(t *testing.T) {
	t.Parallel()
	store := open(t)
	many := []clickhouse.Organisation{}
	for id := range uint32(1200) {
		many = append(many, clickhouse.Organisation{ID: id, Name: fmt.Sprintf("n° %d", id), Zone: "Europe/Paris"})
	}
	for i, list := range [][]clickhouse.Organisation{
		nil,
		{{ID: 1, Name: "it's \\ 1", Zone: "Asia/Kolkata"}, {ID: 2, Name: "2", Parent: 1}},
		{{ID: 2, Name: "two", Parent: 1}, {ID: 3}},
		{{ID: 1, Name: "again"}},
		many,
		nil,
	} {
		for range 2 {
			if err := store.SaveOrganisations(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.Organisations(t.Context()); err != nil || len(got) != len(list) || len(list) > 0 && !reflect.DeepEqual(got, list) {
			t.Errorf("list %d: got %+v, %v; want %+v", i, got, err, list)
		}
	}
}
