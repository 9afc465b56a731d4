package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

var limits = jetstream.Streams{Replicas: 1, CDRAge: time.Hour, CDRBytes: 1 << 30, CallAge: time.Hour, CallBytes: 1 << 30}

func connect(t testing.TB, url string) *jetstream.Bus {
	t.Helper()
	bus, err := jetstream.Connect(t.Context(), jetstream.Config{URL: url}, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Close)
	return bus
}

func none(context.Context) (uint32, error) { return 0, nil }

func open(t testing.TB) (*jetstream.Bus, *servertest.NATSServer) {
	t.Helper()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	if err := bus.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
	return bus, server
}

var table = call.NewTable([]call.Column{{Name: "id", Type: "int"}, {Name: "src", Type: "text"}, {Name: "linkedid", Type: "text"}})

// page of n rows from id on, in chunks by partition.
func page(id uint64, n int) []call.Chunk {
	builders := map[int]*call.Builder{}
	for i := range uint64(n) {
		linked := fmt.Sprintf("17.%d", id+i)
		p := call.Partition(linked)
		if builders[p] == nil {
			builders[p] = call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}, p)
		}
		call.Append(builders[p], id+i, [][]byte{fmt.Append(nil, id+i), nil, []byte(linked)})
	}
	var chunks []call.Chunk
	for _, b := range builders {
		chunks = append(chunks, b.Chunk())
	}
	return chunks
}

