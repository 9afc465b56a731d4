package main

import (
	"context"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// understand the rows of a wave together with what the store has of their conversations, and decide what is written and
// told. Where every row is provably new the wave is written as it stands, and tell holds only what follows for others.
func (e *enricher) understand(ctx context.Context, u *understood, w wave) (write []call.Call, tell []call.Event, err error) {
	if e.groups == nil {
		e.groups = newGroups(len(w.arrivals))
	}
	e.groups.reset(len(w.arrivals))
	p := plan{enricher: e, u: u, groups: e.groups, mind: e.mind()}
	if !w.plain {
		if err := p.lookUp(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	p.sort(w)
	if err := p.meet(ctx); err != nil {
		return nil, nil, err
	}
	if err := p.think(ctx); err != nil {
		return nil, nil, err
	}
	if w.plain {
		u.stored += len(w.arrivals)
		write = u.calls
	}
	p.groups.announce()
	for _, one := range p.groups.list {
		for m := one.first; m != nil; m = m.next {
			v := p.verdict(m, w.plain, one.fresh, one.redelivered)
			write, tell = append(write, v.write...), append(tell, v.tell...)
		}
	}
	return write, append(tell, p.tell...), nil
}

// plan is the work on one wave.
type plan struct {
	*enricher
	u       *understood
	groups  *groups
	mind    *understanding
	stored  map[uint64][]clickhouse.Stored // living rows of arrivals that are not plain
	doubles map[uint64][]clickhouse.Stored // of rows of the store that live twice
	tell    []call.Event
}

func (p *plan) lookUp(ctx context.Context, w wave) (err error) {
	var ids []uint64
	for i := range w.arrivals {
		if !w.arrivals[i].plain {
			ids = append(ids, w.arrivals[i].call.ID)
		}
	}
	p.stored, err = p.store.Lookup(ctx, ids)
	if err != nil {
		return err
	}
	if err := p.erase(ctx, w, ids); err != nil {
		return err
	}
	// A row that says something else by now may have been a leg of another conversation.
	var moved []uint64
	for i := range w.arrivals {
		a := &w.arrivals[i]
		if s := p.stored[a.call.ID]; len(s) > 0 && newestOf(s).RawHash != a.call.RawHash {
			moved = append(moved, a.call.ID)
		}
	}
	rows, err := p.store.Rows(ctx, moved)
	if err != nil {
		return err
	}
	for i := range rows {
		one := p.groups.at(ownKey(&rows[i].Call))
		one.ask = true
	}
	return nil
}

// sort arrivals into their conversations, and note which of these the store may know.
func (p *plan) sort(w wave) {
	for i := range w.arrivals {
		a := &w.arrivals[i]
		known := p.stored[a.call.ID]
		switch fateOf(a, known) {
		case dropped:
			continue
		case overtaken:
			p.overtake(a)
			continue
		case refreshed:
			one := p.groups.at(conversationOf(a.call))
			one.ask = true
			continue
		}
		key := conversationOf(a.call)
		one := p.groups.at(key)
		p.groups.add(one, a.call, nil, a)
		if met := p.known.may(a.call, key); (met && one.count == 1) || !a.plain {
			one.ask = true
		}
	}
}

// overtake tells a first reading that a correction was faster than.
func (p *plan) overtake(a *arrival) {
	if !a.fresh {
		return
	}
	p.mind.conversation([]*call.Call{a.call})
	p.tell = append(p.tell, call.NewEvent(call.EventNew, a.call))
}

// meet brings the rows that the store has of the conversations.
func (p *plan) meet(ctx context.Context) error {
	var keys []clickhouse.Key
	for _, one := range p.groups.list {
		if one.ask && one.into == nil {
			keys = append(keys, one.key)
		}
	}
	return p.load(ctx, keys)
}

func (p *plan) load(ctx context.Context, keys []clickhouse.Key) error {
	if len(keys) == 0 {
		return nil
	}
	p.metrics.asked.Add(float64(len(keys)))
	legs, err := p.store.Legs(ctx, keys)
	if err != nil {
		return err
	}
	for _, double := range p.groups.admit(legs) {
		if p.doubles == nil {
			p.doubles = map[uint64][]clickhouse.Stored{}
		}
		if !slices.Contains(p.doubles[double.ID], double) {
			p.doubles[double.ID] = append(p.doubles[double.ID], double)
		}
	}
	return nil
}

// think understands every conversation, and looks in the store for those that strangers came from.
func (p *plan) think(ctx context.Context) error {
	asked := map[stranger]bool{}
	return p.groups.think(p.mind, func(wanted []stranger) error {
		var keys []clickhouse.Key
		for _, x := range wanted {
			x.key = "" // of the conversation, which may have been joined since
			if asked[x] {
				continue
			}
			asked[x] = true
			crossing, err := p.store.Crossing(ctx, x.source, []string{x.channel}, x.from-hour, x.to)
			if err != nil {
				return err
			}
			for i := range crossing {
				if key := ownKey(&crossing[i]); x.meets(&crossing[i]) && !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
		return p.load(ctx, keys)
	})
}

// verdict on one row. The arrivals of a plain wave are written already.
func (p *plan) verdict(m *member, plain, fresh, redelivered bool) verdict {
	if m.arrival == nil {
		v := again(m.call, m.prior, p.doubles[m.call.ID], fresh)
		if len(v.write) > 0 {
			p.u.corrected++
		} else if fresh && redelivered && m.prior.Version != m.prior.Version.Chunk() {
			// It was corrected, perhaps by the delivery whose rest comes again now: nobody knows whether it was told.
			v.tell = append(v.tell, call.NewEvent(call.EventCorrected, m.prior))
		}
		return v
	}
	if plain {
		return verdict{}
	}
	v := decide(m.arrival, p.stored[m.call.ID], m.prior)
	if len(v.write) > 0 {
		p.u.stored++
	}
	return v
}
