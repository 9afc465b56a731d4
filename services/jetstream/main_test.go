package jetstream_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	raw "github.com/nats-io/nats.go/jetstream"

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

func create(t testing.TB, bus *jetstream.Bus) {
	t.Helper()
	if err := bus.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB) (*jetstream.Bus, *servertest.NATSServer) {
	t.Helper()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	create(t, bus)
	return bus, server
}

var table = call.NewTable([]call.Column{{Name: "id", Type: "int"}, {Name: "src", Type: "text"}, {Name: "linkedid", Type: "text"}})

// chunks of n rows from id on, by partition.
func chunks(id uint64, n int) []call.Chunk {
	builders := map[int]*call.Builder{}
	for i := range uint64(n) {
		linked := fmt.Sprintf("17.%d", id+i)
		p := call.Partition(linked)
		if builders[p] == nil {
			builders[p] = call.NewBuilder(call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}, p)
		}
		call.Append(builders[p], id+i, [][]byte{fmt.Append(nil, id+i), nil, []byte(linked)})
	}
	var list []call.Chunk
	for _, b := range builders {
		list = append(list, b.Chunk())
	}
	return list
}

// publish rows id to id+n-1 in pages of 500.
func publish(t testing.TB, bus *jetstream.Bus, id, n int, revision uint64) uint64 {
	t.Helper()
	for n > 0 {
		part := min(n, 500)
		r, err := bus.PublishPage(t.Context(), "pbx", chunks(uint64(id), part), call.Checkpoint{LastID: uint64(id + part - 1), Page: revision}, revision)
		if err != nil {
			t.Fatal(err)
		}
		revision, id, n = r, id+part, n-part
	}
	return revision
}

func consume(stage string) jetstream.Consume {
	return jetstream.Consume{
		Stage: stage, Stream: jetstream.StreamCDR, BatchRows: 500, BatchBytes: 1 << 20, BatchWait: 50 * time.Millisecond,
		AckWait: 4 * time.Second, WriteTimeout: 2 * time.Second,
	}
}

func join(t testing.TB, bus *jetstream.Bus, cfg jetstream.Consume) *jetstream.Consumer {
	t.Helper()
	c, err := bus.Consume(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		c.Close(ctx)
		if ctx.Err() != nil {
			t.Error("a consumer does not close")
		}
	})
	return c
}

// next is a batch that is not empty.
func next(t testing.TB, c *jetstream.Consumer) jetstream.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		b, err := c.Next(ctx)
		if err != nil {
			t.Fatalf("next batch: %v", err)
		}
		if len(b.Deliveries) > 0 {
			return b
		}
	}
}

func done(t testing.TB, b jetstream.Batch) {
	t.Helper()
	if err := b.Done(t.Context()); err != nil {
		t.Error(err)
	}
}

func count(t testing.TB, b jetstream.Batch, seen map[uint64]int) {
	t.Helper()
	for i := range b.Deliveries {
		rows(t, b.Deliveries[i].Data, seen)
	}
}

func rows(t testing.TB, body []byte, seen map[uint64]int) {
	t.Helper()
	r, err := call.NewReader(body)
	if err != nil {
		t.Error(err)
		return
	}
	var row call.Row
	for r.Next(&row) {
		seen[row.ID]++
	}
	if r.Err() != nil {
		t.Error(r.Err())
	}
}

// client is a connection beside the door, to look at what the server has.
func client(t testing.TB, url string) raw.JetStream {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := raw.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// stored counts the rows and checkpoints on the log.
func stored(t testing.TB, url string) (seen map[uint64]int, checkpoints int) {
	t.Helper()
	stream, err := client(t, url).Stream(t.Context(), jetstream.StreamCDR)
	if err != nil {
		t.Fatal(err)
	}
	state := stream.CachedInfo().State
	seen = map[uint64]int{}
	for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
		m, err := stream.GetMsg(t.Context(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject == "checkpoint.v1.pbx" {
			checkpoints++
			continue
		}
		body, err := jetstream.Decompress(m.Header.Get("Cdr-Encoding"), m.Data)
		if err != nil {
			t.Fatal(err)
		}
		rows(t, body, seen)
	}
	return seen, checkpoints
}

// once fails unless rows 1 to n are each there once.
func once(t testing.TB, seen map[uint64]int, n uint64) {
	t.Helper()
	for id := uint64(1); id <= n; id++ {
		if seen[id] != 1 {
			t.Errorf("row %d is there %d times", id, seen[id])
		}
	}
	if uint64(len(seen)) != n {
		t.Errorf("%d rows, want %d", len(seen), n)
	}
}
