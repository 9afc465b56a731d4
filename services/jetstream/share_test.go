package jetstream_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

func TestSharesAreEvenAndStay(t *testing.T) {
	t.Parallel()
	var members []string
	before := jetstream.Share(nil)
	for n := 1; n <= 20; n++ {
		members = append(members, fmt.Sprintf("member-%d", n*n))
		owners := jetstream.Share(members)
		mixed := slices.Clone(members)
		slices.Reverse(mixed)
		if jetstream.Share(append(mixed, mixed[0])) != owners {
			t.Fatalf("%d members: the order matters", n)
		}
		held, moved := map[string]int{}, 0
		for p, owner := range owners {
			held[owner]++
			if n > 1 && owner != before[p] && before[p] != "" {
				moved++
			}
		}
		least, most := call.Partitions/n, (call.Partitions+n-1)/n
		for _, m := range members {
			if held[m] < least || held[m] > most {
				t.Errorf("%d members: %s holds %d, want %d or %d", n, m, held[m], least, most)
			}
		}
		if moved > call.Partitions/2 {
			t.Errorf("%d members: %d partitions moved for one that came", n, moved)
		}
		before = owners
	}
}
