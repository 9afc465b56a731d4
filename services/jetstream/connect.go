package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is an open connection to the log. It is safe for concurrent use and comes back by itself after an outage.
type Bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
	log  *slog.Logger
	name string
}

// Errors that somebody branches on.
var (
	ErrNoStream     = errors.New("the stream does not exist")
	ErrNoCheckpoint = errors.New("the source has no checkpoint")
	ErrFenced       = errors.New("another poller has moved the checkpoint")
	ErrFull         = errors.New("the stream is full")
)

// requestTimeout bounds one question to the log where the caller's context does not.
const requestTimeout = 5 * time.Second

// Connect to the log as name (the stage). A server that cannot be reached now is an error, so that a wrong address shows
// at the start; afterwards the connection is made again for ever.
func Connect(_ context.Context, cfg Config, name string, log *slog.Logger) (*Bus, error) {
	options := []nats.Option{
		nats.Name("cdrflow-" + name), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.Timeout(requestTimeout),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		// What was not sent when the connection broke must not be sent minutes later: whoever waited has given up.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("nats connection lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("nats connection is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Debug("nats", "err", err) }),
	}
	if cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(cfg.Credentials))
	}
	conn, err := nats.Connect(cfg.URL, options...)
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("connect to NATS: it refuses the user or password of NATS_URL (or NATS_CREDENTIALS)")
	case err != nil:
		return nil, fmt.Errorf("connect to NATS: no answer (%w); check NATS_URL and that the server runs", err)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return &Bus{conn: conn, js: js, log: log, name: name}, nil
}

// Close the connection.
func (b *Bus) Close() { b.conn.Close() }

// Ping answers whether the log does.
func (b *Bus) Ping(ctx context.Context) error {
	if _, err := b.js.AccountInfo(ctx); err != nil {
		return fmt.Errorf("ping NATS: %w", err)
	}
	return nil
}

// Reconnects counts how often the connection was made again.
func (b *Bus) Reconnects() uint64 { return b.conn.Stats().Reconnects }
