package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const soon = time.Minute // generous: the machine may be compiling

// site is a PBX's database and a log, both real.
type site struct {
	t        *testing.T
	database servertest.Database
	url      string
	bus      *jetstream.Bus
	sql      *client
	limits   jetstream.Streams
}

const asteriskDDL = "CREATE TABLE asterisk_cdr (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, calldate DATETIME," +
	" src VARCHAR(80), uniqueid VARCHAR(32) NOT NULL DEFAULT '', linkedid VARCHAR(32), userfield VARCHAR(255)) CHARSET utf8mb4"

var roomy = jetstream.Streams{Replicas: 1, CDRAge: time.Hour, CDRBytes: 1 << 30, CallAge: time.Hour, CallBytes: 1 << 30}

func newSite(t *testing.T, ddl string) *site {
	t.Helper()
	return newSiteAt(t, servertest.NATS(t).URL, ddl)
}

func newSiteAt(t *testing.T, url, ddl string) *site {
	t.Helper()
	s := &site{t: t, database: servertest.MariaDB(t), url: url, limits: roomy}
	s.connect()
	s.sql = newClient(t, s.database)
	s.sql.exec(ddl)
	return s
}

// connect to the log, with streams of the site's limits.
func (s *site) connect() {
	s.t.Helper()
	s.bus = newBus(s.t, s.url, s.limits)
}

// newBus connects to a log and creates its streams, as an enricher does.
func newBus(t testing.TB, url string, limits jetstream.Streams) *jetstream.Bus {
	t.Helper()
	bus, err := jetstream.Connect(t.Context(), jetstream.Config{URL: url}, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Close)
	if err := bus.CreateStreams(t.Context(), limits, func(context.Context) (uint32, error) { return 0, nil }); err != nil {
		t.Fatal(err)
	}
	return bus
}

// insert n plain rows after the highest one. The ids are given: INSERT … SELECT takes them in powers of two.
func (s *site) insert(n int) {
	s.t.Helper()
	s.sql.exec(fmt.Sprintf("INSERT INTO asterisk_cdr (id, src, uniqueid, linkedid)"+
		" SELECT m + seq, m + seq, CONCAT('1795228148.', UUID_SHORT()), CONCAT('1795228148.', seq DIV 2)"+
		" FROM seq_1_to_%d, (SELECT IFNULL(MAX(id), 0) AS m FROM asterisk_cdr) AS t ORDER BY seq", n))
}

// client is one connection of MariaDB's own client program: it can hold a transaction open.
type client struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Scanner
	n   int
}

func newClient(t testing.TB, d servertest.Database) *client {
	t.Helper()
	user, rest, _ := strings.Cut(d.DSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	addr, name, _ := strings.Cut(rest, ")/")
	host, port, _ := strings.Cut(addr, ":")
	command := exec.Command("mariadb", "--no-defaults", "--batch", "--skip-column-names", "--unbuffered", "--force", "--max-allowed-packet=64M",
		"--default-character-set=utf8mb4", "--host="+host, "--port="+port, "--user="+user, name)
	command.Env = append(command.Environ(), "MYSQL_PWD="+password)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	c := &client{t: t, in: in, out: bufio.NewScanner(out)}
	c.out.Buffer(nil, 64<<20)
	return c
}

// exec runs statements and gives what they print.
func (c *client) exec(statements string) string {
	c.t.Helper()
	c.n++
	end := fmt.Sprintf("end of statement %d", c.n)
	if _, err := fmt.Fprintf(c.in, "%s;\nSELECT '%s';\n", statements, end); err != nil {
		c.t.Fatal(err)
	}
	var lines []string
	for c.out.Scan() {
		if c.out.Text() == end {
			return strings.Join(lines, "\n")
		}
		if strings.HasPrefix(c.out.Text(), "ERROR") {
			c.t.Errorf("%s: %s", statements, c.out.Text())
		}
		lines = append(lines, c.out.Text())
	}
	c.t.Fatalf("%s: the client ended: %v", statements, c.out.Err())
	return ""
}

// running is a poller at work in this process.
type running struct {
	t    *testing.T
	p    *process.Process
	log  *lockedBuffer
	stop context.CancelFunc
	done chan struct{}
	err  error

	failed bool // as it should
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// environ of a poller on this site; what is appended wins.
func (s *site) environ(more ...string) []string {
	return append([]string{
		"MARIADB_DSN=" + s.database.ReaderDSN, "NATS_URL=" + s.url, "POLL_EVERY=1s", "GAP_TIMEOUT=2s", "ADMIN_ADDR=",
	}, more...)
}

// poll starts the poller as main does.
func (s *site) poll(env ...string) *running {
	s.t.Helper()
	log := &lockedBuffer{}
	r := &running{t: s.t, p: process.New("poller", s.environ(env...), log), log: log, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	r.stop = stop
	go func() {
		defer close(r.done)
		r.err = run(ctx, r.p)
	}()
	s.t.Cleanup(func() {
		r.end()
		if s.t.Failed() {
			s.t.Logf("a poller wrote:\n%s", log)
		}
	})
	return r
}

// end stops it; a clean stop has no error.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case <-r.done:
	case <-time.After(soon):
		r.t.Fatal("the poller does not stop")
	}
	if r.err != nil && !r.failed && !errors.Is(r.err, context.Canceled) {
		r.t.Errorf("the poller ended with %v", r.err)
	}
}

// fails waits until the poller stops by itself and gives its message.
func (r *running) fails() string {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(soon):
		r.t.Fatalf("the poller goes on:\n%s", r.log)
	}
	if r.err == nil {
		r.t.Fatal("the poller ended without an error")
	}
	r.failed = true
	return r.err.Error()
}

