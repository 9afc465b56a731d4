// The ticketer sees to tickets: it posts each fresh call of the CALL stream to LogsUpdate, once in effect however often
// it is delivered, waits while LogsUpdate is away, and parks what it refuses. Any number of ticketers share the work.
package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/logsupdate"
	"github.com/cdrflow/cdrflow/services/process"
)

const stage = "ticketer"

func main() {
	process.Main(stage, run,
		process.Command{Name: "parked", Summary: "list or replay calls that LogsUpdate refused", Run: parked})
}

func run(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	desk, err := logsupdate.Open(cfg.LogsUpdate)
	if err != nil {
		return err
	}
	defer desk.Close()
	nats, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer nats.Close()
	p.Ready("nats", nats.Ping)
	if err := nats.AwaitStreams(ctx); err != nil {
		return err
	}
	calls, err := nats.Consume(ctx, cfg.consume())
	if err != nil {
		return err
	}
	defer calls.Close(context.WithoutCancel(ctx))

	t := newTicketer(cfg, calls, desk, nats, newMetrics(p.Registry), p.Log, p.Turned)
	return t.run(ctx)
}
