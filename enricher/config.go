package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

type config struct {
	NATS    jetstream.Config
	Streams jetstream.Streams
	Store   clickhouse.Config
	// What a site says about itself, a YAML file: organisations, trunks, contexts. It is read again when it changes; a bad
	// file is refused whole and the rules in force stay. Empty: only the standard contexts and channel names are known.
	RulesFile string `env:"RULES_FILE"`
	// Most rows in one insert.
	BatchRows int `env:"BATCH_ROWS" envDefault:"10000"`
	// Most bytes of rows, as they travel, in one insert.
	BatchBytes int `env:"BATCH_BYTES" envDefault:"8388608"`
	// How long the first row of a batch waits for others.
	BatchWait time.Duration `env:"BATCH_WAIT" envDefault:"250ms"`
	// How long storing and telling one batch may take before it goes back to the log.
	WriteTimeout time.Duration `env:"WRITE_TIMEOUT" envDefault:"20s"`
	// How long a delivered chunk may stay unacknowledged before the log delivers it again: what an enricher that was killed
	// had in hand is late by this much.
	AckWait time.Duration `env:"ACK_WAIT" envDefault:"30s"`
	// Calls that ended longer ago than this when they came to the log are stored and not announced: a backfill of five
	// years opens no tickets.
	AnnounceWindow time.Duration `env:"ANNOUNCE_WINDOW" envDefault:"24h"`
}

func (c config) Validate() error {
	var mistakes []error
	if c.BatchRows < 1 {
		mistakes = append(mistakes, fmt.Errorf("BATCH_ROWS is %d, want at least 1", c.BatchRows))
	}
	if c.BatchBytes < 1<<20 {
		mistakes = append(mistakes, fmt.Errorf("BATCH_BYTES is %d, want at least 1048576", c.BatchBytes))
	}
	if c.BatchWait <= 0 {
		mistakes = append(mistakes, fmt.Errorf("BATCH_WAIT is %s, want more than 0s", c.BatchWait))
	}
	if c.WriteTimeout <= 0 {
		mistakes = append(mistakes, fmt.Errorf("WRITE_TIMEOUT is %s, want more than 0s", c.WriteTimeout))
	}
	if c.AckWait <= c.BatchWait+c.WriteTimeout {
		mistakes = append(mistakes, fmt.Errorf("ACK_WAIT is %s, want more than BATCH_WAIT + WRITE_TIMEOUT (%s)", c.AckWait, c.BatchWait+c.WriteTimeout))
	}
	if c.AnnounceWindow < 0 {
		mistakes = append(mistakes, fmt.Errorf("ANNOUNCE_WINDOW is %s, want 0s or more", c.AnnounceWindow))
	}
	if _, err := loadRules(c.RulesFile); err != nil {
		mistakes = append(mistakes, err)
	}
	return errors.Join(mistakes...)
}