// metric is the sum of a metric's series that carry the label values.
func (r *running) metric(name string, values ...string) float64 {
	r.t.Helper()
	families, err := r.p.Registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			left := len(values)
			for _, l := range m.GetLabel() {
				if slices.Contains(values, l.GetValue()) {
					left--
				}
			}
			if left == 0 {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// published is a row as it lies on the log.
type published struct {
	sequence  uint64
	partition int
	kind      call.Kind
	origin    call.Origin
	row       call.Row
}

func (p *published) text(column string) string {
	v, ok := p.row.Value(p.origin.Table, column)
	if !ok {
		return "NULL"
	}
	return v
}

// reader gathers all that is on the log.
type reader struct {
	t    *testing.T
	mu   sync.Mutex
	rows []published
	seen map[uint64]bool
}

// read starts reading the log from its beginning.
func (s *site) read() *reader {
	s.t.Helper()
	r := &reader{t: s.t, seen: map[uint64]bool{}}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	c, err := s.bus.Consume(ctx, jetstream.Consume{
		Stage: "reader", Stream: jetstream.StreamCDR, BatchRows: 50_000, BatchBytes: 64 << 20, BatchWait: 20 * time.Millisecond, AckWait: time.Minute,
	})
	if err != nil {
		stop()
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			batch, err := c.Next(ctx)
			if err != nil {
				continue
			}
			for i := range batch.Deliveries {
				r.take(&batch.Deliveries[i])
			}
			_ = batch.Done(ctx)
		}
	}()
	s.t.Cleanup(func() {
		stop()
		<-done
		c.Close(context.Background())
	})
	return r
}

func (r *reader) take(d *jetstream.Delivery) {
	reader, err := call.NewReader(d.Data)
	if err != nil {
		r.t.Errorf("chunk %d: %v", d.Sequence, err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[d.Sequence] {
		return
	}
	r.seen[d.Sequence] = true
	var row call.Row
	count := 0
	for reader.Next(&row) {
		r.rows = append(r.rows, published{d.Sequence, d.Partition, d.Kind, reader.Origin, call.CloneRow(&row)})
		count++
	}
	if reader.Err() != nil || count != d.Count || d.Kind != reader.Origin.Kind {
		r.t.Errorf("chunk %d: %d rows, header says %d; kind %s and %s; %v", d.Sequence, count, d.Count, d.Kind, reader.Origin.Kind, reader.Err())
	}
}

// all rows so far, in the order of the log.
func (r *reader) all() []published {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := slices.Clone(r.rows)
	slices.SortStableFunc(rows, func(a, b published) int { return int(a.sequence) - int(b.sequence) })
	return rows
}

// ids of a kind, sorted.
func (r *reader) ids(kind call.Kind) []uint64 {
	var ids []uint64
	for _, row := range r.all() {
		if row.kind == kind {
			ids = append(ids, row.row.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// last is the newest reading of a row; nil where there is none.
func (r *reader) last(id uint64) *published {
	rows := r.all()
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].row.ID == id {
			return &rows[i]
		}
	}
	return nil
}

func span(from, to uint64) []uint64 {
	var ids []uint64
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// wants waits until the rows of a kind are exactly these.
func (r *reader) wants(kind call.Kind, ids []uint64) {
	r.t.Helper()
	servertest.Eventually(r.t, soon, func() error {
		if got := r.ids(kind); !slices.Equal(got, ids) {
			return fmt.Errorf("%d rows of kind %s, want %d: got %s, want %s", len(got), kind, len(ids), brief(got), brief(ids))
		}
		return nil
	}, "rows of kind "+string(kind))
}

func brief(ids []uint64) string {
	if len(ids) > 20 {
		return fmt.Sprintf("%v … %v", ids[:10], ids[len(ids)-10:])
	}
	return fmt.Sprint(ids)
}

// checkpoint as the log has it.
func (s *site) checkpoint() call.Checkpoint {
	s.t.Helper()
	cp, _, err := s.bus.Checkpoint(s.t.Context(), "pbx")
	if err != nil && !errors.Is(err, jetstream.ErrNoCheckpoint) {
		s.t.Fatal(err)
	}
	return cp
}

// list what the poller parked: id → reason.
func (s *site) list(into map[string]string) error {
	return s.bus.ListParked(s.t.Context(), stage, func(p jetstream.Parked) error {
		into[p.ID] = p.Reason
		return nil
	})
}
