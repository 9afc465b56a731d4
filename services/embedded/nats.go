package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// NATSConfig describes a NATS server with JetStream in this process.
type NATSConfig struct {
	Addr string // 127.0.0.1:port
	Dir  string // file storage; one server at a time

	MaxPayload int32 // largest message in bytes; 0: 1 MiB
	MaxMemory  int64 // most that streams in memory may take, in bytes; 0: 256 MiB
	MaxStore   int64 // most that streams on disk may take, in bytes; 0: three quarters of what is free

	// SyncEvery is the time between two fsyncs. 0 syncs before each acknowledgement, so that a power cut loses nothing
	// that was acknowledged; a page of rows is one atomic batch with one sync, which costs it 8 %.
	SyncEvery time.Duration

	Log *slog.Logger // nil discards
}

// NATS is a running NATS server in this process.
type NATS struct {
	server *server.Server
	unlock func()
}

// ServeNATS is a NATS server until the context ends: the process that calls it is the server.
//
// Atomic batches (1,000 messages, 10 s), TTLs of single messages and pinned consumers need no switch at the server, only
// on the stream or consumer.
func ServeNATS(ctx context.Context, cfg NATSConfig) error {
	n, err := OpenNATS(cfg)
	if err != nil {
		return err
	}
	<-ctx.Done()
	n.Close()
	return nil
}

// OpenNATS starts a NATS server in this process; it returns when clients can connect.
func OpenNATS(cfg NATSConfig) (*NATS, error) {
	options, err := cfg.options()
	if err != nil {
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	unlock, err := LockDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		unlock()
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	log := &natsLog{log: cfg.Log, fatal: make(chan error, 1)}
	if log.log == nil {
		log.log = slog.New(slog.DiscardHandler)
	}
	s.SetLoggerV2(log, false, false, false)
	n := &NATS{server: s, unlock: unlock}
	if err := n.start(log.fatal); err != nil {
		n.Close()
		return nil, fmt.Errorf("start NATS on %s: %w", cfg.Addr, err)
	}
	return n, nil
}

// Close stops the server; it returns when everything is on disk.
func (n *NATS) Close() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
	n.unlock()
}

func (n *NATS) start(fatal <-chan error) error {
	// Recovering many streams after a crash can take a while, so there is no deadline: the server says when it fails.
	n.server.Start()
	for {
		select {
		case err := <-fatal:
			return err
		default:
		}
		if n.server.ReadyForConnections(100 * time.Millisecond) {
			return nil
		}
	}
}

func (c NATSConfig) options() (*server.Options, error) {
	host, text, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", c.Addr, err)
	}
	// It asks nobody for a password.
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("address %q is not on the loopback interface, want 127.0.0.1:port", c.Addr)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return nil, fmt.Errorf("address %q has no port, want 127.0.0.1:port", c.Addr)
	}
	o := &server.Options{
		ServerName:         "cdrflow",
		Host:               host,
		Port:               int(port),
		NoSigs:             true,
		MaxPayload:         c.MaxPayload,
		JetStream:          true,
		StoreDir:           c.Dir,
		JetStreamMaxMemory: c.MaxMemory,
		JetStreamMaxStore:  c.MaxStore,
		SyncInterval:       c.SyncEvery,
		SyncAlways:         c.SyncEvery == 0,
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = 1 << 20
	}
	if o.JetStreamMaxMemory == 0 {
		o.JetStreamMaxMemory = 256 << 20
	}
	return o, nil
}

// natsLog hands the server's log on. Its "notices" are a page of banner at each start.
type natsLog struct {
	log   *slog.Logger
	fatal chan error
}

func (l *natsLog) Noticef(format string, v ...any) {
	l.log.Debug("notice", "text", natsText(format, v))
}

func (l *natsLog) Warnf(format string, v ...any) { l.log.Warn("warning", "text", natsText(format, v)) }

func (l *natsLog) Errorf(format string, v ...any) {
	l.log.Error("trouble", "text", natsText(format, v))
}
func (l *natsLog) Debugf(string, ...any) {}
func (l *natsLog) Tracef(string, ...any) {}

// Fatalf would end the process in the server's own logger; here it ends the start.
func (l *natsLog) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- errors.New(natsText(format, v)):
	default:
	}
}

func natsText(format string, v []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, v...))
}
