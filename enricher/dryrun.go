package main

import (
	"context"
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

// reunderstands gives the legs of one conversation as the rules of today have them, in the order they came. zone is what
// its source writes its times in.
type reunderstands func(legs []call.Call, zone string) ([]call.Call, error)

// dryRun says what a regeneration would change. It understands here, with the rules file of this process, and writes and
// publishes nothing.
func dryRun(ctx context.Context, p *process.Process, f regenerateFlags) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	r, err := loadRules(cfg.RulesFile)
	if err != nil {
		return err
	}
	h, err := commandConfig{cfg.NATS, cfg.Store}.open(ctx, p)
	if err != nil {
		return err
	}
	defer h.close()
	d := &comparison{
		store: h.store, zones: zones{bus: h.bus, given: f.zones}, flags: f, out: newProgress(p.Out), anew: reunderstand(r),
		differences: newDifferences(),
	}
	if err := d.run(ctx); err != nil {
		return err
	}
	d.differences.print(p.Out)
	fmt.Fprintln(p.Out, "nothing was written")
	return nil
}

// comparison of what is stored with what the rules of today make of it.
type comparison struct {
	store       *clickhouse.Store
	zones       zones
	flags       regenerateFlags
	out         *progress
	anew        reunderstands
	differences *differences
	done        idSet // rows compared: a conversation may be met on two pages; nil before the first
}

func (d *comparison) run(ctx context.Context) error {
	q := d.flags.span()
	total, err := d.store.CountSpan(ctx, q)
	if err != nil {
		return err
	}
	if d.flags.last > 0 {
		total = min(total, d.flags.last)
	}
	for rows := uint64(0); rows < total; {
		q.Limit = int(min(portionRows, total-rows))
		page, err := d.store.Span(ctx, q)
		if err != nil {
			return err
		}
		if err := d.compare(ctx, page); err != nil {
			return err
		}
		if rows += uint64(len(page)); len(page) < q.Limit {
			break
		}
		last := &page[len(page)-1]
		q.BeforeCalldate, q.BeforeID = last.Calldate, last.ID
		if d.out.due() {
			d.out.say("%d of %d rows compared (%d %%), back to %s", rows, total, percent(rows, total), moment(last.Calldate))
		}
	}
	return nil
}

// compare the conversations of a page's rows, each whole: a leg may be understood by another one's evidence.
func (d *comparison) compare(ctx context.Context, page []call.Call) error {
	var keys []clickhouse.Key
	for i := range page {
		number := len(keys)
		if number == 0 || keys[number-1] != conversationOf(&page[i]) {
			keys = append(keys, conversationOf(&page[i]))
		}
	}
	legs, err := d.store.Legs(ctx, keys)
	if err != nil {
		return err
	}
	groups := conversations(legs)
	if d.done == nil {
		// Whether a PBX writes UTC shows in some rows only. An enricher has seen them; so have we when we begin again.
		for _, one := range groups {
			if _, err := d.understand(ctx, one); err != nil {
				return err
			}
		}
		d.done = idSet{}
	}
	for _, one := range groups {
		anew, err := d.understand(ctx, one)
		if err != nil {
			return err
		}
		for i := range one {
			if d.done.add(one[i].ID) {
				d.differences.add(&one[i], &anew[i])
			}
		}
	}
	return nil
}

func (d *comparison) understand(ctx context.Context, legs []call.Call) ([]call.Call, error) {
	zone, err := d.zones.of(ctx, legs[0].Source)
	if err != nil {
		return nil, err
	}
	anew, err := d.anew(legs, zone)
	if err != nil {
		return nil, fmt.Errorf("understand conversation %s: %w", legs[0].ConversationID(), err)
	}
	return anew, nil
}

// conversations groups legs by what they are part of.
func conversations(legs []call.Call) [][]call.Call {
	places := map[clickhouse.Key]int{}
	var groups [][]call.Call
	for _, leg := range legs {
		key := conversationOf(&leg)
		at, ok := places[key]
		if !ok {
			at = len(groups)
			places[key] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], leg)
	}
	return groups
}
