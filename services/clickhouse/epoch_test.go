package clickhouse

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEpochOfLinkedid(t *testing.T) {
	t.Parallel()
	for linkedid, want := range map[string]int64{
		"1795228246.702":             1795228246,
		"pbx-1795228246.702":         1795228246,
		"pbx-paris-2-1795228246.702": 1795228246,
		"1795228246.":                0,
		"1795228246":                 0,
		"":                           0,
		".702":                       0,
		"-1795228246.702":            1795228246,
		"17952282460.1":              0,
		"99999999999999999999.1":     0,
		"946684799.1":                0, // before 2000: the clock was not set
		"946684800.1":                946684800,
		"4102444800.1":               0, // 2100
		"1795228246.702.1":           0,
		"1795228246.7a":              0,
		"1795228x46.7":               0,
		"1.1":                        0,
		"8f14e45f-ceea-467f-9c1b":    0,
	} {
		at, ok := epochOf(linkedid)
		if ok != (want != 0) || ok && at.Unix() != want {
			t.Errorf("%q: got %v, %v; want %d", linkedid, at, ok, want)
		}
	}
}

func TestAround(t *testing.T) {
	t.Parallel()
	if got := around([]Key{{"pbx", "1795228246.702"}, {"pbx", "x"}}); got != "" {
		t.Errorf("one key tells no time: got %q, want no bound", got)
	}
	got := around([]Key{{"pbx", "1795228246.702"}, {"pbx", "1795220000.1"}, {"b", "1795300000.1"}})
	low, high := time.Unix(1795220000, 0).Add(-before), time.Unix(1795300000, 0).Add(after)
	for _, at := range []time.Time{low, high} {
		if text := fmt.Sprint(at.UnixMilli()); !strings.Contains(got, text) {
			t.Errorf("got %q without %q", got, text)
		}
	}
}
