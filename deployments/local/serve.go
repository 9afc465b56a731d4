package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/receiver"
	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/embedded/engine"
	"github.com/cdrflow/cdrflow/services/process"
)

// The commands below are servers. The house calls this program anew for each, so that each can be killed alone; a user
// has no use for them.

func serverLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }

func serveNATS(ctx context.Context, p *process.Process) error {
	fs := flag.NewFlagSet("cdrflow serve-nats", flag.ContinueOnError)
	cfg := embedded.NATSConfig{Log: serverLog()}
	fs.StringVar(&cfg.Addr, "addr", "", "address to listen on, 127.0.0.1:port")
	fs.StringVar(&cfg.Dir, "data", "", "directory of the streams")
	if err := parse(p, fs, ""); err != nil {
		return err
	}
	return embedded.ServeNATS(ctx, cfg)
}

func serveEngine(ctx context.Context, p *process.Process) error {
	fs := flag.NewFlagSet("cdrflow serve-engine", flag.ContinueOnError)
	cfg := engine.Config{Log: serverLog(), Password: os.Getenv("ENGINE_PASSWORD")}
	fs.StringVar(&cfg.DataDir, "data", "", "directory of the tables")
	fs.StringVar(&cfg.Addr, "addr", "", "address to listen on, 127.0.0.1:port")
	fs.StringVar(&cfg.User, "user", "", "user name of the clients; the password is in ENGINE_PASSWORD")
	fs.StringVar(&cfg.Library, "library", "", "path of libchdb.so")
	if err := parse(p, fs, ""); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := engine.EndWithInput(cancel); err != nil {
		return err
	}
	return engine.Main(ctx, cfg, func(string) {})
}

func serveLogsUpdate(ctx context.Context, p *process.Process) error {
	fs := flag.NewFlagSet("cdrflow serve-logsupdate", flag.ContinueOnError)
	addr := fs.String("addr", "", "address to listen on, 127.0.0.1:port")
	file := fs.String("file", "", "file of the tickets")
	if err := parse(p, fs, ""); err != nil {
		return err
	}
	tickets, err := receiver.Open(*file)
	if err != nil {
		return err
	}
	defer tickets.Close()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("serve tickets: %w", err)
	}
	server := &http.Server{Handler: tickets, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
	})
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve tickets: %w", err)
	}
	return nil
}
