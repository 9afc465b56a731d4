package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	// usualCount is how many rows are taken where nothing is said.
	usualCount = 20_000
	// mostAtOnce bounds the rows that are remembered between finding and publishing them. More are taken in rounds.
	mostAtOnce = 500_000
	// lookedUpAtOnce is how many ids the store is asked for.
	lookedUpAtOnce = 20_000
	// movedOften is when it is given up to publish beside a poller that works and does not answer, as an older one would.
	movedOften = 5
	// slack allows for clocks and zones that are set wrong, where times decide that a search may end.
	slack = call.Instant(24 * time.Hour / time.Millisecond)
)

// generate is the command that brings back what the history lacks: it finds the newest rows of the sources that are
// missing and has them published as history, from the log where that still holds them, else by the pollers. They get the
// ids that they always had, and nobody is told of them.
func generate(ctx context.Context, p *process.Process) error {
	f, err := parseGenerate(p, time.Now())
	if err != nil {
		return err
	}
	h, err := openHistory(ctx, p)
	if err != nil {
		return err
	}
	defer h.close()
	g := &generation{
		bus: h.bus, store: h.store, log: p.Log, flags: f, out: newProgress(p.Out), tried: idSet{}, silent: map[string]string{},
	}
	return g.run(ctx)
}

// generation is one run of the command.
type generation struct {
	bus   *jetstream.Bus
	store *clickhouse.Store
	log   *slog.Logger
	flags generateFlags
	out   *progress

	// Of one round.
	sources map[string]*bookmark
	head    uint64 // what came to the log later is live
	seen    idSet  // rows that were looked up
	missing newest
	feed    *feed

	tried    idSet             // rows that were published, in any round
	silent   map[string]string // sources whose poller gives no answer: why
	compared uint64
	back     uint64       // rows that are there again
	lost     uint64       // rows that neither log nor poller could give
	oldest   call.Instant // of those that are back
}

// bookmark is how far a source was read when the round began.
type bookmark struct {
	call.Checkpoint
	revision uint64
}

// errMoved means that a poller published while rows were published as if there were none: the round is begun anew.
var errMoved = errors.New("a poller that gave no answer has published something meanwhile")

func (g *generation) run(ctx context.Context) error {
	for moved := 0; ; {
		most := uint64(mostAtOnce)
		if g.flags.count > 0 {
			most = min(most, g.flags.count-min(g.flags.count, g.back))
		}
		if most == 0 {
			break
		}
		found, err := g.round(ctx, int(most))
		if errors.Is(err, errMoved) {
			if moved++; moved < movedOften {
				g.out.say("%v: looking again", err)
				clear(g.silent)
				continue
			}
		}
		if err != nil {
			return err
		}
		if uint64(found) < most {
			break
		}
	}
	g.sum()
	return nil
}

// round finds missing rows and brings them back.
func (g *generation) round(ctx context.Context, most int) (found int, err error) {
	g.feed = newFeed(g.bus, g.log, g.out, call.KindBackfill)
	g.seen, g.missing = idSet{}, newest{most: most}
	if err := g.begin(ctx); err != nil {
		return 0, err
	}
	if err := g.searchLog(ctx); err != nil {
		return 0, err
	}
	for source := range g.sources {
		if err := g.searchTable(ctx, source); err != nil {
			return 0, err
		}
	}
	list := g.missing.sorted()
	err = g.publish(ctx, list)
	if err != nil && !errors.Is(err, errMoved) {
		return 0, err
	}
	return len(list), errors.Join(g.confirm(ctx, list, err == nil), err)
}

// begin notes where sources and log stand, and waits until the enrichers have stored what is before that: what is missing
// then is not on its way.
func (g *generation) begin(ctx context.Context) error {
	names, err := g.bus.Sources(ctx)
	if err != nil {
		return err
	}
	g.sources = map[string]*bookmark{}
	for _, name := range names {
		if g.flags.from != "" && g.flags.from != name {
			continue
		}
		cp, revision, err := g.bus.Checkpoint(ctx, name)
		if errors.Is(err, jetstream.ErrNoCheckpoint) {
			continue
		}
		if err != nil {
			return err
		}
		g.sources[name] = &bookmark{cp, revision}
	}
	if g.flags.from != "" && g.sources[g.flags.from] == nil {
		return fmt.Errorf("source %s was never polled, want one of: %s", g.flags.from, strings.Join(names, ", "))
	}
	// After the checkpoints: whatever they count as read is on the log up to here.
	if g.head, err = g.bus.Newest(ctx); err != nil {
		return err
	}
	g.feed.far = func() string { return "waiting until what is on the log is stored" }
	return g.feed.await(ctx, g.head)
}

// look which rows of a block the history lacks.
func (g *generation) look(ctx context.Context, block []lacking) error {
	if len(block) == 0 {
		return nil
	}
	ids := make([]uint64, len(block))
	for i := range block {
		ids[i] = block[i].id
	}
	stored, err := g.stored(ctx, ids)
	if err != nil {
		return err
	}
	for i := range block {
		if len(stored[block[i].id]) == 0 {
			g.missing.add(block[i])
		}
	}
	g.compared += uint64(len(block))
	if g.out.due() {
		g.out.say("%d rows compared, back to %s; %d are missing so far", g.compared, moment(block[len(block)-1].at), len(g.missing.rows))
	}
	return nil
}

func (g *generation) stored(ctx context.Context, ids []uint64) (stored map[uint64][]clickhouse.Stored, err error) {
	err = persist(ctx, g.log, "look rows up", func() error {
		stored, err = g.store.Lookup(ctx, ids)
		return err
	})
	return stored, err
}

// confirm counts what came back. Rows that did not are lost, unless they were not all published.
func (g *generation) confirm(ctx context.Context, list []lacking, all bool) error {
	g.feed.far = func() string { return fmt.Sprintf("%d rows published", len(list)) }
	if err := g.feed.drain(ctx); err != nil {
		return err
	}
	for len(list) > 0 {
		part := list[:min(len(list), lookedUpAtOnce)]
		list = list[len(part):]
		ids := make([]uint64, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		stored, err := g.stored(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			rows := stored[id]
			if len(rows) > 0 || all {
				g.tried.add(id)
			}
			if len(rows) == 0 {
				if all {
					g.lost++
				}
				continue
			}
			if g.back++; g.back == 1 || rows[0].Calldate < g.oldest {
				g.oldest = rows[0].Calldate
			}
		}
	}
	return nil
}

// sum says what came of it.
func (g *generation) sum() {
	switch {
	case g.back > 0:
		g.out.say("%d rows came back, the oldest of %s", g.back, moment(g.oldest))
	case g.lost == 0:
		g.out.say("nothing is missing: %d rows compared", g.compared)
	}
	if g.lost > 0 {
		g.out.say("%d rows did not come back: %s parked list shows those that could not be stored; rows that changed just now come by themselves", g.lost, stage)
	}
	for _, why := range g.silent {
		g.out.say("%s, so only the log was searched for its rows: do it again when its poller runs", why)
	}
}
