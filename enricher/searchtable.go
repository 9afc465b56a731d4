package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// searchTable looks for missing rows in the table of a source, by asking its poller: rows that the log has lost, and rows
// that never came to it because they became visible too late.
func (g *generation) searchTable(ctx context.Context, source string) error {
	mark := g.sources[source]
	for below := mark.LastID + 1; ; {
		named, err := askPoller(ctx, g, source, func() (jetstream.Named, error) { return g.bus.Names(ctx, source, below) })
		if errors.Is(err, errSilent) {
			return nil
		}
		if err != nil {
			return err
		}
		if named.Number != mark.SourceNumber || len(named.IDs) != len(named.Times) {
			return fmt.Errorf("the poller of %s has been given another SOURCE_NUMBER just now: do it again", source)
		}
		if err := g.look(ctx, g.unmet(source, named)); err != nil {
			return err
		}
		if named.End || len(named.IDs) == 0 || g.enoughNamed(named.Times) {
			return nil
		}
		below = named.IDs[len(named.IDs)-1]
	}
}

// unmet are the rows of an answer that the log did not show. Rows in a gap are the poller's: it publishes them by itself,
// and announces them.
func (g *generation) unmet(source string, named jetstream.Named) []lacking {
	mark := g.sources[source]
	var block []lacking
	for i, row := range named.IDs {
		id, at := call.ID(named.Number, row), call.Instant(named.Times[i]*1000)
		gap := slices.ContainsFunc(mark.Gaps, func(gap call.Gap) bool { return gap.From <= row && row <= gap.To })
		if gap || !g.seen.add(id) || at < g.flags.since || !g.tried.lacks(id) {
			continue
		}
		block = append(block, lacking{source: source, id: id, at: at})
	}
	return block
}

// enoughNamed tells that rows with lower ids than these can hardly be wanted: all of these are too old, by far.
func (g *generation) enoughNamed(times []int64) bool {
	newest := call.Instant(slices.Max(times)*1000) + slack
	oldest, full := g.missing.full()
	return newest < g.flags.since || full && newest < oldest
}

const (
	// nobodyWait is how long a poller may take to follow one that was killed.
	nobodyWait = 8 * time.Second
	// refusedWait is how long a poller may say no, or nothing: its PBX may be starting.
	refusedWait = time.Minute
)

// errSilent means that a source's poller gives no answer; the reason is kept.
var errSilent = errors.New("the poller gives no answer")

// askPoller asks until the poller of a source answers. One that does not is not asked again: what the log holds can be
// brought back without it.
func askPoller[A any](ctx context.Context, g *generation, source string, question func() (A, error)) (answer A, err error) {
	if g.silent[source] != "" {
		return answer, errSilent
	}
	backoff := process.Backoff{Most: 5 * time.Second}
	for begun, told := time.Now(), false; ; {
		answer, err = question()
		passed := time.Since(begun)
		var refusal *jetstream.Refusal
		switch {
		case err == nil || ctx.Err() != nil:
			return answer, err
		case errors.Is(err, jetstream.ErrNobody):
			if passed > nobodyWait {
				g.silent[source] = "nobody polls " + source + " just now"
				return answer, errSilent
			}
		case errors.As(err, &refusal) || jetstream.Away(err):
			if passed > refusedWait {
				g.silent[source] = fmt.Sprintf("the poller of %s gives no answer (%v)", source, err)
				return answer, errSilent
			}
		default:
			return answer, err
		}
		if !told && passed > time.Second {
			g.out.say("waiting for the poller of %s: %v", source, err)
			told = true
		}
		backoff.Wait(ctx)
	}
}
