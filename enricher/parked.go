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

// parked is the command: `enricher parked list` shows what could not be digested, `enricher parked replay [id …]` sends
// it through again, all of it without ids.
func parked(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[parkedConfig](p)
	if err != nil {
		return err
	}
	if len(p.Args) == 0 || (p.Args[0] != "list" && p.Args[0] != "replay") {
		return fmt.Errorf("want: %s parked list, or: %s parked replay [id …]", stage, stage)
	}
	nats, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer nats.Close()
	var all []jetstream.Parked
	if err := nats.ListParked(ctx, stage, func(one jetstream.Parked) error {
		all = append(all, one)
		return nil
	}); err != nil {
		return err
	}
	if p.Args[0] == "list" {
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tPARKED AT\tSOURCE\tREASON")
		for _, one := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", one.ID, one.At.UTC().Format(time.RFC3339), one.Source, one.Reason)
		}
		return w.Flush()
	}
	wanted, replayed := p.Args[1:], 0
	for _, one := range all {
		if len(wanted) > 0 && !slices.Contains(wanted, one.ID) {
			continue
		}
		if err := nats.Replay(ctx, one); err != nil {
			return fmt.Errorf("replay %s: %w", one.ID, err)
		}
		replayed++
	}
	if len(wanted) > replayed {
		return fmt.Errorf("replayed %d of %d: the others are not parked; %s parked list shows what is", replayed, len(wanted), stage)
	}
	fmt.Fprintf(p.Out, "replayed %d\n", replayed)
	return nil
}
