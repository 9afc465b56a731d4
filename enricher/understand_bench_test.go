package main

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// delivery is a chunk of n rows as a call centre writes them.
func delivery(sequence uint64, n int) jetstream.Delivery {
	names := call.Standard()
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "Asia/Kolkata", Kind: call.KindPage, Table: call.NewTable(columns)}, 0)
	for i := range n {
		id := sequence*uint64(n) + uint64(i)
		at := time.Unix(1795228140+int64(id)/4, 0).UTC()
		var values [][]byte
		for _, name := range names {
			switch name {
			case "id":
				values = append(values, fmt.Append(nil, id))
			case "calldate", "end", "answer":
				values = append(values, []byte(at.Format(time.DateTime)))
			case "clid":
				values = append(values, fmt.Appendf(nil, `"Chitra Iyer" <%d>`, 9000+id))
			case "channel":
				values = append(values, fmt.Appendf(nil, "PJSIP/tata_gateway-%08x", id))
			case "dstchannel":
				values = append(values, fmt.Appendf(nil, "PJSIP/10%02d-%08x", id%100, id))
			case "dcontext":
				values = append(values, []byte("from-trunk"))
			case "lastapp":
				values = append(values, []byte("Dial"))
			case "disposition":
				values = append(values, []byte("ANSWERED"))
			case "duration", "billsec", "sequence", "amaflags":
				values = append(values, fmt.Append(nil, id%90))
			case "accountcode":
				values = append(values, fmt.Append(nil, id%2+1))
			case "uniqueid", "linkedid":
				values = append(values, fmt.Appendf(nil, "%d.%d", at.Unix(), id))
			case "userfield":
				values = append(values, fmt.Appendf(nil, "hangupsource=PJSIP/tata_gateway-%08x|hangupcause=16", id))
			case "queue_name", "queue_wait_time", "answered_agent", "recordingfile":
				values = append(values, nil)
			default:
				values = append(values, fmt.Appendf(nil, "9199%08d", id*7919%100_000_000))
			}
		}
		call.Append(b, id, values)
	}
	c := b.Chunk()
	return jetstream.Delivery{Data: c.Body, Kind: c.Kind, First: c.First, Last: c.Last, Count: c.Count, Sequence: sequence, Delivered: 1, Stored: time.Now()}
}

// BenchmarkUnderstand is what the enricher itself costs a row, without the log and the store: reading it, putting it into
// its conversation, and all rules of legs and conversations.
func BenchmarkUnderstand(b *testing.B) {
	r, err := loadRules("testdata/rules.yaml")
	if err != nil {
		b.Fatal(err)
	}
	e := &enricher{epoch: 1, known: newAcquaintance(map[uint32]int64{})}
	e.rules.Store(r)
	var deliveries []jetstream.Delivery
	for i := range 40 {
		deliveries = append(deliveries, delivery(uint64(i+1), 500))
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		e.known = newAcquaintance(map[uint32]int64{})
		u := e.read(deliveries, clickhouse.Horizon{})
		for _, w := range waves(u) {
			write, _, err := e.understand(b.Context(), u, w)
			if len(write) != 20_000 || len(u.parked) > 0 || err != nil {
				b.Fatalf("%d calls, %d parked, %v", len(write), len(u.parked), err)
			}
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N)/20_000, "cpu-ns/row")
}

// processorTime that this process has used: on a machine that others use too, time by the clock says nothing.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClassify is what all rules of legs and conversations cost a row, its texts being at hand.
func BenchmarkClassify(b *testing.B) {
	r, err := loadRules("testdata/asterisk/rules.yaml")
	if err != nil {
		b.Fatal(err)
	}
	u := newUnderstanding(r)
	var conversations [][]*call.Call
	rows := 0
	g := newGroups(300)
	for _, c := range readRows(b, u, same) {
		g.add(g.at(conversationOf(c)), c, nil, nil)
		rows++
	}
	for _, one := range g.list {
		conversations = append(conversations, slices.Clone(g.callsOf(one)))
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		for _, rows := range conversations {
			u.conversation(rows)
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N)/float64(rows), "cpu-ns/row")
}
