package jetstream_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// A page of a busy call centre: 16 chunks of 312 rows of about 600 bytes.
const (
	benchChunks = 16
	benchRows   = 312
)

// busyPage looks like Asterisk's rows: much of it repeats, the numbers do not.
func busyPage() []call.Chunk {
	random := rand.New(rand.NewPCG(1, 2))
	wide := call.NewTable([]call.Column{{Name: "id", Type: "int"}, {Name: "clid", Type: "text"}, {Name: "lastdata", Type: "text"}, {Name: "channel", Type: "text"}, {Name: "uniqueid", Type: "text"}, {Name: "userfield", Type: "text"}})
	var page []call.Chunk
	for p := range benchChunks {
		b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "Asia/Kolkata", Kind: call.KindPage, Table: wide}, p)
		for i := range benchRows {
			number := fmt.Sprint(910000000000 + random.Uint64N(10000000000))
			call.Append(b, uint64(p*benchRows+i+1), [][]byte{
				fmt.Append(nil, p*benchRows+i), []byte(`"` + number + `" <` + number + `>`), []byte("PJSIP/" + number + "@tata_gateway,60,tTkKb(func-apply-sipheaders^s^1)U(sub-send-obroute-email^" + number + ")"),
				fmt.Appendf(nil, "PJSIP/tata_gateway-%08x", random.Uint32()), fmt.Appendf(nil, "1795228253.%d", random.Uint32N(100000)),
				[]byte(strings.Repeat("from-internal;ext-queues;macro-dial-one;", 9)),
			})
		}
		page = append(page, b.Chunk())
	}
	return page
}

// logs are a server that leaves syncing to the system, and one that syncs before each answer as production does.
func logs(b *testing.B, run func(b *testing.B, bus *jetstream.Bus)) {
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			var url string
			if sync {
				url = servertest.NATSChild(b).URL
			} else {
				url = servertest.NATS(b).URL
			}
			bus := connect(b, url)
			large := limits
			large.CDRBytes, large.CallBytes = 16<<30, 4<<30
			if err := bus.CreateStreams(b.Context(), large, none); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			run(b, bus)
		})
	}
}

func perSecond(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkPublishPage(b *testing.B) {
	logs(b, func(b *testing.B, bus *jetstream.Bus) {
		page := busyPage()
		revision, n := uint64(0), uint64(0)
		for b.Loop() {
			r, err := bus.PublishPage(b.Context(), "pbx", page, call.Checkpoint{Page: n}, revision)
			if err != nil {
				b.Fatal(err)
			}
			revision, n = r, n+1
		}
		perSecond(b, b.N*benchChunks*benchRows)
	})
}

func BenchmarkNextDone(b *testing.B) {
	logs(b, func(b *testing.B, bus *jetstream.Bus) {
		page := busyPage()
		revision := uint64(0)
		for n := range uint64(200) {
			r, err := bus.PublishPage(b.Context(), "pbx", page, call.Checkpoint{Page: n}, revision)
			if err != nil {
				b.Fatal(err)
			}
			revision = r
		}
		c, err := bus.Consume(b.Context(), jetstream.Consume{
			Stage: "enricher", Stream: jetstream.StreamCDR, BatchRows: 20000, BatchBytes: 16 << 20, BatchWait: 250 * time.Millisecond, AckWait: time.Minute, WriteTimeout: time.Second,
		})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close(b.Context())
		servertest.Eventually(b, someTime, func() bool { return len(c.Held()) == call.Partitions }, "it holds everything")
		rows := 0
		for b.Loop() {
			got, err := c.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if len(got.Deliveries) == 0 {
				b.Fatal("the log is empty: fewer rounds, -benchtime=20x")
			}
			rows += got.Rows()
			if err := got.Done(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, rows)
	})
}

func BenchmarkTell(b *testing.B) {
	logs(b, func(b *testing.B, bus *jetstream.Bus) {
		all := events(jetstream.MaxTogether)
		for b.Loop() {
			if err := bus.Tell(b.Context(), all); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, b.N*len(all))
	})
}
