package clickhouse

import (
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Rows of a conversation lie near the epoch in its linkedid. A day before allows for a clock or time zone set wrong, two
// days after for that and the longest calls.
const (
	before = 24 * time.Hour
	after  = 48 * time.Hour
)

// around is the condition that keeps a search to the days of the conversations: without it every part of the table would
// be opened. It is empty where one of keys does not tell its time.
func around(keys []Key) string {
	var low, high time.Time
	for i, k := range keys {
		at, ok := epochOf(k.Linkedid)
		if !ok {
			return ""
		}
		if i == 0 || at.Before(low) {
			low = at
		}
		if i == 0 || at.After(high) {
			high = at
		}
	}
	return between(call.InstantOf(low.Add(-before)), call.InstantOf(high.Add(after)))
}

// Epochs that a linkedid may bear: a PBX whose clock had not been set wrote rows of 1970, and those lie anywhere.
var (
	firstEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastEpoch  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// epochOf a linkedid, [systemname-]1795228246.702: the second in which its first channel was made.
func epochOf(linkedid string) (time.Time, bool) {
	text := linkedid[strings.LastIndexByte(linkedid, '-')+1:]
	seconds, serial, ok := strings.Cut(text, ".")
	if !ok || serial == "" || len(seconds) > 10 {
		return time.Time{}, false
	}
	var epoch int64
	for _, digits := range []string{seconds, serial} {
		for i := range len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return time.Time{}, false
			}
		}
	}
	for i := range len(seconds) {
		epoch = epoch*10 + int64(seconds[i]-'0')
	}
	if epoch < firstEpoch || epoch >= lastEpoch {
		return time.Time{}, false
	}
	return time.Unix(epoch, 0).UTC(), true
}
