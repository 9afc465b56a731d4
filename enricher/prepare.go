package main

import (
	"context"
	"errors"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// prepare sees to tables and streams, which the enricher alone creates since it alone knows both sides of a version, and
// makes the stage. A store that is merely away is waited for; one that refuses us stops the start.
func prepare(ctx context.Context, p *process.Process, cfg config, nats *jetstream.Bus, store *clickhouse.Store) (*enricher, error) {
	r, err := loadRules(cfg.RulesFile)
	if err != nil {
		return nil, err
	}
	var (
		trouble process.Trouble
		backoff process.Backoff
	)
	for err = store.Migrate(ctx); err != nil; err = store.Migrate(ctx) {
		if !errors.Is(err, clickhouse.ErrAway) {
			return nil, err
		}
		trouble.Report(p.Log, "waiting for ClickHouse", err)
		p.Turned()
		if !backoff.Wait(ctx) {
			return nil, ctx.Err()
		}
	}
	if err := nats.CreateStreams(ctx, cfg.Streams, store.HighestEpoch); err != nil {
		return nil, err
	}
	e := &enricher{
		cfg: cfg, log: p.Log, metrics: newMetrics(p.Registry), store: store, bus: nats, turned: p.Turned,
	}
	e.rules.Store(r)
	go e.watch(ctx, store)
	return e, nil
}

func (c config) consume() jetstream.Consume {
	return jetstream.Consume{
		Stage: stage, Stream: jetstream.StreamCDR, BatchRows: c.BatchRows, BatchBytes: c.BatchBytes, BatchWait: c.BatchWait,
		AckWait: c.AckWait, WriteTimeout: c.WriteTimeout,
	}
}
