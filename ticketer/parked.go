package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

type parkedConfig struct {
	NATS jetstream.Config
}

// parked is the command: `ticketer parked list` shows the calls that LogsUpdate refused and why, `ticketer parked replay
// [id …]` tells them again, all of them without ids.
func parked(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[parkedConfig](p)
	if err != nil {
		return err
	}
	if len(p.Args) == 0 || p.Args[0] != "list" && p.Args[0] != "replay" || p.Args[0] == "list" && len(p.Args) > 1 {
		return fmt.Errorf("want: %s parked list, or: %s parked replay [id …]", stage, stage)
	}
	nats, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer nats.Close()
	if p.Args[0] == "list" {
		return list(ctx, nats, p)
	}
	return replay(ctx, nats, p)
}

func list(ctx context.Context, nats *jetstream.Bus, p *process.Process) error {
	w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPARKED AT\tREASON")
	if err := nats.ListParked(ctx, stage, func(one jetstream.Parked) error {
		fmt.Fprintf(w, "%s\t%s\t%s\n", one.ID, one.At.UTC().Format(time.RFC3339), one.Reason)
		return nil
	}); err != nil {
		return err
	}
	return w.Flush()
}

// replay reads the whole list first: a call that is replayed may be refused and parked again at once.
func replay(ctx context.Context, nats *jetstream.Bus, p *process.Process) error {
	wanted := p.Args[1:]
	var all []jetstream.Parked
	if err := nats.ListParked(ctx, stage, func(one jetstream.Parked) error {
		if len(wanted) == 0 || slices.Contains(wanted, one.ID) {
			all = append(all, one)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, one := range all {
		if err := nats.Replay(ctx, one); err != nil {
			return fmt.Errorf("replay %s: %w", one.ID, err)
		}
	}
	if len(wanted) > len(all) {
		return fmt.Errorf("replayed %d of %d: the others are not parked; %s parked list shows what is", len(all), len(wanted), stage)
	}
	fmt.Fprintf(p.Out, "replayed %d\n", len(all))
	return nil
}
