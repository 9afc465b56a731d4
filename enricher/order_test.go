package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// Rows come in any order, some chunks twice, and the enricher is replaced in between: in the end the store says of every
// row and conversation what is understood of all rows at once.
func TestAnyOrderComesToTheSame(t *testing.T) {
	t.Parallel()
	r, err := loadRules("testdata/asterisk/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := readRows(t, newUnderstanding(r), same)
	understandAll(t, newUnderstanding(r), want)
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			d.e.rules.Store(r)
			random := rand.New(rand.NewPCG(seed, 1))
			chunks := shuffledChunks(t, random)
			for n := 0; len(chunks) > 0; n++ {
				if n == 30 {
					d.e.generation, d.e.known = 0, nil // another worker takes over
				}
				take := min(len(chunks), 1+random.IntN(6))
				batch := jetstream.Batch{Deliveries: chunks[:take]}
				for i := range batch.Deliveries {
					batch.Deliveries[i].Generation = uint64(1 + n/30)
				}
				if err := d.e.digest(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
				chunks = chunks[take:]
			}
			// The second call of an attended transfer may have come after the rest; a later look finds it.
			unjoined, err := d.store.Unjoined(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			for i := range unjoined {
				o := originOf(unjoined[i].ID, unjoined[i].Table)
				o.Kind = call.KindRegenerate
				if err := d.e.digest(t.Context(), jetstream.Batch{Deliveries: []jetstream.Delivery{delivered(o, &unjoined[i], 1000+i)}}); err != nil {
					t.Fatal(err)
				}
			}
			d.holds(t, want)
		})
	}
}

// shuffledChunks are the real rows in chunks of a few, in any order, a fifth of them twice.
func shuffledChunks(t *testing.T, random *rand.Rand) []jetstream.Delivery {
	t.Helper()
	var list []jetstream.Delivery
	sequence := uint64(0)
	for _, rows := range rowsInPieces(t, random) {
		sequence++
		b := call.NewBuilder(rows.origin, 0)
		for i, id := range rows.ids {
			call.Append(b, id, rows.values[i])
		}
		c := b.Chunk()
		d := jetstream.Delivery{
			Data: c.Body, Kind: c.Kind, First: c.First, Last: c.Last, Count: c.Count, Sequence: sequence, Delivered: 1,
			Stored: time.Unix(1795228900, 0),
		}
		list = append(list, d)
	}
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i := range list {
		if random.IntN(5) == 0 {
			again := list[i]
			again.Delivered = 2
			list = append(list, again)
		}
	}
	return list
}

// delivered is a row alone in a chunk.
func delivered(o call.Origin, c *call.Call, sequence int) jetstream.Delivery {
	b := call.NewBuilder(o, 0)
	row := c.RawRow()
	b.AppendRow(&row)
	chunk := b.Chunk()
	return jetstream.Delivery{Data: chunk.Body, Kind: chunk.Kind, First: row.ID, Last: row.ID, Count: 1, Sequence: uint64(sequence), Delivered: 1, Generation: 9}
}

type piece struct {
	origin call.Origin
	ids    []uint64
	values [][][]byte
}

func rowsInPieces(t *testing.T, random *rand.Rand) []piece {
	t.Helper()
	names := call.Standard()
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	table := call.NewTable(columns)
	var all []piece
	var lines []map[string]any
	readLines(t, "testdata/asterisk/rows.jsonl", func(line []byte) {
		var row map[string]any
		d := json.NewDecoder(strings.NewReader(string(line)))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, row)
	})
	random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	for _, row := range lines {
		id, _ := row["id"].(json.Number).Int64()
		origin := originOf(uint64(id), table)
		values := make([][]byte, len(names))
		for i, name := range names {
			if v := row[name]; v != nil {
				values[i] = fmt.Append(nil, v)
			}
		}
		if n := len(all) - 1; n < 0 || all[n].origin.Source != origin.Source || len(all[n].ids) > random.IntN(6) {
			all = append(all, piece{origin: origin})
		}
		p := &all[len(all)-1]
		p.ids, p.values = append(p.ids, uint64(id)), append(p.values, values)
	}
	return all
}

// holds the store against what is wanted: every row once, and every meaning equal.
func (d *desk) holds(t *testing.T, want map[uint64]*call.Call) {
	t.Helper()
	var ids []uint64
	for id := range want {
		ids = append(ids, id)
	}
	rows, err := d.store.Rows(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	heads, wanted, seen := 0, 0, map[uint64]bool{}
	for i := range rows {
		c := &rows[i].Call
		if seen[c.ID] {
			t.Errorf("call %d lives twice", c.ID)
		}
		seen[c.ID] = true
		if c.Conversation.Legs > 0 {
			heads++
		}
		if !c.SameMeaning(want[c.ID]) {
			t.Errorf("call %d: %s of %s with %d legs, flags %q; want %s of %s with %d legs, flags %q", c.ID, c.LegKind, c.ConversationID(),
				c.Conversation.Legs, c.Flags, want[c.ID].LegKind, want[c.ID].ConversationID(), want[c.ID].Conversation.Legs, want[c.ID].Flags)
		}
	}
	for _, c := range want {
		if c.Conversation.Legs > 0 {
			wanted++
		}
	}
	if len(seen) != len(want) || heads != wanted {
		t.Errorf("%d calls and %d conversations, want %d and %d", len(seen), heads, len(want), wanted)
	}
}
