package main

import (
	"fmt"
	"testing"
	"time"
)

// An hour in a queue in which nobody answers leaves a row for each phone that was offered the caller. However many these are,
// understanding them must not take so long that the batch they came in is never finished.
//
// It is measured by the processor's time, and so must not run beside other tests.
func TestLongWaitInAQueue(t *testing.T) {
	r, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 2000
	for _, c := range []struct {
		what string
		each func(i int, row cells)
	}{
		{"the channel was not up", func(int, cells) {}},
		{"every row has the column queue_wait_time", func(_ int, row cells) { row["queue_wait_time"] = "3600" }},
		{"as many announcements as offers", func(i int, row cells) {
			if i > rows/2 {
				row["lastapp"], row["lastdata"], row["dstchannel"], row["queue_wait_time"] = "Playback", "all-busy", "", "3600"
			}
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := fixture{file: c.what, zone: "UTC", date: "2026-11-21", columns: map[string]bool{}}
			for i := range rows {
				row := cells{
					"calldate": time.Unix(1795255200+int64(i/20*20), 0).UTC().Format(time.DateTime), "duration": "15", "billsec": "0", "disposition": "NO ANSWER",
					"channel": "PJSIP/tata-00000001", "dstchannel": fmt.Sprintf("PJSIP/10%02d-%08x", i%20, i+2), "lastapp": "Queue", "lastdata": "support,t",
				}
				c.each(i, row)
				for name := range row {
					f.columns[name] = true
				}
				f.rows = append(f.rows, row)
			}
			u := newUnderstanding(r)
			calls := f.calls(t, u, false)
			before := processorTime(t)
			u.conversation(calls)
			if took := processorTime(t) - before; took > 45*time.Second {
				t.Errorf("%d rows take %s", rows, took)
			}
		})
	}
}
