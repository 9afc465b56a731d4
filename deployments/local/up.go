package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/process"
)

const upUsage = `usage: cdrflow up

Starts the whole house on this machine: NATS, the ClickHouse engine, MariaDB and MinIO, each only where no address of
one is set (NATS_URL, CLICKHOUSE_DSN, MARIADB_DSN, MINIO_ENDPOINT), a small LogsUpdate (unless LOGSUPDATE_URL is set), and
the five stages. Data is kept in DATA_DIR; the API is served at HTTP_ADDR. Ctrl-C stops everything in order.
`

// logText makes the stages log text: it is people who read the log of a house.
const logText = "LOG_FORMAT=text"

// up is the command: the house until the context ends.
func up(ctx context.Context, p *process.Process) error {
	if err := parse(p, flag.NewFlagSet("cdrflow up", flag.ContinueOnError), upUsage); err != nil {
		return err
	}
	cfg, err := process.Config[config](p)
	if err != nil {
		return err
	}
	plan, err := cfg.house(cfg.DataDir, logText)
	if err != nil {
		return err
	}
	console := house.NewConsole(os.Stderr, cfg.NoColour != "")
	h, err := house.Open(ctx, plan, console)
	if err != nil {
		return err
	}
	defer h.Close()
	if h.OwnerDSN != "" {
		if err := makeTable(ctx, h.OwnerDSN); err != nil {
			return err
		}
	}
	if err := h.Start(ctx); err != nil {
		return err
	}
	if err := awaitAPI(ctx, h, console, cfg.HTTPAddr); err != nil {
		return err
	}
	fmt.Fprintf(p.Out, "ready http://%s\n", cfg.HTTPAddr)
	<-ctx.Done()
	return nil
}

// awaitAPI waits until the API answers a question of ours.
func awaitAPI(ctx context.Context, h *house.House, console *house.Console, addr string) error {
	token, err := sign([]byte(h.JWTSecret), grant{orgs: []int{1}, role: "agent", lasts: time.Hour})
	if err != nil {
		return err
	}
	slow := time.NewTimer(30 * time.Second)
	defer slow.Stop()
	return h.Settle(ctx, func(ctx context.Context) error {
		for {
			_, err := askCalls(ctx, addr, token, "?limit=1")
			var status statusError
			// A secret that others sign with too may come with demands that our token does not meet.
			if err == nil || errors.As(err, &status) && status/100 == 4 {
				return nil
			}
			select {
			case <-slow.C:
				console.Say("the API does not answer yet: %v", err)
			default:
			}
			if !process.Pause(ctx, 25*time.Millisecond) {
				return ctx.Err()
			}
		}
	})
}

// parse reads the flags of a command, which takes no other arguments; -h prints them with what usage says.
func parse(p *process.Process, fs *flag.FlagSet, usage string) error {
	fs.SetOutput(io.Discard) // an error is printed by whoever gets it, without a page of usage
	err := fs.Parse(p.Args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.Out, usage)
		fs.SetOutput(p.Out)
		fs.PrintDefaults()
		return err
	case err != nil:
		return fmt.Errorf("%w; %s -h lists what there is", err, fs.Name())
	case fs.NArg() > 0:
		return fmt.Errorf("unknown argument %q; %s -h lists what there is", fs.Arg(0), fs.Name())
	}
	return nil
}
