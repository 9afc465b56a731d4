package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// desk is an enricher in this process on real servers.
type desk struct {
	t      *testing.T
	bus    *jetstream.Bus
	store  *clickhouse.Store
	e      *enricher
	p      *process.Process
	nats   string
	rules  string
	cancel context.CancelFunc
	done   chan error
	events map[uint64]call.Event // by told
}

func newDesk(t *testing.T, rules string, more ...string) *desk {
	t.Helper()
	d := &desk{t: t, nats: servertest.NATS(t).URL, events: map[uint64]call.Event{}}
	env := []string{"NATS_URL=" + d.nats, "CLICKHOUSE_DSN=" + servertest.ClickHouse(t).DSN, "ADMIN_ADDR=", "BATCH_WAIT=50ms", "WRITE_TIMEOUT=2s", "ACK_WAIT=3s", "CDR_MAX_BYTES=1073741824", "CALL_MAX_BYTES=1073741824"}
	if rules != "" {
		d.rules = filepath.Join(t.TempDir(), "rules.yaml")
		d.write(rules)
		env = append(env, "RULES_FILE="+d.rules)
	}
	d.p = process.New(stage, append(env, more...), new(bytes.Buffer))
	cfg, err := process.Config[config](d.p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.p.Close)
	d.p.Log = slog.New(slog.DiscardHandler)
	if d.bus, err = jetstream.Connect(t.Context(), cfg.NATS, stage, d.p.Log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.bus.Close)
	if d.store, err = clickhouse.Open(cfg.Store, stage); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.store.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	d.cancel = cancel
	if d.e, err = prepare(ctx, d.p, cfg, d.bus, d.store); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) write(rules string) {
	d.t.Helper()
	if err := os.WriteFile(d.rules, []byte(rules), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// run the loop until stop.
func (d *desk) run() {
	d.t.Helper()
	rows, err := d.bus.Consume(d.t.Context(), d.e.cfg.consume())
	if err != nil {
		d.t.Fatal(err)
	}
	d.e.rows = rows
	ctx, cancel := context.WithCancel(d.t.Context())
	d.done = make(chan error, 1)
	go func() { d.done <- d.e.run(ctx) }()
	d.t.Cleanup(func() {
		cancel()
		d.cancel()
		select {
		case err := <-d.done:
			if err != nil {
				d.t.Errorf("the loop ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			d.t.Error("the loop does not end")
		}
		rows.Close(context.Background())
	})
}

type line struct {
	id                      uint64
	account, src, userfield string
	calldate                time.Time
	linked                  string // empty: a conversation of its own
	recording               string // empty: NULL
}

func linkedOf(l line) string { return cmp.Or(l.linked, fmt.Sprintf("%d.%d", l.calldate.Unix(), l.id)) }

var columns = call.NewTable([]call.Column{
	{Name: "id", Type: "bigint"},
	{Name: "calldate", Type: "datetime"},
	{Name: "src", Type: "text"},
	{Name: "accountcode", Type: "text"},
	{Name: "uniqueid", Type: "text"},
	{Name: "linkedid", Type: "text"},
	{Name: "userfield", Type: "text"},
	{Name: "duration", Type: "int"},
	{Name: "billsec", Type: "int"},
	{Name: "recordingfile", Type: "varchar(255)"},
	{Name: "audio", Type: "varchar(255)"}, // where this site keeps the path
})

func nullable(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

func chunks(kind call.Kind, lines ...line) []call.Chunk {
	builders := map[int]*call.Builder{}
	var order []int
	for _, l := range lines {
		linked := linkedOf(l)
		p := call.Partition(linked)
		if builders[p] == nil {
			builders[p] = call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: kind, Table: columns}, p)
			order = append(order, p)
		}
		call.Append(builders[p], l.id, [][]byte{
			fmt.Append(nil, l.id), []byte(l.calldate.UTC().Format(time.DateTime)), []byte(l.src), []byte(l.account), []byte(linked), []byte(linked), []byte(l.userfield), []byte("10"), []byte("4"), nullable(l.recording), nullable(l.recording),
		})
	}
	var all []call.Chunk
	for _, p := range order {
		all = append(all, builders[p].Chunk())
	}
	return all
}

func (d *desk) publish(kind call.Kind, lines ...line) {
	d.t.Helper()
	if err := d.bus.PublishChunks(d.t.Context(), "pbx", chunks(kind, lines...)); err != nil {
		d.t.Fatal(err)
	}
}

// stored is the one row that a call is kept as, whole.
func (d *desk) stored(id uint64) call.Call {
	d.t.Helper()
	rows, err := d.store.Rows(d.t.Context(), []uint64{id})
	if err != nil || len(rows) != 1 {
		d.t.Fatalf("call %d is stored as %v, %v", id, rows, err)
	}
	return rows[0].Call
}

func (d *desk) count(orgs ...uint32) int {
	n, err := d.store.Count(d.t.Context(), clickhouse.Scope{Orgs: orgs}, &clickhouse.Filter{})
	if err != nil {
		return -1
	}
	return int(n)
}

func (d *desk) await(n int, orgs ...uint32) {
	d.t.Helper()
	servertest.Eventually(d.t, 30*time.Second, func() bool { return d.count(orgs...) == n }, fmt.Sprintf("organisations %v have %d calls", orgs, n))
}

// told collects the events of the CALL stream, and keeps the newest of each call.
func (d *desk) told(n int) map[call.EventKind]int {
	d.t.Helper()
	c, err := d.bus.Consume(d.t.Context(), jetstream.Consume{Stage: "listener", Stream: jetstream.StreamCALL, BatchRows: 1000, BatchBytes: 1 << 20, BatchWait: 50 * time.Millisecond, AckWait: 5 * time.Second, WriteTimeout: time.Second})
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close(context.Background())
	kinds := map[call.EventKind]int{}
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	for got := 0; got < n; {
		b, err := c.Next(ctx)
		if err != nil {
			d.t.Fatalf("%d of %d events: %v", got, n, err)
		}
		for _, m := range b.Deliveries {
			var e call.Event
			if err := json.Unmarshal(m.Data, &e); err != nil {
				d.t.Fatal(err)
			}
			kinds[e.Kind]++
			got++
			if len(e.Call) > 0 && d.events[e.ID].Version <= e.Version {
				d.events[e.ID] = e
			}
		}
		_ = b.Done(ctx)
	}
	return kinds
}

func counter(t *testing.T, d *desk, name, label string) float64 {
	t.Helper()
	families, err := d.p.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) > 0 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
