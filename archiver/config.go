package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
)

type config struct {
	MinIO minio.Config

	// Directory in which the PBX writes its recordings; everything below it is looked through.
	Dir string `env:"RECORDINGS_DIR" envDefault:"/var/spool/asterisk/monitor"`
	// Name of the PBX, as the poller has it: recordings are stored as <source>/<file name>.
	Source string `env:"SOURCE" envDefault:"pbx"`
	// Time between two sweeps. 0 sweeps once and exits, for a scheduler that owns the hour.
	Every time.Duration `env:"ARCHIVE_EVERY" envDefault:"1h"`
	// How long a recording stays on the PBX's disk after it was archived. Well below an hour it is for archivers only that
	// run beside the PBX and can see which files it has open.
	KeepLocal time.Duration `env:"KEEP_LOCAL" envDefault:"24h"`
	// How long a file must not have changed before it counts as finished.
	Settle time.Duration `env:"SETTLE" envDefault:"60s"`
	// How many recordings are worked on at once.
	Concurrency int `env:"ARCHIVE_CONCURRENCY" envDefault:"4"`
}

func (c *config) Validate() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !c.MinIO.Configured() {
		complain("MINIO_ENDPOINT is not set, want the address of the store, such as 127.0.0.1:9000 or https://s3.example.com")
	}
	if c.Dir == "" {
		complain("RECORDINGS_DIR is not set, want the directory in which the PBX writes its recordings")
	}
	if minio.Key(c.Source, "x.wav") == "" {
		complain("SOURCE is %q, want the PBX's name, one word such as pbx", c.Source)
	}
	if c.Every != 0 && c.Every < time.Second {
		complain("ARCHIVE_EVERY is %s, want at least 1s, or 0 to sweep once", c.Every)
	}
	if c.KeepLocal < 0 {
		complain("KEEP_LOCAL is %s, want 0s or more", c.KeepLocal)
	}
	if c.Settle < time.Second {
		complain("SETTLE is %s, want at least 1s", c.Settle)
	}
	if c.Concurrency < 1 || c.Concurrency > 64 {
		complain("ARCHIVE_CONCURRENCY is %d, want 1 to 64", c.Concurrency)
	}
	return errors.Join(errs...)
}

// readable tells whether the recordings can be listed.
func (c *config) readable(context.Context) error {
	dir, err := os.Open(c.Dir)
	if err != nil {
		return fmt.Errorf("open RECORDINGS_DIR: %w", err)
	}
	return dir.Close()
}
