// The archiver keeps the voices: it copies finished recordings from the PBX's disk into the store of recordings, checks
// that they arrived, and removes the local copy when it has been archived for long enough. What it has done stands in
// the store alone; it keeps no state of its own.
package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/process"
)

func main() { process.Main("archiver", run) }

func run(ctx context.Context, p *process.Process) error {
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	store, err := minio.Connect(ctx, cfg.MinIO)
	if err != nil {
		return err
	}
	defer store.Close()
	p.Ready("minio", store.Ping)
	p.Ready("recordings", cfg.readable)

	s := newSweeper(cfg, store, newMetrics(p.Registry), p.Log, p.Turned)
	return s.run(ctx, p)
}
