package main

import "time"

// patience says when a call without a verdict is asked about again, and when no more.
type patience struct {
	giveUpAfter time.Duration
}

const (
	longestDelay = 5 * time.Minute
	// A sick call is given up earlier: calls that wait hold places in the log's window, and must not keep their neighbours
	// out for days.
	sickTries = 10
	sickAfter = time.Hour
)

// delay before a call is delivered again that was delivered this often: 1 s, then twice as long each time, up to five
// minutes; longer where LogsUpdate asked for it.
func (p patience) delay(delivered uint64, asked time.Duration) time.Duration {
	wait := longestDelay
	if delivered < 10 {
		wait = min(time.Second<<max(delivered, 1)>>1, longestDelay)
	}
	return max(wait, asked)
}

// over tells whether a call that came to the log so long ago, and was delivered this often, has waited long enough. Sick
// is one on which LogsUpdate breaks while it takes others.
func (p patience) over(waited time.Duration, delivered uint64, sick bool) bool {
	return waited >= p.giveUpAfter || sick && delivered >= sickTries && waited >= sickAfter
}
