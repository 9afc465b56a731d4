package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

const simulateUsage = `usage: cdrflow simulate [flags]

Writes the calls of a made-up call centre to the table asterisk_cdr, which it makes where there is none: live, or with
-rows a history in bulk. The database is MARIADB_DSN, else the one of the house in DATA_DIR.

`

// simulation is what the flags say.
type simulation struct {
	rate   rate
	calls  int
	rows   int
	days   float64
	until  time.Time
	seed   uint64
	orgs   int
	speed  float64
	truth  string
	keep   int           // recordings of the history
	audio  time.Duration // of a recording, at most
	config simulateConfig

	out io.Writer // progress
}

// rate is calls begun per second.
type rate float64

func (r *rate) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) + "/s" }

func (r *rate) Set(text string) error {
	number, per, found := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n <= 0 || n > 10_000 {
		return errors.New("want calls per second such as 5/s, 30/m or 0.5")
	}
	unit, known := map[string]float64{"s": 1, "m": 60, "h": 3600}[per]
	switch {
	case !found:
		unit = 1
	case !known:
		return errors.New("want calls per second such as 5/s, 30/m or 0.5")
	}
	*r = rate(n / unit)
	return nil
}

func (s *simulation) flags(p *process.Process) error {
	fs := flag.NewFlagSet("cdrflow simulate", flag.ContinueOnError)
	s.rate = 5
	fs.Var(&s.rate, "rate", "live: calls begun per second, as in 5/s or 30/m")
	fs.IntVar(&s.calls, "calls", 0, "live: stop after so many calls have ended; 0: go on until interrupted")
	fs.Float64Var(&s.speed, "speed", 0, "talks are so many times as short; 0: 10 live, 1 in bulk")
	fs.DurationVar(&s.audio, "audio", 3*time.Second, "most that a recording lasts")
	fs.IntVar(&s.rows, "rows", 0, "bulk: rows of history to write, exactly")
	fs.Float64Var(&s.days, "days", 365, "bulk: days that the history covers")
	until := fs.String("until", "", "bulk: end of the history, as in 2026-11-20T12:00:00Z; empty: now")
	fs.IntVar(&s.keep, "recordings", 0, "bulk: how many of the newest recordings to write")
	fs.Uint64Var(&s.seed, "seed", 0, "of the random numbers: the same seed and times give the same calls; 0: another each time")
	fs.IntVar(&s.orgs, "orgs", 2, "organisations, numbered from 1")
	fs.StringVar(&s.truth, "truth", "", "file that gets what really happened, one JSON object a conversation")
	if err := parse(p, fs, simulateUsage); err != nil {
		return err
	}
	s.until = time.Now().Truncate(time.Second)
	if *until != "" {
		var err error
		if s.until, err = time.Parse(time.RFC3339, *until); err != nil {
			return fmt.Errorf("-until is %q, want a time such as 2026-11-20T12:00:00Z", *until)
		}
	}
	for s.seed == 0 {
		s.seed = uint64(time.Now().UnixNano())
	}
	if s.rows < 0 || s.days <= 0 {
		return errors.New("-rows and -days must be above 0")
	}
	return nil
}

// simulateCalls is the command.
func simulateCalls(ctx context.Context, p *process.Process) error {
	return simulateTo(ctx, p, os.Stderr)
}

// simulateTo shows its progress on out.
func simulateTo(ctx context.Context, p *process.Process, out io.Writer) error {
	s := simulation{out: out}
	if err := s.flags(p); err != nil {
		return err
	}
	var err error
	if s.config, err = process.Config[simulateConfig](p); err != nil {
		return err
	}
	dsn, err := s.config.dsn()
	if err != nil {
		return err
	}
	writer, err := mariadb.OpenWriter(ctx, dsn)
	if err != nil {
		return err
	}
	defer writer.Close()
	if err := writer.Define(ctx, simulate.Schema); err != nil {
		return err
	}
	truth, err := openTruth(s.truth)
	if err != nil {
		return err
	}
	if s.rows > 0 {
		return errors.Join(s.bulk(ctx, writer, truth), truth.Close())
	}
	return errors.Join(s.live(ctx, writer, truth), truth.Close())
}
