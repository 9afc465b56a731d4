package main

import (
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// isFresh tells whether a row is announced: it came to the log within the window after its call ended. The log's clock
// decides and not a worker's, so that a redelivery a week later decides the same; history on request is never fresh.
func isFresh(kind call.Kind, stored time.Time, c *call.Call, window time.Duration) bool {
	switch kind {
	case call.KindBackfill, call.KindRegenerate:
		return false
	}
	end := c.End
	if end == call.NoInstant {
		end = c.Calldate + call.Instant(max(0, c.Duration)*1000)
	}
	return stored.Sub(end.Time()) <= window
}

// neverStored tells whether a row cannot be in the store, so that nobody needs to look it up: a first reading, delivered
// for the first time, beyond everything that the store held when this worker took the partition over.
//
// The poller publishes an id as kind page once in the life of a stream; the horizon covers earlier streams (their ids)
// and deliveries whose count the server lost in a crash (their versions).
func neverStored(kind call.Kind, delivered uint64, c *call.Call, h clickhouse.Horizon) bool {
	if kind != call.KindPage || delivered != 1 || c.Version <= h.Version {
		return false
	}
	number, _ := call.SplitID(c.ID)
	return c.ID > h.OldIDs[number]
}
