// Command nats is a NATS server with JetStream as a program of its own, for tests that kill it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/cdrflow/cdrflow/services/embedded"
)

func main() {
	addr := flag.String("addr", "", "address to listen on, 127.0.0.1:port")
	dir := flag.String("data", "", "directory of the streams")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := embedded.ServeNATS(ctx, embedded.NATSConfig{Addr: *addr, Dir: *dir, Log: log}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
