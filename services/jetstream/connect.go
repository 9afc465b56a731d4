package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is a connection to the log.
type Bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
	log  *slog.Logger

	mu      sync.Mutex
	streams map[string]jetstream.Stream
	buckets map[string]jetstream.KeyValue
}

const (
	// startWait is how long a server may be late when a stage starts.
	startWait = 5 * time.Second
	// askWait is how long the server may take to answer one question.
	askWait = 5 * time.Second
)

// Connect opens the connection; name is shown in the server's list of clients. It fails after a few seconds when nobody
// answers. Once open, a connection that is lost is made again for ever.
func Connect(ctx context.Context, cfg Config, name string, log *slog.Logger) (*Bus, error) {
	b := &Bus{log: log, streams: map[string]jetstream.Stream{}, buckets: map[string]jetstream.KeyValue{}}
	options := b.options(cfg, name)
	end := time.Now().Add(startWait)
	for {
		conn, err := nats.Connect(cfg.URL, options...)
		if err == nil {
			b.conn = conn
			break
		}
		refused := errors.Is(err, nats.ErrAuthorization) || !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout)
		if refused || time.Now().After(end) || !pause(ctx, 250*time.Millisecond) {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, fmt.Errorf("connect to NATS at %s: %w; is the server up, and are NATS_URL and NATS_CREDS right?", address(cfg.URL), err)
		}
	}
	js, err := jetstream.New(b.conn, jetstream.WithDefaultTimeout(askWait))
	if err != nil {
		b.conn.Close()
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	b.js = js
	return b, nil
}

func (b *Bus) options(cfg Config, name string) []nats.Option {
	options := []nats.Option{
		nats.Name("cdrflow " + name),
		nats.Timeout(2 * time.Second),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.IgnoreAuthErrorAbort(), // credentials may be rotated while we run
		// A message that waits for the connection would reach the log after its sender gave it up.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("connection to NATS lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) { b.log.Info("connected to NATS again", "server", conn.ConnectedUrlRedacted()) }),
		nats.ErrorHandler(b.trouble()),
	}
	if cfg.Creds != "" {
		options = append(options, nats.UserCredentials(cfg.Creds))
	}
	return options
}

// trouble logs what the connection reports by itself, such as a missing permission, when it changes and then once a
// minute.
func (b *Bus) trouble() nats.ErrHandler {
	var (
		mu   sync.Mutex
		last string
		at   time.Time
	)
	return func(_ *nats.Conn, _ *nats.Subscription, err error) {
		mu.Lock()
		defer mu.Unlock()
		if text := err.Error(); text != last || time.Since(at) > time.Minute {
			last, at = text, time.Now()
			b.log.Warn("NATS complains", "err", err)
		}
	}
}

// Close ends the connection; acknowledgements on their way are sent first.
func (b *Bus) Close() {
	if b.conn.IsConnected() {
		_ = b.conn.FlushTimeout(time.Second) // what is lost comes again
	}
	b.conn.Close()
}

// Ping asks the server for an answer.
func (b *Bus) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("ping NATS: %w", err)
	}
	return nil
}

// Reconnects counts how often the connection was made again.
func (b *Bus) Reconnects() uint64 { return b.conn.Stats().Reconnects }

// pause waits; it returns false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
