package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

type deleteFlags struct {
	since call.Instant
	age   time.Duration // that since was given as; 0: as an instant
	yes   bool
}

func parseDelete(p *process.Process, now time.Time) (f deleteFlags, err error) {
	flags := flag.NewFlagSet("enricher delete", flag.ContinueOnError)
	flags.SetOutput(p.Out)
	age := flags.String("newer-than", "", "rows that are newer than this `age`: 30d, 2w, 36h")
	since := flags.String("since", "", "rows from this `day` or instant on, UTC")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	if err := flags.Parse(p.Args); err != nil {
		return f, err
	}
	if flags.NArg() > 0 || (*age == "") == (*since == "") {
		return f, fmt.Errorf("delete wants --newer-than AGE or --since DAY, and nothing behind them")
	}
	if *age != "" {
		f.age, err = parseAge("--newer-than", *age)
		f.since = call.InstantOf(now.Add(-f.age))
		return f, err
	}
	f.since, err = parseMoment("--since", *since)
	return f, err
}

// deleteNewer is the command that removes rows from the history. The raw rows stay where they are, on the log and with the
// PBX, and generate brings them back; recordings, tickets and what was erased are not touched.
func deleteNewer(ctx context.Context, p *process.Process) error {
	f, err := parseDelete(p, time.Now())
	if err != nil {
		return err
	}
	h, err := openHistory(ctx, p)
	if err != nil {
		return err
	}
	defer h.close()
	d := &deletion{bus: h.bus, store: h.store, flags: f, out: newProgress(p.Out), zones: zones{bus: h.bus}}
	d.feed = newFeed(h.bus, p.Log, d.out, call.KindRegenerate)
	if !f.yes && terminal(os.Stdin) {
		d.ask = os.Stdin
	}
	return d.run(ctx)
}

// terminal tells whether somebody sits there who can be asked; a script cannot. What reads from nowhere reads from a device
// too.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nowhere, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, nowhere)
}

type deletion struct {
	bus   *jetstream.Bus
	store *clickhouse.Store
	flags deleteFlags
	out   *progress
	zones zones
	feed  *feed
	ask   io.Reader // nil: nobody is asked
}

func (d *deletion) run(ctx context.Context) error {
	rows, err := d.store.CountSpan(ctx, clickhouse.SpanQuery{From: d.flags.since})
	if err != nil {
		return err
	}
	if d.ask != nil && rows > 0 && !d.agreed(rows) {
		d.out.say("nothing was deleted")
		return nil
	}
	cut, err := d.remember(ctx)
	if err != nil {
		return err
	}
	if rows > 0 {
		if rows, err = d.store.DeleteSince(ctx, d.flags.since); err != nil {
			return err
		}
	}
	d.out.say("%d rows since %s deleted", rows, moment(d.flags.since))
	if err := d.mend(ctx, cut); err != nil {
		return err
	}
	if rows > 0 {
		d.out.say("%s generate %s brings them back", stage, d.wayBack())
	}
	return nil
}

func (d *deletion) agreed(rows uint64) bool {
	d.out.say("%d rows since %s will be deleted from the history. Type yes to go on:", rows, moment(d.flags.since))
	answer, _ := bufio.NewReader(d.ask).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}

// wayBack is what generate is told to bring the rows back.
func (d *deletion) wayBack() string {
	age := d.flags.age
	if age == 0 {
		age = time.Since(d.flags.since.Time())
	}
	const day = 24 * time.Hour
	return fmt.Sprintf("-d %d", max(1, (age+day-1)/day))
}
