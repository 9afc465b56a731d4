// The poller copies the rows of one PBX's table of call records to the log, each once, and understands nothing of them.
// It finds what commits late or changes later; a second poller of the same source stands by.
package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

const stage = "poller"

func main() {
	process.Main(stage, run,
		process.Command{Name: "backfill", Summary: "publish a range of rows once more: --from ID --to ID", Run: backfill})
}

func run(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	table, err := mariadb.Open(ctx, cfg.MariaDB)
	if err != nil {
		return err
	}
	defer table.Close()
	p.Ready("mariadb", table.Ping)

	nats, err := jetstream.Connect(ctx, cfg.NATS, stage, p.Log)
	if err != nil {
		return err
	}
	defer nats.Close()
	p.Ready("nats", nats.Ping)

	return newPoller(cfg, table, nats, p).run(ctx)
}
