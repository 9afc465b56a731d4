package main

import (
	"context"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const (
	// longest is how long after its beginning a conversation may have another leg.
	longest = call.Instant(24 * time.Hour / time.Millisecond)
	// longestUntold is the same where the linkedid does not tell when the conversation began.
	longestUntold = call.Instant(2 * time.Hour / time.Millisecond)
	// keysAtOnce is how many conversations are read at once.
	keysAtOnce = 500
	// positionDelete is where the conversations are kept that a deletion cuts in two.
	positionDelete = "delete"
)

// remember the conversations that the deletion cuts in two, beside the log: whoever is killed between deleting and mending
// would have lost them, and the next deletion mends those too.
func (d *deletion) remember(ctx context.Context) ([]clickhouse.Key, error) {
	var cut []clickhouse.Key
	if _, err := d.bus.Position(ctx, positionDelete, &cut); err != nil {
		return nil, err
	}
	found, err := d.cut(ctx)
	if err != nil {
		return nil, err
	}
	if cut = append(cut, found...); len(cut) == 0 {
		return nil, nil
	}
	return cut, d.bus.SavePosition(ctx, positionDelete, cut)
}

// cut finds conversations with legs on both sides of the border.
func (d *deletion) cut(ctx context.Context) ([]clickhouse.Key, error) {
	var cut, candidates []clickhouse.Key
	seen := map[clickhouse.Key]bool{}
	q := clickhouse.SpanQuery{From: d.flags.since, To: d.flags.since + longest, Limit: portionRows}
	for {
		page, err := d.store.Span(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if c := &page[i]; mayBegin(c, d.flags.since) && !seen[conversationOf(c)] {
				seen[conversationOf(c)] = true
				candidates = append(candidates, conversationOf(c))
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.BeforeCalldate, q.BeforeID = page[len(page)-1].Calldate, page[len(page)-1].ID
	}
	err := d.each(ctx, candidates, func(legs []call.Call) error {
		for _, one := range conversations(legs) {
			for i := range one {
				if one[i].Calldate < d.flags.since {
					cut = append(cut, conversationOf(&one[i]))
					break
				}
			}
		}
		return nil
	})
	return cut, err
}

// mayBegin tells whether the conversation of a leg behind the border may have begun before it.
func mayBegin(c *call.Call, border call.Instant) bool {
	began := epochOf(c.ConversationKey())
	if began == call.NoInstant {
		return c.Calldate < border+longestUntold
	}
	return began <= border
}

// each reads the legs of conversations, some at a time.
func (d *deletion) each(ctx context.Context, keys []clickhouse.Key, do func(legs []call.Call) error) error {
	for len(keys) > 0 {
		part := keys[:min(len(keys), keysAtOnce)]
		keys = keys[len(part):]
		legs, err := d.store.Legs(ctx, part)
		if err != nil {
			return err
		}
		if err := do(legs); err != nil {
			return err
		}
	}
	return nil
}

// mend has what is left of the conversations that were cut understood anew.
func (d *deletion) mend(ctx context.Context, cut []clickhouse.Key) error {
	if len(cut) == 0 {
		return nil
	}
	err := d.each(ctx, cut, func(legs []call.Call) error {
		for i := range legs {
			if err := d.zones.feed(ctx, d.feed, &legs[i]); err != nil {
				return err
			}
		}
		return d.feed.send(ctx, d.bus.PublishChunks)
	})
	if err != nil {
		return err
	}
	if err := d.bus.ForgetPosition(ctx, positionDelete); err != nil {
		return err
	}
	d.feed.far = func() string { return "waiting for the conversations that were cut in two" }
	if err := d.feed.drain(ctx); err != nil {
		return err
	}
	d.out.say("%d conversations that began before are understood anew without their later legs", len(cut))
	return nil
}
