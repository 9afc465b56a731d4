package clickhouse

import (
	"testing"
	"time"
)

// Clocks are told for as long as the store keeps times, also beyond the years that a zone's table lists.
func TestOffsets(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"Asia/Kolkata": 1, "UTC": 1, "Europe/Berlin": 400, "Australia/Lord_Howe": 400} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		changes, offsets := offsetsWithin(zone, 0, 0)
		if len(changes) != len(offsets) || len(changes) < want || want == 1 && len(changes) != 1 {
			t.Errorf("%s: %d changes, %d offsets, want %d", name, len(changes), len(offsets), want)
		}
		for i, since := range changes {
			if _, offset := time.Unix(since, 0).In(zone).Zone(); i > 0 && (int64(offset) != offsets[i] || since <= changes[i-1]) {
				t.Errorf("%s since %d: %d, want %d", name, since, offsets[i], offset)
			}
		}
	}
}
