package clickhouse

import (
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// days that a list of the newest rows tries one after the other: the newest page of a busy organisation is in the last
// day, and FINAL over a day costs a tenth of FINAL over a year.
var days = []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour}

// steps are the lower bounds to try, from the newest end of a time back to its oldest, which comes last. An end that is 0
// is open; a list that ends openly steps back from now, and so includes what a wrong clock put into the future.
func steps(from, to, now call.Instant, spans []time.Duration) []call.Instant {
	end := to
	if end == 0 {
		end = now
	}
	var lows []call.Instant
	for _, span := range spans {
		low := end - call.Instant(span.Milliseconds())
		if low <= 0 || low <= from {
			break
		}
		lows = append(lows, low)
	}
	return append(lows, from)
}

// within is the condition of a calldate from from to to, to excluded; one that is 0 is open.
func within(from, to call.Instant) string {
	var after, before string
	if from != 0 {
		after = "calldate >= " + moment(from)
	}
	if to != 0 {
		before = "calldate < " + moment(to)
	}
	if from == 0 && to == 0 {
		return ""
	}
	return join(after, before)
}

// between is the condition of a calldate from low to high, both included.
func between(low, high call.Instant) string {
	return fmt.Sprintf("calldate BETWEEN %s AND %s", moment(low), moment(high))
}

func moment(at call.Instant) string {
	return fmt.Sprintf("fromUnixTimestamp64Milli(%d, 'UTC')", int64(at))
}
