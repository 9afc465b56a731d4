package embedded_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func addr(t *testing.T) string {
	t.Helper()
	addr, err := embedded.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestServeNATSEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cfg := embedded.NATSConfig{Addr: addr(t), Dir: filepath.Join(t.TempDir(), "nats")}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- embedded.ServeNATS(ctx, cfg) }()
	servertest.Eventually(t, 20*time.Second, func() error {
		conn, err := net.Dial("tcp", cfg.Addr)
		if err == nil {
			err = conn.Close()
		}
		return err
	}, "NATS listens")

	if _, err := embedded.OpenNATS(embedded.NATSConfig{Addr: addr(t), Dir: cfg.Dir}); !errors.Is(err, embedded.ErrLocked) {
		t.Errorf("a second server on the same directory: %v", err)
	}
	_, err := embedded.OpenNATS(embedded.NATSConfig{Addr: cfg.Addr, Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a second server on the same port: %v", err)
	}

	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("NATS does not end with its context")
	}
	again, err := embedded.OpenNATS(cfg)
	if err != nil {
		t.Fatalf("start again on the same data: %v", err)
	}
	again.Close()
}

func TestNATSRefusesOtherThanLoopback(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:4222", "192.168.1.1:4222", "example.com:4222", ":4222", "127.0.0.1", "127.0.0.1:0"} {
		n, err := embedded.OpenNATS(embedded.NATSConfig{Addr: addr, Dir: t.TempDir()})
		if err == nil {
			n.Close()
			t.Errorf("NATS listens on %q", addr)
			continue
		}
		if !strings.Contains(err.Error(), "127.0.0.1:port") && !strings.Contains(err.Error(), "missing port") {
			t.Errorf("%q: the error does not say what is right: %v", addr, err)
		}
	}
}
