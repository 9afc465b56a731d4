// Command queryapi answers for the call history: lists, single calls, how they are understood, and recordings, over HTTP
// with JSON, to whoever holds a token of an organisation.
package main

import (
	"context"
	"fmt"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

func main() { process.Main("queryapi", run) }

func run(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}

	store, err := clickhouse.Open(cfg.ClickHouse, p.Name)
	if err != nil {
		return err
	}
	defer store.Close()
	p.Ready("clickhouse", store.Ping)

	enrichers, hangUp := dial(ctx, cfg.NATS, p.Name, p.Log)
	defer hangUp()

	recordings, lock, err := openVault(cfg.MinIO)
	if err != nil {
		return err
	}
	defer lock()

	a := newAPI(cfg, store, enrichers, recordings, p.Log, newMetrics(p.Registry))
	defer a.attend(ctx, cfg)()
	if err := a.serve(ctx, cfg, p.Turned); err != nil {
		return fmt.Errorf("serve the API: %w", err)
	}
	return nil
}
