package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// backfill publishes a range of rows once more, as history: they are stored and not announced. It runs beside the poller
// and leaves the checkpoint alone; doing it twice is harmless.
//
// It ends where the poller's look-back begins. Above that, a row read here could be published after the poller published a
// newer reading of it, and hide the correction.
func backfill(ctx context.Context, p *process.Process) error {
	flags := flag.NewFlagSet("poller backfill", flag.ContinueOnError)
	flags.SetOutput(p.Out)
	from := flags.Uint64("from", 0, "first row id")
	to := flags.Uint64("to", 0, "last row id")
	if err := flags.Parse(p.Args); err != nil {
		return err
	}
	if *from < 1 || *to < *from || *to > call.MaxRowID || flags.NArg() > 0 {
		return fmt.Errorf("backfill wants --from ID --to ID with row ids, from 1 to %d, the lower first", uint64(call.MaxRowID))
	}
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	table, err := mariadb.Open(ctx, cfg.MariaDB)
	if err != nil {
		return err
	}
	defer table.Close()
	bus, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer bus.Close()

	cp, _, err := bus.Checkpoint(ctx, cfg.Source)
	if errors.Is(err, jetstream.ErrNoCheckpoint) || errors.Is(err, jetstream.ErrNoStream) {
		return fmt.Errorf("source %s was never polled, so there is nothing to publish once more: start its poller", cfg.Source)
	}
	if err != nil {
		return err
	}
	if cp.SourceNumber != cfg.SourceNumber {
		return fmt.Errorf("SOURCE_NUMBER is %d and the poller of %s has %d, want the same", cfg.SourceNumber, cfg.Source, cp.SourceNumber)
	}
	if *to > cp.LookBackID {
		fmt.Fprintf(p.Out, "rows above %d are the poller's, which compares them by itself: ending there\n", cp.LookBackID)
		*to = cp.LookBackID
	}
	b := filler{poller: newPoller(cfg, table, bus, p), bus: bus}
	n, err := b.fill(ctx, *from, *to)
	if err != nil {
		return fmt.Errorf("backfill: %d rows published, go on with --from %d --to %d: %w", n, b.next, *to, err)
	}
	fmt.Fprintf(p.Out, "%d rows published\n", n)
	return nil
}

type filler struct {
	*poller
	bus  *jetstream.Bus
	next uint64 // first id that is not published
}

func (b *filler) fill(ctx context.Context, from, to uint64) (rows int, err error) {
	limit := b.cfg.PageRows
	for b.next = from; b.next <= to; {
		if err := b.room(ctx); err != nil {
			return rows, err
		}
		pg := b.page(call.KindBackfill)
		var list []large
		last, cut := b.next, false
		n, err := b.table.Rows(ctx, []mariadb.Range{{From: b.next, To: to}}, limit, func(id uint64, values [][]byte) bool {
			if cut = pg.full(); cut {
				return false
			}
			last = id
			b.take(pg, id, values, &list)
			return true
		})
		if err != nil {
			return rows, err
		}
		if err := b.parkLarge(ctx, list); err != nil {
			return rows, err
		}
		if err := b.bus.PublishChunks(ctx, b.cfg.Source, pg.take(nil)); err != nil {
			return rows, err
		}
		rows += pg.rows
		b.next = last + 1
		if n < limit && !cut {
			return rows, nil
		}
		limit = nextLimit(limit, b.cfg.PageRows, pg, cut)
	}
	return rows, nil
}

// room waits while the log is more than half full or its readers are far behind: history can wait, calls cannot.
func (b *filler) room(ctx context.Context) error {
	for said := false; ; said = true {
		p, err := b.bus.Pressure(ctx)
		if err != nil {
			return err
		}
		late := p.MaxAge > 0 && !p.Oldest.IsZero() && time.Since(p.Oldest) > p.MaxAge/4
		if !late && (p.MaxBytes == 0 || p.Bytes < p.MaxBytes/2) {
			return nil
		}
		if !said {
			fmt.Fprintln(b.proc.Out, "waiting until the log has room")
		}
		if !process.Pause(ctx, 5*time.Second) {
			return ctx.Err()
		}
	}
}
