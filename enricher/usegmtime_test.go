package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// Rows of one source after the other stand in testdata/times.txt.
func TestTimes(t *testing.T) {
	t.Parallel()
	u := newUnderstanding(&rules{})
	table := call.NewTable([]call.Column{{Name: "calldate"}, {Name: "answer"}, {Name: "end"}, {Name: "uniqueid"}})
	for _, row := range readTable(t, "times.txt", 30) {
		o := call.Origin{Source: row["source"], Zone: row["zone"], Table: table}
		clock, err := u.clock(o.Zone)
		if err != nil {
			t.Fatal(err)
		}
		var values []call.Value
		for i := range table.Columns {
			text := row[table.Columns[i].Name]
			values = append(values, call.Value{Text: text, Valid: text != ""})
		}
		var c call.Call
		u.row(&o, clock, &call.Row{ID: 1, Values: values}, 1, &c)
		for name, got := range map[string]string{
			"=calldate": utcText(c.Calldate), "=answer": utcText(c.Answer), "=end": utcText(c.End), "=flags": c.Flags,
		} {
			if want := row[name]; got != want {
				t.Errorf("%s (%s): %s is %q, want %q", row["line"], row["what"], name[1:], got, want)
			}
		}
		for i := range table.Columns { // whatever is read out of a time, the row can be shown as it came
			if got := c.Raw(i); got != values[i] {
				t.Errorf("%s (%s): %s is kept as %v, was %v", row["line"], row["what"], table.Columns[i].Name, got, values[i])
			}
		}
	}
}

// A later row of a channel, alone, shows nothing: it is read as the batch shows, or as rows before did, whatever rules
// were in force then. Each batch is a list of chunks, each chunk a row: its calldate and the epoch of its channel.
func TestHabitOfABatch(t *testing.T) {
	t.Parallel()
	type row struct{ calldate, created, want string }
	late, misread := row{"10:05:00", "10:00:00", "10:05:00"}, row{"10:05:00", "10:00:00", "04:35:00"}
	for _, c := range []struct {
		name, zone string
		batches    [][]row
	}{
		{"another row of the batch shows it", "Asia/Kolkata", [][]row{{late, {"10:10:00", "10:10:00", "10:10:00"}, late}}},
		{"a batch under other rules has shown it", "Asia/Kolkata", [][]row{{{"10:10:00", "10:10:00", "10:10:00"}}, {late}}},
		{"local times stay local", "Asia/Kolkata", [][]row{{misread, {"15:40:00", "10:10:00", "10:10:00"}}, {misread}}},
		{"west of UTC", "America/New_York", [][]row{{late, {"10:10:00", "10:10:00", "10:10:00"}}, {late}}},
		{"nothing has shown anything yet", "Asia/Kolkata", [][]row{{misread}, {{"10:10:00", "10:10:00", "10:10:00"}}, {late}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const day = "2026-11-21 "
			e, id := &enricher{epoch: 1}, uint64(0)
			for n, batch := range c.batches {
				e.rules.Store(&rules{revision: uint32(n)})
				var deliveries []jetstream.Delivery
				for _, r := range batch {
					id++
					created, err := time.Parse(time.DateTime, day+r.created)
					if err != nil {
						t.Fatal(err)
					}
					l := line{id: id, calldate: created}
					b := call.NewBuilder(call.Origin{Source: "pbx", Zone: c.zone, Kind: call.KindPage, Table: columns}, call.Partition(linkedOf(l)))
					call.Append(b, id, [][]byte{fmt.Append(nil, id), []byte(day + r.calldate), nil, nil, []byte(linkedOf(l)), []byte(linkedOf(l)), nil, []byte("10"), []byte("4"), nil, nil})
					k := b.Chunk()
					deliveries = append(deliveries, jetstream.Delivery{Data: k.Body, Kind: k.Kind, First: id, Last: id, Count: 1, Sequence: id, Delivered: 1, Stored: created.Add(time.Minute)})
				}
				u := e.read(deliveries, clickhouse.Horizon{})
				if len(u.calls) != len(batch) || len(u.parked) > 0 {
					t.Fatalf("%d calls, %d parked", len(u.calls), len(u.parked))
				}
				for i, r := range batch {
					got := &u.calls[i]
					if utcText(got.Calldate) != day+r.want {
						t.Errorf("batch %d row %d: calldate is %s, want %s", n, i, utcText(got.Calldate), r.want)
					}
					if got.ID != call.ID(0, deliveries[i].First) || got.Version.Sequence() != deliveries[i].Sequence || got.Raw(1).Text != day+r.calldate {
						t.Errorf("batch %d row %d became call %d, version %d, of %v", n, i, got.ID, got.Version, got.Raw(1))
					}
				}
			}
		})
	}
}

func utcText(at call.Instant) string {
	if at == call.NoInstant {
		return ""
	}
	return at.Time().Format("2006-01-02 15:04:05")
}
