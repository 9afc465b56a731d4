package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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
}

func newDesk(t *testing.T, rules string, more ...string) *desk {
	t.Helper()
	d := &desk{t: t, nats: servertest.NATS(t).URL}
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
})

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
			fmt.Append(nil, l.id), []byte(l.calldate.UTC().Format(time.DateTime)), []byte(l.src), []byte(l.account), []byte(linked), []byte(linked), []byte(l.userfield), []byte("10"), []byte("4"),
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

// told collects the events of the CALL stream.
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
			for _, kind := range []call.EventKind{call.EventNew, call.EventCorrected, call.EventRemoved} {
				if strings.Contains(string(m.Data[:min(40, len(m.Data))]), `"event":"`+string(kind)+`"`) {
					kinds[kind]++
					got++
				}
			}
		}
		_ = b.Done(ctx)
	}
	return kinds
}

func TestRowsBecomeCallsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	now := time.Now().Add(-time.Minute)
	var lines []line
	for i := range 3000 {
		lines = append(lines, line{id: uint64(i + 1), account: fmt.Sprint(i%3 + 1), src: fmt.Sprint(i), calldate: now})
	}
	d.publish(call.KindPage, lines...)
	d.publish(call.KindPage, lines...)     // the same rows published twice
	d.publish(call.KindLookBack, lines...) // and once more after a restart
	changed := lines[7]
	changed.userfield = "hangupcause=17"
	d.publish(call.KindLookBack, changed)
	d.await(3000, 1, 2, 3)
	servertest.Eventually(t, 20*time.Second, func() bool {
		c, err := d.store.Get(t.Context(), clickhouse.Scope{Orgs: []uint32{1, 2, 3}}, 8)
		return err == nil && c.HangupCause == "17"
	}, "the correction is stored")
	// A page that is published twice, which no poller does, may be told twice; it is stored once all the same.
	if got := d.told(3001); got[call.EventNew] < 3000 || got[call.EventNew] > 6000 || got[call.EventCorrected] > 1 {
		t.Errorf("told %v, want each of 3000 new and 1 corrected", got)
	}
}

func TestHistoryIsNotAnnounced(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	old, now := time.Now().Add(-48*time.Hour), time.Now()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: old}, line{id: 2, account: "1", calldate: now})
	d.publish(call.KindBackfill, line{id: 3, account: "1", calldate: now})
	d.await(3, 1)
	if got := d.told(1); got[call.EventNew] != 1 {
		t.Errorf("told %v", got)
	}
}

// The rules change between a delivery and its redelivery: the row moves to its new organisation and lives nowhere else.
func TestRulesReloadBetweenDeliveries(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, accountcodes: [a]}, {id: 2, accountcodes: [b]}]")
	now := time.Now()
	d.publish(call.KindPage, line{id: 1, account: "a", calldate: now}, line{id: 2, account: "b", calldate: now})
	// Stored and told, but never acknowledged.
	rows, err := d.bus.Consume(t.Context(), d.e.cfg.consume())
	if err != nil {
		t.Fatal(err)
	}
	for stored := 0; stored < 2; {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Deliveries) > 0 {
			if err := d.e.digest(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			stored += b.Rows()
		}
	}
	rows.Close(t.Context())
	d.await(1, 1)
	d.write("organisations: [{id: 1, accountcodes: [b]}, {id: 3, accountcodes: [a]}]")
	servertest.Eventually(t, 20*time.Second, func() bool { return d.e.rules.Load().accountcodes["a"] == 3 }, "the rules are taken")
	d.run()
	servertest.Eventually(t, 30*time.Second, func() bool { return d.count(3) == 1 && d.count(2) == 0 && d.count(1) == 1 }, "both rows moved")
	if n := d.count(1, 2, 3); n != 2 {
		t.Errorf("%d rows live, want 2", n)
	}
}

func TestBadRulesAreRefusedAndTheOldOnesStay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, accountcodes: [a]}]")
	d.write("organisations: [{id: 0}]")
	refused := func() bool { return counter(t, d, "enricher_rules_reloads_total", "refused") > 0 }
	servertest.Eventually(t, 20*time.Second, refused, "the bad file is refused")
	if d.e.rules.Load().accountcodes["a"] != 1 {
		t.Error("the old rules are gone")
	}
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

