package main

import (
	"fmt"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestAcquaintance(t *testing.T) {
	t.Parallel()
	a := newAcquaintance(map[uint32]int64{0: 2_000_000_000})
	may := func(linkedid string, number uint32) bool {
		c := call.Blank(call.ID(number, 1))
		c.Source, c.Linkedid, c.Calldate = "pbx", linkedid, 2_100_000_000_000
		return a.may(&c, conversationOf(&c))
	}
	for _, c := range []struct {
		what, linkedid string
		number         uint32
		want           bool
	}{
		{"began before the newest that was stored", "1999999999.1", 0, true},
		{"began in the same second", "2000000000.2", 0, true},
		{"began later", "2000000001.3", 0, false},
		{"met a moment ago", "2000000001.3", 0, true},
		{"a source that has stored nothing", "1000000000.4", 7, false},
		{"no time in it", "somewhere", 0, true},
		{"a clock of tomorrow", "2200000000.5", 0, true},
		{"a system's name in front", "pbx2-2000000001.6", 0, false},
	} {
		if got := may(c.linkedid, c.number); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	// What is forgotten raises the bar: it is asked for, and so is all that began before it.
	for i := range 2 * conversationsKept * call.Partitions {
		may(fmt.Sprintf("20100%05d.%d", i%100_000, i), 0)
	}
	if !may("2000000001.3", 0) || !may("2000000002.9", 0) {
		t.Error("a conversation that may have been forgotten is taken for new")
	}
	if may("2099999999.1", 0) {
		t.Error("a conversation that began after all others is asked for")
	}
	for i := range a.partitions {
		if n := len(a.partitions[i].met); n > conversationsKept {
			t.Errorf("partition %d remembers %d conversations", i, n)
		}
	}
}
