// The enricher understands the rows of the log (direction, organisation, who answered, who hung up), stores them in
// ClickHouse and tells the CALL stream about those that are fresh. Any number of enrichers share the work.
package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

func main() {
	process.Main(stage, run,
		process.Command{Name: "parked", Summary: "list or replay rows that could not be digested", Run: parked},
		process.Command{Name: "regenerate", Summary: "understand stored rows anew: --from --to --last N --org N --dry-run", Run: regenerate},
		process.Command{Name: "delete", Summary: "remove rows from the history: --newer-than 30d", Run: deleteNewer},
		process.Command{Name: "generate", Summary: "bring missing rows back: -c 20000 | -d 30", Run: generate})
}

func run(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	nats, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer nats.Close()
	p.Ready("nats", nats.Ping)
	store, err := clickhouse.Open(cfg.Store, stage)
	if err != nil {
		return err
	}
	defer store.Close()
	p.Ready("clickhouse", store.Ping)

	e, err := prepare(ctx, p, cfg, nats, store)
	if err != nil {
		return err
	}
	rows, err := nats.Consume(ctx, cfg.consume())
	if err != nil {
		return err
	}
	defer rows.Close(context.WithoutCancel(ctx))
	e.rows = rows
	if err := nats.Answer(ctx, call.AskExplain, explainWithin, e.explain); err != nil {
		return err
	}
	go e.mends(ctx, rows.Held)
	go e.rejoins(ctx, rows.Held, (&zones{bus: nats}).of, nats.PublishChunks)
	go e.erases(ctx, rows.Held, (&zones{bus: nats}).of, nats.PublishChunks)
	return e.run(ctx)
}
