package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// house is a directory of recordings, a bucket, and the sweeper between them.
type house struct {
	*sweeper
	t        *testing.T
	registry *prometheus.Registry
	logged   *logged
}

func newHouse(t *testing.T, bucket servertest.Bucket, keep time.Duration) *house {
	t.Helper()
	store, err := minio.Connect(t.Context(), storeConfig(bucket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	h := &house{t: t, registry: prometheus.NewRegistry(), logged: &logged{}}
	cfg := config{Dir: t.TempDir(), Source: "pbx", KeepLocal: keep, Settle: time.Minute, Concurrency: 3}
	log := slog.New(slog.NewTextHandler(h.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.sweeper = newSweeper(cfg, store, newMetrics(h.registry), log, func() {})
	return h
}

func storeConfig(b servertest.Bucket) minio.Config {
	return minio.Config{Endpoint: b.Endpoint, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Bucket: b.Name}
}

// write puts a file into the directory; it was last changed that long ago.
func (h *house) write(name string, content []byte, ago time.Duration) {
	h.t.Helper()
	path := filepath.Join(h.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.age(name, ago)
}

func (h *house) age(name string, ago time.Duration) {
	h.t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(h.Dir, name), at, at); err != nil {
		h.t.Fatal(err)
	}
}

// sweeps runs one sweep and compares what became of the recordings, in the answer and in the metrics.
func (h *house) sweeps(want map[outcome]int, removed int) {
	h.t.Helper()
	before := h.counted()
	got, err := h.sweep(h.t.Context())
	if err != nil && !errors.Is(err, errSomeFailed) {
		h.t.Fatal(err)
	}
	if (want[failed] > 0) != (err != nil) {
		h.t.Errorf("sweep with %d failures: err %v", want[failed], err)
	}
	if !maps.Equal(got.by, want) || got.removed != removed {
		h.t.Errorf("sweep: %v and %d removed, want %v and %d; log:\n%s", got.by, got.removed, want, removed, h.logged)
	}
	after := h.counted()
	for o := range after {
		if after[o]-before[o] != want[o] {
			h.t.Errorf("metric %q rose by %d, want %d", o, after[o]-before[o], want[o])
		}
	}
}

// counted reads archiver_recordings_total.
func (h *house) counted() map[outcome]int {
	h.t.Helper()
	families, err := h.registry.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	by := map[outcome]int{}
	for _, family := range families {
		if family.GetName() == "archiver_recordings_total" {
			for _, m := range family.GetMetric() {
				by[outcome(labelOf(m))] = int(m.GetCounter().GetValue())
			}
		}
	}
	if len(by) != 6 {
		h.t.Fatalf("archiver_recordings_total has %d outcomes", len(by))
	}
	return by
}

func labelOf(m *dto.Metric) string { return m.GetLabel()[0].GetValue() }

// local tells whether the file is on the disk.
func (h *house) local(name string) bool {
	_, err := os.Lstat(filepath.Join(h.Dir, name))
	return err == nil
}

// stored gives the content of the object; nil where there is none.
func (h *house) stored(name string) []byte {
	h.t.Helper()
	return stored(h.t, h.store, name)
}

func stored(t *testing.T, store *minio.Store, name string) []byte {
	t.Helper()
	object, err := store.Get(context.WithoutCancel(t.Context()), minio.Key("pbx", name))
	if errors.Is(err, minio.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// archived checks that the store has exactly this content, and whether the disk still has the file.
func (h *house) archived(name string, content []byte, local bool) {
	h.t.Helper()
	if got := h.stored(name); !bytes.Equal(got, content) {
		h.t.Errorf("%q: the store has %d bytes, want %d; log:\n%s", name, len(got), len(content), h.logged)
	}
	if h.local(name) != local {
		h.t.Errorf("%q: on the disk: %v, want %v", name, !local, local)
	}
}

// untouched checks that the disk has the file and the store has not.
func (h *house) untouched(name string) {
	h.t.Helper()
	if h.stored(name) != nil || !h.local(name) {
		h.t.Errorf("%q: in the store: %v, on the disk: %v", name, h.stored(name) != nil, h.local(name))
	}
}

// logged keeps the log of a test.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
