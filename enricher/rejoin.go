package main

import (
	"context"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
)

const (
	rejoinEvery = time.Minute
	// rejoinAfter leaves the other call the time to come; rejoinFor is when it will not come any more.
	rejoinAfter = 5 * time.Second
	rejoinFor   = 15 * time.Minute
)

// rejoins looks every minute for legs that were bridged with a party of a call that was not known then: the second call of
// an attended transfer may be stored after the rest, by another enricher. One enricher of many looks, and it writes
// nothing: the rows go through the log once more, to the one that holds their partition.
func (e *enricher) rejoins(ctx context.Context, held func() []int, zone zoneOf, publish publishes) {
	var trouble process.Trouble
	for process.Pause(ctx, rejoinEvery) {
		if !slices.Contains(held(), mendPartition) {
			continue
		}
		n, err := e.rejoin(ctx, time.Now(), zone, publish)
		switch {
		case err != nil && ctx.Err() == nil:
			trouble.Report(e.log, "look for the other call of transfers", err)
		case err == nil:
			trouble.Over(e.log, "looking for the other call of transfers works again")
			e.log.Debug("legs without the call that they were joined with", "rows", n)
		}
	}
}

// zoneOf a source.
type zoneOf func(ctx context.Context, source string) (string, error)

// rejoin publishes the legs in question to be understood anew, and tells how many.
func (e *enricher) rejoin(ctx context.Context, now time.Time, zone zoneOf, publish publishes) (int, error) {
	legs, err := e.store.Unjoined(ctx, now.Add(-rejoinFor), now.Add(-rejoinAfter))
	if err != nil {
		return 0, err
	}
	for i := range legs {
		if err := republish(ctx, &legs[i], zone, publish); err != nil {
			return 0, err
		}
	}
	return len(legs), nil
}
