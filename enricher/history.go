package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// history is what the commands about stored rows work on: the table, and the log beside it.
type history struct {
	bus   *jetstream.Bus
	store *clickhouse.Store
}

// commandConfig is what these commands need: no rules, for they understand nothing.
type commandConfig struct {
	NATS  jetstream.Config
	Store clickhouse.Config
}

func openHistory(ctx context.Context, p *process.Process) (*history, error) {
	cfg, err := process.Config[commandConfig](p)
	if err != nil {
		return nil, err
	}
	return cfg.open(ctx, p)
}

func (c commandConfig) open(ctx context.Context, p *process.Process) (*history, error) {
	bus, err := jetstream.Connect(ctx, c.NATS, stage, p.Log)
	if err != nil {
		return nil, err
	}
	store, err := clickhouse.Open(c.Store, stage)
	if err != nil {
		bus.Close()
		return nil, err
	}
	return &history{bus: bus, store: store}, nil
}

func (h *history) close() {
	h.store.Close()
	h.bus.Close()
}
