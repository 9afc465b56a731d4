package simulate

import "container/heap"

// Order brings the hang-ups of conversations that overlap into one order of time, which is the order in which the PBX
// writes their rows.
type Order struct {
	open hangups
}

// Add puts a conversation's hang-ups in. It must not begin before a moment that Before was asked for.
func (o *Order) Add(c *Conversation) {
	for i := range c.Hangups {
		heap.Push(&o.open, &c.Hangups[i])
	}
}

// Before takes out the next hang-up that happens before at; nil when there is none.
func (o *Order) Before(at Millis) *Hangup {
	if len(o.open) == 0 || o.open[0].At >= at {
		return nil
	}
	return heap.Pop(&o.open).(*Hangup)
}

// Next is when the next hang-up happens; false when there is none.
func (o *Order) Next() (Millis, bool) {
	if len(o.open) == 0 {
		return 0, false
	}
	return o.open[0].At, true
}

// Len is how many hang-ups are to come.
func (o *Order) Len() int { return len(o.open) }

type hangups []*Hangup

func (h hangups) Len() int           { return len(h) }
func (h hangups) Less(i, j int) bool { return h[i].before(h[j]) }
func (h hangups) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hangups) Push(x any)        { *h = append(*h, x.(*Hangup)) }
func (h *hangups) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// before keeps hang-ups of one moment in the order of their first rows' creation, so that the order is always the same.
func (h *Hangup) before(other *Hangup) bool {
	if h.At != other.At {
		return h.At < other.At
	}
	return h.Rows[0].Sequence < other.Rows[0].Sequence
}
