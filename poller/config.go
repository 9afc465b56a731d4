package main

import (
	"errors"
	"fmt"
	"regexp"
	"time"
	_ "time/tzdata" // an image has no zones of its own

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
)

type config struct {
	MariaDB mariadb.Config
	NATS    jetstream.Config

	// Name of the source, one PBX: small letters, digits and hyphens. One poller reads a source; others with the same name
	// stand by.
	Source string `env:"SOURCE" envDefault:"pbx"`
	// Number of the source, 0 to 8191, part of the identity of its calls and therefore its own for ever. The calls of
	// source 0 have the ids of their rows. A new number makes the rows new calls: for a table that was restored or emptied.
	SourceNumber uint32 `env:"SOURCE_NUMBER" envDefault:"0"`
	// Time zone of the PBX, an IANA name such as Asia/Kolkata: calldate is its local time.
	SourceTimezone string `env:"SOURCE_TIMEZONE" envDefault:"UTC"`
	// How long the poller waits at the end of the table before it asks again.
	PollEvery time.Duration `env:"POLL_EVERY" envDefault:"30s"`
	// Most rows in one query, and in one page of the log.
	PageRows int `env:"PAGE_ROWS" envDefault:"5000"`
	// For how long after their first reading rows are compared again, for what a PBX writes later: userfield, recordingfile.
	// 0s compares none.
	LookBack time.Duration `env:"LOOK_BACK" envDefault:"15m"`
	// Most rows that are remembered for comparing, the newest; each takes 16 bytes of memory.
	LookBackRows int `env:"LOOK_BACK_ROWS" envDefault:"1000000"`
	// How long an id that was passed over is waited for. It must be longer than any transaction that writes calls; after it
	// the id counts as rolled back.
	GapTimeout time.Duration `env:"GAP_TIMEOUT" envDefault:"10m"`
	// Row id to read from, where there is no checkpoint, or to go back to, where it is below the checkpoint. It is followed
	// once: the same value at the next start changes nothing. 0 goes on from the checkpoint.
	PollFrom uint64 `env:"POLL_FROM" envDefault:"0"`
}

var sourceName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (c *config) Validate() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(sourceName.MatchString(c.Source), "SOURCE is %q, want 1 to 32 small letters, digits and hyphens", c.Source)
	want(c.SourceNumber <= call.MaxSourceNumber, "SOURCE_NUMBER is %d, want 0 to %d", c.SourceNumber, call.MaxSourceNumber)
	_, err := time.LoadLocation(c.SourceTimezone)
	want(err == nil && c.SourceTimezone != "Local", "SOURCE_TIMEZONE is %q, want an IANA name such as Asia/Kolkata", c.SourceTimezone)
	want(c.PollEvery >= time.Second && c.PollEvery <= time.Hour, "POLL_EVERY is %s, want 1s to 1h", c.PollEvery)
	want(c.PageRows >= 1 && c.PageRows <= 100_000, "PAGE_ROWS is %d, want 1 to 100000", c.PageRows)
	want(c.LookBack >= 0 && c.LookBack <= 24*time.Hour, "LOOK_BACK is %s, want 0s to 24h", c.LookBack)
	want(c.LookBackRows >= 1 && c.LookBackRows <= 50_000_000, "LOOK_BACK_ROWS is %d, want 1 to 50000000", c.LookBackRows)
	want(c.GapTimeout >= time.Second && c.GapTimeout <= 24*time.Hour, "GAP_TIMEOUT is %s, want 1s to 24h", c.GapTimeout)
	want(c.PollFrom <= call.MaxRowID, "POLL_FROM is %d, want a row id, at most %d", c.PollFrom, uint64(call.MaxRowID))
	return errors.Join(errs...)
}
