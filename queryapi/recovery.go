package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// recovery is what became of a caller who was missed.
type recovery struct {
	*clickhouse.Caller
	status string // stillOpen, calledBack, gotThrough

	calledBack *call.Instant // when we called first, answered or not, after the last miss
	reached    *call.Instant // when the call began in which the caller reached somebody
	took       *int64        // seconds from the first miss that nobody had made good until then
}

// How it stands with a caller. Called back is only who was reached: a call into the void makes nothing good.
const (
	stillOpen  = "still_open"
	calledBack = "called_back"
	gotThrough = "got_through"
)

var recoveries = []string{stillOpen, calledBack, gotThrough}

// recovered tells what became of a caller: who was missed last counts, and what followed within the window after that.
func recovered(c *clickhouse.Caller, window time.Duration) recovery {
	r := recovery{Caller: c, status: stillOpen}
	last := c.Missed[len(c.Missed)-1]
	until := last + call.Instant(window.Milliseconds())
	within := func(list []call.Instant) *call.Instant {
		i := slices.IndexFunc(list, func(at call.Instant) bool { return at > last && at <= until })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	r.calledBack = within(c.Back)
	back, through := within(c.Reached), within(c.Through)
	switch {
	case through != nil && (back == nil || *through <= *back):
		r.status, r.reached = gotThrough, through
	case back != nil:
		r.status, r.reached = calledBack, back
	default:
		return r
	}
	took := int64(*r.reached-firstOpen(c, last)) / 1000
	r.took = &took
	return r
}

// firstOpen is the first miss since the caller had reached somebody last.
func firstOpen(c *clickhouse.Caller, last call.Instant) call.Instant {
	before := call.Instant(math.MinInt64) // a call whose calldate is no date began at 0
	for _, list := range [][]call.Instant{c.Reached, c.Through} {
		for _, at := range list {
			if at < last {
				before = max(before, at)
			}
		}
	}
	i := slices.IndexFunc(c.Missed, func(at call.Instant) bool { return at > before })
	return c.Missed[i]
}

// recoverySum is what the callers come to.
type recoverySum struct {
	callers, open, back, through uint64
	tried                        uint64 // whom we called after the last miss, reached or not
	median                       *int64 // seconds until they reached somebody, of those who did
}

func sumOf(list []recovery) recoverySum {
	s := recoverySum{callers: uint64(len(list))}
	var took []int64
	for i := range list {
		switch list[i].status {
		case stillOpen:
			s.open++
		case calledBack:
			s.back++
		case gotThrough:
			s.through++
		}
		if list[i].calledBack != nil {
			s.tried++
		}
		if list[i].took != nil {
			took = append(took, *list[i].took)
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		s.median = &took[(len(took)-1)/2]
	}
	return s
}

// byUrgency puts first who still waits, and of these who was missed last.
func byUrgency(a, b recovery) int {
	open := func(r recovery) int {
		if r.status == stillOpen {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(open(a), open(b)), cmp.Compare(b.Missed[len(b.Missed)-1], a.Missed[len(a.Missed)-1]),
		cmp.Compare(a.Org, b.Org), cmp.Compare(a.Name, b.Name))
}