func TestCorruptRowsAreParkedAndTheirNeighboursPass(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	now := time.Now()
	// A chunk cut off in the middle, one of a zone that nobody knows, and a row that the store refuses.
	whole := chunks(call.KindPage, line{id: 1, account: "1", calldate: now})[0]
	cut := whole
	cut.Body = cut.Body[:len(cut.Body)-5]
	b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "Mars/Olympus", Kind: call.KindPage, Table: columns}, 3)
	r, err := call.NewReader(whole.Body)
	if err != nil {
		t.Fatal(err)
	}
	var row call.Row
	r.Next(&row)
	b.AppendRow(&row)
	if err := d.bus.PublishChunks(t.Context(), "pbx", []call.Chunk{cut, b.Chunk()}); err != nil {
		t.Fatal(err)
	}
	d.e.store = poisoned{d.store}
	d.run()
	d.publish(call.KindPage, line{id: 10, account: "1", calldate: now}, line{id: 11, account: "1", src: "poison", calldate: now}, line{id: 12, account: "1", calldate: now})
	d.await(2, 1)
	var parked []jetstream.Parked
	list := func() bool {
		parked = nil
		err := d.bus.ListParked(t.Context(), stage, func(p jetstream.Parked) error { parked = append(parked, p); return nil })
		return err == nil && len(parked) == 3
	}
	servertest.Eventually(t, 20*time.Second, list, "three are parked")
	for _, p := range parked {
		if p.Reason == "" {
			t.Errorf("%s is parked without a reason", p.ID)
		}
	}
	// What was parked can be replayed once its cause is mended.
	d.e.store = d.store
	out := new(bytes.Buffer)
	p := process.New(stage, []string{"NATS_URL=" + d.nats, "ADMIN_ADDR="}, out)
	p.Args = []string{"list"}
	if err := parkedCommand(t, p); err != nil || !strings.Contains(out.String(), "poison is refused") {
		t.Errorf("list prints %q, %v", out, err)
	}
	p.Args = []string{"replay", "11"}
	if err := parkedCommand(t, p); err != nil {
		t.Error(err)
	}
	d.await(3, 1)
	p.Args = []string{"replay", "99"}
	if err := parkedCommand(t, p); err == nil || !strings.Contains(err.Error(), "not parked") {
		t.Errorf("replay of nothing: %v", err)
	}
}

func parkedCommand(t *testing.T, p *process.Process) error {
	t.Helper()
	return parked(t.Context(), p)
}

// poisoned refuses blocks with a row from "poison", as a constraint of the table would.
type poisoned struct{ *clickhouse.Store }

func (p poisoned) Insert(ctx context.Context, calls []call.Call, token string) error {
	for i := range calls {
		if calls[i].Src == "poison" {
			return fmt.Errorf("poison is refused: %w", clickhouse.ErrRefused)
		}
	}
	return p.Store.Insert(ctx, calls, token)
}

// away is a store that does not answer for a while.
type away struct {
	*clickhouse.Store
	broken atomic.Bool
	tries  atomic.Int64
}

func (a *away) Insert(ctx context.Context, calls []call.Call, token string) error {
	if a.broken.Load() {
		a.tries.Add(1)
		return errors.New("not now")
	}
	return a.Store.Insert(ctx, calls, token)
}

func TestAStoreThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	store := &away{Store: d.store}
	store.broken.Store(true)
	d.e.store = store
	d.run()
	now := time.Now().Add(-48 * time.Hour)
	for i := range 20 {
		var lines []line
		for j := range 500 {
			lines = append(lines, line{id: uint64(i*500 + j + 1), account: "1", calldate: now})
		}
		d.publish(call.KindPage, lines...)
	}
	servertest.Eventually(t, 20*time.Second, func() bool { return store.tries.Load() >= 3 }, "the enricher keeps trying")
	store.broken.Store(false)
	d.await(10_000, 1)
	if again := counter(t, d, "enricher_rows_total", "again"); again == 0 {
		t.Error("no row was counted as given back")
	}
}

// anew is a log whose CDR stream was lost and made again.
type anew struct{ *jetstream.Bus }

func (a anew) Epoch(ctx context.Context) (uint32, error) {
	epoch, err := a.Bus.Epoch(ctx)
	return epoch + 5, err
}

func TestAStreamMadeAnewHasItsOwnEpoch(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.e.epoch = 7 // as it was before the stream was lost
	d.e.bus = anew{d.bus}
	d.run()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: time.Now()})
	d.await(1, 1)
	c, err := d.store.Get(t.Context(), clickhouse.Scope{Orgs: []uint32{1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if epoch, err := d.bus.Epoch(t.Context()); err != nil || c.Version.Epoch() != epoch+5 {
		t.Errorf("stored under epoch %d, want %d (%v)", c.Version.Epoch(), epoch+5, err)
	}
}

func TestCallsThatLiveTwiceAreMended(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	now := time.Now()
	d.publish(call.KindPage, line{id: 1, account: "1", calldate: now}, line{id: 2, account: "1", calldate: now})
	d.await(2, 1)
	// What two workers with different rules could leave behind.
	twin, err := d.store.Get(t.Context(), clickhouse.Scope{Orgs: []uint32{1}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for org := uint32(2); org <= 3; org++ {
		twin.OrgID = org
		if err := d.store.Insert(t.Context(), []call.Call{twin}, fmt.Sprint("twin", org)); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.count(1, 2, 3); n != 4 {
		t.Fatalf("%d rows live, want 4 before the mending", n)
	}
	n, err := d.e.mend(t.Context(), now.Add(-time.Hour))
	if err != nil || n != 1 {
		t.Errorf("mended %d, %v; want 1", n, err)
	}
	if all, last := d.count(1, 2, 3), d.count(3); all != 2 || last != 1 {
		t.Errorf("%d rows live, %d of organisation 3; want 2 and 1", all, last)
	}
	if n, err := d.e.mend(t.Context(), now.Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("mended %d more, %v", n, err)
	}
}
