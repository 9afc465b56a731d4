package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/logsupdate"
)

type config struct {
	NATS       jetstream.Config
	LogsUpdate logsupdate.Config

	// How many calls LogsUpdate is asked about at once.
	Concurrency int `env:"TICKET_CONCURRENCY" envDefault:"4"`
	// How long a call waits for an answer of LogsUpdate before it is parked, from where it can be replayed. Less than
	// CALL_MAX_AGE, after which the log forgets it.
	GiveUpAfter time.Duration `env:"TICKET_GIVE_UP_AFTER" envDefault:"48h"`
}

func (c *config) Validate() error {
	var errs []error
	if c.Concurrency < 1 || c.Concurrency > 64 {
		errs = append(errs, fmt.Errorf("TICKET_CONCURRENCY is %d, want 1 to 64", c.Concurrency))
	}
	if c.GiveUpAfter <= 0 {
		errs = append(errs, fmt.Errorf("TICKET_GIVE_UP_AFTER is %s, want more than 0s", c.GiveUpAfter))
	}
	return errors.Join(errs...)
}

// rounds is how many calls each of the concurrent askers has to see to in a full batch.
const rounds = 8

func (c *config) consume() jetstream.Consume {
	return jetstream.Consume{
		Stage: stage, Stream: jetstream.StreamCALL, BatchRows: rounds * c.Concurrency, BatchBytes: 4 << 20,
		BatchWait: 50 * time.Millisecond, WriteTimeout: c.LogsUpdate.Timeout,
		// Kept up by signs of life while a batch is in hand, so short: it is what the calls of a killed ticketer wait.
		AckWait: c.LogsUpdate.Timeout + 4*signOfLife,
	}
}