func TestOnePollerWins(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	ctx := t.Context()
	if _, _, err := bus.Checkpoint(ctx, "pbx"); !errors.Is(err, jetstream.ErrNoCheckpoint) {
		t.Fatalf("no checkpoint yet: %v", err)
	}
	revision := uint64(0)
	for round := range 5 {
		var (
			wait sync.WaitGroup
			won  atomic.Int64
			next atomic.Uint64
		)
		for poller := range 8 {
			wait.Go(func() {
				cp := call.Checkpoint{Source: "pbx", LastID: uint64(round*100 + 99), Page: uint64(round), LastUniqueID: fmt.Sprint(poller)}
				r, err := bus.PublishPage(ctx, "pbx", page(uint64(round*100), 100), cp, revision)
				switch {
				case err == nil:
					won.Add(1)
					next.Store(r)
				case !errors.Is(err, jetstream.ErrFenced):
					t.Errorf("poller %d: %v", poller, err)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d of 8 pollers stored their page", round, won.Load())
		}
		cp, r, err := bus.Checkpoint(ctx, "pbx")
		if err != nil || r != next.Load() || cp.Page != uint64(round) {
			t.Fatalf("checkpoint %+v at %d, %v", cp, r, err)
		}
		revision = r
	}
	for row, times := range drain(t, bus, "enricher", 500) {
		if times != 1 {
			t.Errorf("row %d came %d times", row, times)
		}
	}
}

// drain takes rows until n different ones came, and gives how often each did.
func drain(t testing.TB, bus *jetstream.Bus, stage string, n int) map[uint64]int {
	t.Helper()
	c, err := bus.Consume(t.Context(), consume(stage))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	seen := map[uint64]int{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(seen) < n {
		b, err := c.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", len(seen), n, err)
		}
		count(t, b, seen)
		if err := b.Done(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return seen
}

func count(t testing.TB, b jetstream.Batch, seen map[uint64]int) {
	t.Helper()
	for _, d := range b.Deliveries {
		r, err := call.NewReader(d.Data)
		if err != nil {
			t.Fatal(err)
		}
		var row call.Row
		for r.Next(&row) {
			seen[row.ID]++
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
}

func consume(stage string) jetstream.Consume {
	return jetstream.Consume{
		Stage: stage, Stream: jetstream.StreamCDR, BatchRows: 500, BatchBytes: 1 << 20, BatchWait: 50 * time.Millisecond, AckWait: 3 * time.Second, WriteTimeout: time.Second,
	}
}

func TestEpochIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	var wait sync.WaitGroup
	epochs := make([]uint32, 6)
	for i := range epochs {
		bus := connect(t, server.URL)
		wait.Go(func() {
			if err := bus.CreateStreams(t.Context(), limits, func(context.Context) (uint32, error) { return uint32(900_000 + i), nil }); err != nil {
				t.Error(err)
				return
			}
			epoch, err := bus.Epoch(t.Context())
			if err != nil {
				t.Error(err)
			}
			epochs[i] = epoch
		})
	}
	wait.Wait()
	if epochs[0] <= 900_000 || slices.Max(epochs) != slices.Min(epochs) {
		t.Errorf("epochs %v, want one above what is stored", epochs)
	}
}

func TestAFullStreamRefuses(t *testing.T) {
	t.Parallel()
	bus := connect(t, servertest.NATS(t).URL)
	small := limits
	small.CDRBytes = 1 << 20
	if err := bus.CreateStreams(t.Context(), small, none); err != nil {
		t.Fatal(err)
	}
	revision := uint64(0)
	for i := range 2000 {
		r, err := bus.PublishPage(t.Context(), "pbx", page(uint64(i*500), 500), call.Checkpoint{Page: uint64(i)}, revision)
		if errors.Is(err, jetstream.ErrFull) {
			if cp, _, err := bus.Checkpoint(t.Context(), "pbx"); err != nil || cp.Page != uint64(i-1) {
				t.Errorf("checkpoint %+v, %v; want page %d", cp, err, i-1)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		revision = r
	}
	t.Error("the stream took everything")
}

// The server goes away again and again while pages are published: none is lost, none is stored twice.
func TestPagesSurviveKills(t *testing.T) {
	t.Parallel()
	server := servertest.NATSChild(t)
	bus := connect(t, server.URL)
	if err := bus.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for range 4 {
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Millisecond): // between two kills
			}
			server.Kill()
			server.Restart(t)
		}
		close(stop)
	})
	revision, id, pages := uint64(0), uint64(1), uint64(0)
	for done := false; !done; {
		select {
		case <-stop:
			done = true
		default:
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		r, err := bus.PublishPage(ctx, "pbx", page(id, 50), call.Checkpoint{LastID: id + 49, Page: pages}, revision)
		cancel()
		switch {
		case errors.Is(err, jetstream.ErrFenced):
			t.Fatal("fenced by nobody")
		case err == nil:
			revision, id, pages = r, id+50, pages+1
		}
	}
	killer.Wait()
	seen := drain(t, bus, "enricher", int(id-1))
	for row := uint64(1); row < id; row++ {
		if seen[row] == 0 {
			t.Errorf("row %d is lost", row)
		}
	}
	lag, err := bus.Lag(t.Context(), "enricher")
	if err != nil || lag.Waiting != 0 {
		t.Errorf("lag %+v, %v", lag, err)
	}
	t.Logf("%d pages", pages)
}

func TestLeaseChangesHands(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	first, second := connect(t, server.URL), connect(t, server.URL)
	if err := first.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
	lease, err := first.Lease(t.Context(), "source.pbx", "a")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *jetstream.Lease, 2)
	waiting := func(bus *jetstream.Bus, who string) {
		l, err := bus.Lease(t.Context(), "source.pbx", who)
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		got <- l
	}
	go waiting(second, "b")
	select {
	case <-got:
		t.Fatal("two hold the lease")
	case <-lease.Lost():
		t.Fatal("lost while it was renewed")
	case <-time.After(7 * time.Second): // longer than an unrenewed lease lives
	}
	lease.Release()
	var next *jetstream.Lease
	select {
	case next = <-got:
	case <-time.After(4 * time.Second):
		t.Fatal("a released lease was not taken")
	}
	// The holder dies without a word.
	third := connect(t, server.URL)
	go waiting(third, "c")
	second.Close()
	select {
	case l := <-got:
		l.Release()
	case <-time.After(20 * time.Second):
		t.Fatal("a dead holder's lease was not taken")
	}
	select {
	case <-next.Lost():
	case <-time.After(20 * time.Second):
		t.Error("the dead holder does not know that it lost the lease")
	}
}
