package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// persist does something again and again until it works: a command that runs for hours outlives the restart of a server.
// Errors that do not pass are returned.
func persist(ctx context.Context, log *slog.Logger, what string, do func() error) error {
	var (
		trouble process.Trouble
		backoff process.Backoff
	)
	for {
		err := do()
		switch {
		case err == nil:
			trouble.Over(log, what+" works again")
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !passes(err):
			return err
		}
		trouble.Report(log, what, err)
		backoff.Wait(ctx)
	}
}

// passes tells errors of a server that is away from those that nobody but an operator can mend.
func passes(err error) bool {
	return errors.Is(err, clickhouse.ErrAway) || jetstream.Away(err)
}
