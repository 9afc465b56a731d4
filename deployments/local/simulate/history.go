package simulate

import (
	"fmt"
	"iter"
	"math"
	"time"
)

// Span is a stretch of the past to be filled with rows.
type Span struct {
	Rows int // exactly so many
	// Between From and To, by the hour and weekday; the last conversation ends before To.
	From, To time.Time
}

// rowsPerCall is what the scenarios come to, roughly; a day's true number corrects the next.
const rowsPerCall = 1.7

// History yields hang-ups in the order in which the PBX writes their rows. It restarts the PBX every Sunday night, so
// that the counters begin anew, as they do in production.
func History(cfg Config, span Span) (iter.Seq[*Hangup], error) {
	if span.Rows < 1 || !span.From.Before(span.To) {
		return nil, fmt.Errorf("make a history: %d rows from %s to %s, want at least one row and time for it",
			span.Rows, span.From.Format(time.RFC3339), span.To.Format(time.RFC3339))
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	cfg.Hours = true
	cfg.CallsPerHour = busiest(span.Rows, span.From, span.To, cfg.Zone) / rowsPerCall
	g, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Hangup) bool) {
		h := &history{g: g, span: span, left: span.Rows, yield: yield}
		h.run()
	}, nil
}

type history struct {
	g     *Generator
	span  Span
	order Order
	left  int // rows that no conversation has taken yet
	calls int
	yield func(*Hangup) bool
}

func (h *history) run() {
	zone := h.g.cfg.Zone
	total := 0.0
	for at := h.span.From; at.Before(h.span.To); at = at.Add(slot) {
		total += load(at.In(zone))
	}
	for at := h.span.From; at.Before(h.span.To) && h.left > 0; at = at.Add(slot) {
		local := at.In(zone)
		if local.Weekday() == time.Sunday && local.Hour() == 3 && local.Minute() < int(slot.Minutes()) {
			h.g.Restart()
		}
		l := load(local)
		share := 1.0
		if total > 0 {
			share = l / total
		}
		total -= l
		if !h.fill(at, share) {
			return
		}
	}
	h.rest()
}

// fill makes the calls of one slot: its share of the rows that are left.
func (h *history) fill(at time.Time, share float64) bool {
	perCall := rowsPerCall
	if h.calls > 100 {
		perCall = float64(h.span.Rows-h.left) / float64(h.calls)
	}
	count := share * float64(h.left) / perCall
	calls := int(count)
	if h.g.rand.Float64() < count-math.Floor(count) {
		calls++
	}
	end := min(int64(slot), int64(h.span.To.Sub(at)))
	step := float64(end) / float64(time.Millisecond) / float64(calls)
	for i := range calls {
		if h.left == 0 {
			return true
		}
		offset := Millis((float64(i) + h.g.rand.Float64()) * step)
		if !h.call(Millis(at.UnixMilli()) + offset) {
			return false
		}
	}
	return true
}

// call makes one conversation, unless it would not end in time or take more rows than are left.
func (h *history) call(at Millis) bool {
	c := h.g.Next(at)
	if c.Rows() > h.left || c.End() >= Millis(h.span.To.UnixMilli()) {
		c = h.g.Short(at)
		if c.End() >= Millis(h.span.To.UnixMilli()) {
			return true
		}
	}
	h.left -= c.Rows()
	h.calls++
	for {
		next := h.order.Before(at)
		if next == nil {
			break
		}
		if !h.yield(next) {
			return false
		}
	}
	h.order.Add(c)
	return true
}

// rest makes the rows that no slot took, shortly before the end, and yields what is still open.
func (h *history) rest() {
	const shortest = 10_000
	// Earlier calls may have ended later than this: these ones begin where nothing has been yielded beyond.
	at := Millis(h.span.To.UnixMilli()) - shortest
	for h.left > 0 {
		if !h.call(at) {
			return
		}
	}
	for {
		next := h.order.Before(math.MaxInt64)
		if next == nil || !h.yield(next) {
			return
		}
	}
}
