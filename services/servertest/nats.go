package servertest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// NATSServer is a NATS server with JetStream inside the test binary.
type NATSServer struct {
	URL string

	config  embedded.NATSConfig
	running *embedded.NATS
}

// NATS starts a NATS server for this test, in a few milliseconds.
func NATS(t testing.TB) *NATSServer {
	t.Helper()
	addr := freeAddr(t)
	s := &NATSServer{
		URL: "nats://" + addr,
		config: embedded.NATSConfig{
			Addr: addr,
			Dir:  directory(t, "nats"),
			// Streams reserve their MaxBytes, which must not depend on the disk of the day.
			MaxStore: 1 << 40,
			// It dies with the test, so what the system still holds is never lost.
			SyncEvery: 2 * time.Minute,
		},
	}
	s.Start(t)
	t.Cleanup(s.stop)
	return s
}

// Stop ends the server in order; clients lose their connections.
func (s *NATSServer) Stop(t testing.TB) {
	t.Helper()
	if s.running == nil {
		t.Fatal("stop NATS: it does not run")
	}
	s.stop()
}

// Start starts a stopped server again on the same port and data.
func (s *NATSServer) Start(t testing.TB) {
	t.Helper()
	var err error
	if s.running, err = embedded.OpenNATS(s.config); err != nil {
		t.Fatal(err)
	}
}

func (s *NATSServer) stop() {
	if s.running != nil {
		s.running.Close()
		s.running = nil
	}
}

// NATSProcess is a NATS server in a process of its own.
type NATSProcess struct {
	*Process
	URL string
}

// NATSChild starts a NATS server that can be killed. Like the one of local mode it syncs before each acknowledgement.
func NATSChild(t testing.TB) *NATSProcess {
	t.Helper()
	path, addr, dir := command(t, "nats"), freeAddr(t), directory(t, "nats")
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	log, err := output(dir)
	if err != nil {
		t.Fatal(err)
	}
	child, err := embedded.StartNATS(ctx, embedded.NATSChildConfig{
		Path:   path,
		Args:   []string{"-addr", addr, "-data", filepath.Join(dir, "data")},
		Addr:   addr,
		Output: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &NATSProcess{Process: newProcess(t, child), URL: "nats://" + addr}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	addr, err := embedded.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
