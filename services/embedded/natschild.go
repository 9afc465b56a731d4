package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// NATSChildConfig describes a NATS server in a child process.
type NATSChildConfig struct {
	Path string   // a program that calls ServeNATS
	Args []string // its arguments, with the address and the directory
	Addr string   // what it listens on: 127.0.0.1:port

	Output io.Writer
	Prefix string
}

// StartNATS starts a program that calls ServeNATS as a child and waits until it answers on Addr; clients then connect
// to "nats://" + Addr.
func StartNATS(ctx context.Context, cfg NATSChildConfig) (*Child, error) {
	return Start(ctx, Command{
		Name:   "NATS",
		Path:   cfg.Path,
		Args:   cfg.Args,
		Output: cfg.Output,
		Prefix: cfg.Prefix,
		Ready:  func(ctx context.Context) error { return natsAnswers(ctx, cfg.Addr) },
	})
}

func natsAnswers(ctx context.Context, addr string) error {
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the server's first line: %w", err)
	}
	if !strings.HasPrefix(line, "INFO ") || !strings.Contains(line, `"jetstream":true`) {
		return fmt.Errorf("the server on %s is no NATS server with JetStream", addr)
	}
	return nil
}
