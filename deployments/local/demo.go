package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

const demoUsage = `usage: cdrflow demo [flags]

Starts a fresh house in DATA_DIR (./data/demo), fills it with a made-up call centre's history, and lets calls come in.
What an earlier demonstration left there is removed. Ctrl-C ends it.

`

// demonstration is what the flags of `cdrflow demo` say.
type demonstration struct {
	rows      int
	days      float64
	rate      rate
	seed      uint64
	exitAfter time.Duration

	began   time.Time
	process *process.Process
	console *house.Console
	config  demoConfig
}

// demo is the command.
func demo(ctx context.Context, p *process.Process) error {
	d := demonstration{began: time.Now(), process: p, rate: 2}
	flags := flag.NewFlagSet("cdrflow demo", flag.ContinueOnError)
	flags.IntVar(&d.rows, "rows", 100_000, "rows of history")
	flags.Float64Var(&d.days, "days", 60, "days that the history covers")
	flags.Var(&d.rate, "rate", "calls begun per second, as in 5/s or 30/m")
	flags.Uint64Var(&d.seed, "seed", 1, "of the random numbers")
	flags.DurationVar(&d.exitAfter, "exit-after", 0, "end by itself after so long; 0: at Ctrl-C")
	if err := parse(p, flags, demoUsage); err != nil {
		return err
	}
	if d.rows < 1 || d.days <= 0 || d.exitAfter < 0 {
		return errors.New("-rows and -days must be above 0, -exit-after not below")
	}
	var err error
	if d.config, err = process.Config[demoConfig](p); err != nil {
		return err
	}
	d.console = house.NewConsole(os.Stderr, d.config.NoColour != "")
	if d.exitAfter > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, d.exitAfter, errDemoOver)
		defer cancel()
		ctx = limited
	}
	if err := d.run(ctx); err != nil && context.Cause(ctx) != errDemoOver {
		return err
	}
	return nil
}

var errDemoOver = errors.New("the demonstration is over")

func (d *demonstration) run(ctx context.Context) error {
	if err := clearDemo(d.config.DataDir); err != nil {
		return err
	}
	plan, err := d.config.house(d.config.DataDir, logText, "POLL_EVERY="+d.config.PollEvery,
		"SOURCE_TIMEZONE="+d.config.Timezone, "ARCHIVE_EVERY=1m")
	if err != nil {
		return err
	}
	h, err := house.Open(ctx, plan, d.console)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := makeTable(ctx, h.OwnerDSN); err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	calls := make(chan error, 1)
	go func() { calls <- d.calls(ctx, h.OwnerDSN) }()
	// The calls end before the house does.
	defer func() { <-calls }()
	defer stop()

	if err := h.Start(ctx); err != nil {
		return err
	}
	if err := d.show(ctx, h); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-calls:
		calls <- nil
		return err
	}
}

// demoMark is the file by which a directory is known as a demonstration's, whose contents may go.
const demoMark = "demonstration"

// clearDemo empties the directory of an earlier demonstration; it touches no other.
func clearDemo(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into DATA_DIR: %w", err)
	}
	mark := filepath.Join(dir, demoMark)
	if len(entries) > 0 {
		if _, err := os.Stat(mark); err != nil {
			return fmt.Errorf("%s is not empty and no demonstration's: name another directory with DATA_DIR, or use cdrflow up", dir)
		}
		if err := house.Remove(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make DATA_DIR: %w", err)
	}
	return os.WriteFile(mark, nil, 0o600)
}

// calls writes the history and then lives.
func (d *demonstration) calls(ctx context.Context, dsn string) error {
	writer, err := mariadb.OpenWriter(ctx, dsn)
	if err != nil {
		return err
	}
	defer writer.Close()
	z, err := zone(d.config.Timezone)
	if err != nil {
		return err
	}
	s := simulation{
		rate: d.rate, rows: d.rows, days: d.days, until: time.Now(), seed: d.seed, orgs: 2, keep: 50,
		audio: 3 * time.Second, out: d.console.Writer("simulate"),
	}
	s.config.zone, s.config.Recordings = z, d.config.Recordings
	if s.config.Recordings == "" {
		s.config.Recordings = filepath.Join(d.config.DataDir, "recordings")
	}
	if err := s.bulk(ctx, writer, nil); err != nil {
		return err
	}
	s.speed, s.seed = 0, s.seed+1
	return s.live(ctx, writer, nil)
}

// show waits for the first call and says what there is to see.
func (d *demonstration) show(ctx context.Context, h *house.House) error {
	addr := d.config.HTTPAddr
	if err := awaitAPI(ctx, h, d.console, addr); err != nil {
		return err
	}
	fmt.Fprintf(d.process.Out, "ready http://%s\n", addr)
	token, err := sign([]byte(h.JWTSecret), grant{orgs: []int{1, 2}, role: "supervisor", lasts: 24 * time.Hour})
	if err != nil {
		return err
	}
	for {
		list, err := askCalls(ctx, addr, token, "?limit=1")
		if err == nil && len(list.Data) > 0 {
			break
		}
		if !process.Pause(ctx, 25*time.Millisecond) {
			return ctx.Err()
		}
	}
	fmt.Fprintf(d.process.Out, "first call visible after %.1f s\n", time.Since(d.began).Seconds())
	d.hints(ctx, h, addr, token)
	return nil
}

func (d *demonstration) hints(ctx context.Context, h *house.House, addr, token string) {
	say := func(format string, args ...any) { fmt.Fprintf(d.process.Out, format+"\n", args...) }
	say("")
	say("  TOKEN=%s", token)
	say("")
	curl := func(what, path, options string) {
		say("  %-18s curl -s %s-H \"Authorization: Bearer $TOKEN\" 'http://%s%s'", what, options, addr, path)
	}
	curl("the newest calls", "/api/v1/calls?limit=3", "")
	curl("what was missed", "/api/v1/conversations?direction=inbound&outcome=missed,abandoned&limit=3", "")
	curl("today by queue", "/api/v1/stats/queues", "")
	curl("calls as they end", "/api/v1/calls/stream", "-N ")
	curl("a spreadsheet", "/api/v1/calls?format=xlsx", "-o calls.xlsx ")
	say("  %-18s curl -s '%s/tickets?limit=3'", "the tickets", h.LogsUpdateURL)
	if url := d.recording(ctx, addr, token); url != "" {
		say("  %-18s curl -s -o call.wav \"http://%s%s?token=$TOKEN\"", "a recording", addr, url)
	}
	say("  %-18s http://%s/docs", "the API", addr)
	say("  %-18s DATA_DIR=%s cdrflow status", "the stages", d.config.DataDir)
	say("")
}

// recording finds one that can be played, once the newest of the history have come through.
func (d *demonstration) recording(ctx context.Context, addr, token string) string {
	end := time.Now().Add(10 * time.Second)
	for time.Now().Before(end) {
		if list, err := askCalls(ctx, addr, token, "?limit=100"); err == nil {
			for _, c := range list.Data {
				if c.RecordingURL != "" && plays(ctx, addr, c.RecordingURL, token) {
					return c.RecordingURL
				}
			}
		}
		if !process.Pause(ctx, 500*time.Millisecond) {
			break
		}
	}
	return ""
}
