// Command engine holds the embedded ClickHouse engine in a process of its own, for tests and for whoever starts it as
// a child: it prints "ready http://127.0.0.1:port" on standard output when clients can connect, and ends when its
// standard input closes (so it never outlives its parent), on SIGTERM or on SIGINT.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/cdrflow/cdrflow/services/embedded/engine"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var cfg engine.Config
	flag.StringVar(&cfg.DataDir, "data", "", "directory of the tables (required)")
	flag.StringVar(&cfg.Addr, "addr", "127.0.0.1:0", "loopback address to listen on")
	flag.StringVar(&cfg.User, "user", "default", "user name clients log in with; the password is in ENGINE_PASSWORD")
	flag.StringVar(&cfg.Library, "library", "", "path of libchdb.so; empty: CHDB_LIBRARY, or beside this program, or bin/ of the repository")
	flag.IntVar(&cfg.Connections, "connections", 0, "queries that run at the same time; 0: 8")
	flag.Int64Var(&cfg.Memory, "memory", 0, "bytes the engine may use; 0: half of the machine's memory")
	flag.DurationVar(&cfg.Stop, "stop", 0, "time running queries have to finish at the end; 0: 1.5s")
	flag.Parse()
	cfg.Password = os.Getenv("ENGINE_PASSWORD")
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := engine.EndWithInput(cancel); err != nil {
		return err
	}
	return engine.Main(ctx, cfg, func(url string) { fmt.Println("ready", url) })
}
