package jetstream_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

func parked(t *testing.T, bus *jetstream.Bus, stage string) []jetstream.Parked {
	t.Helper()
	var all []jetstream.Parked
	if err := bus.ListParked(t.Context(), stage, func(p jetstream.Parked) error { all = append(all, p); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParkedRowsComeAgain(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	chunk := chunks(7, 1)[0]
	ids := []string{"7", "odd id.with *> signs=3d", "", "=", "मीरा/../\x00\xff", strings.Repeat("x", 512)}
	for _, id := range ids {
		p := jetstream.Parked{Stage: "enricher", ID: id, Reason: "first", Source: "pbx", Version: 77, At: time.Now().UTC(), Body: chunk.Body}
		for _, p.Reason = range []string{"first", "two\nlines, मीरा"} { // the same id replaces
			if err := bus.Park(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := bus.Park(t.Context(), jetstream.Parked{Stage: "other", ID: "1", Reason: strings.Repeat("é", 1<<20)}); err != nil {
		t.Error(err)
	}
	if err := bus.Park(t.Context(), jetstream.Parked{Stage: "a.b", ID: "1"}); err == nil {
		t.Error("a stage that is no token was taken")
	}
	all := parked(t, bus, "enricher")
	if len(all) != len(ids) {
		t.Fatalf("%d are parked, want %d", len(all), len(ids))
	}
	for i, p := range all {
		if p.ID != ids[i] || p.Stage != "enricher" || p.Reason != "two lines, मीरा" || p.Source != "pbx" || p.Version != 77 || p.At.IsZero() || !bytes.Equal(p.Body, chunk.Body) {
			t.Errorf("parked %+v", p)
		}
	}
	stop := errors.New("enough")
	if err := bus.ListParked(t.Context(), "enricher", func(jetstream.Parked) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the list goes on: %v", err)
	}
	for range 2 { // the second time it is gone
		if err := bus.Replay(t.Context(), all[1]); err != nil {
			t.Fatal(err)
		}
	}
	unlisted := jetstream.Parked{Stage: "enricher", ID: "7", Version: 78, Body: chunk.Body}
	if err := bus.Replay(t.Context(), unlisted); err != nil {
		t.Fatal(err)
	}
	if left := parked(t, bus, "enricher"); len(left) != len(ids)-2 || left[0].ID != "" {
		t.Errorf("left are %+v", left)
	}
	c := join(t, bus, consume("enricher"))
	for version := call.Version(77); version < 79; {
		b := next(t, c)
		for _, d := range b.Deliveries {
			if d.Kind != call.KindReplay || d.Version != version || d.First != 7 || d.Last != 7 || d.Count != 1 || d.Partition != chunk.Partition || !bytes.Equal(d.Data, chunk.Body) {
				t.Errorf("replayed as %+v", d)
			}
			version++
		}
		done(t, b)
	}
}

// TestParkedAnewStays: a replay that fails again is parked again, maybe before the first was removed.
func TestParkedAnewStays(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	p := jetstream.Parked{Stage: "ticketer", ID: "1", Reason: "first", Subject: "call.v1.1.inbound.3", Body: []byte(`{"event":"new"}`)}
	if err := bus.Park(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	listed := parked(t, bus, "ticketer")[0]
	p.Reason = "again"
	if err := bus.Park(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := bus.Replay(t.Context(), listed); err != nil {
		t.Fatal(err)
	}
	left := parked(t, bus, "ticketer")
	if len(left) != 1 || left[0].Reason != "again" {
		t.Fatalf("left are %+v", left)
	}
	if err := bus.Replay(t.Context(), left[0]); err != nil {
		t.Fatal(err)
	}
	cfg := consume("ticketer")
	cfg.Stream = jetstream.StreamCALL
	b := next(t, join(t, bus, cfg))
	if d := b.Deliveries[0]; len(b.Deliveries) != 1 || d.Subject != p.Subject || string(d.Data) != string(p.Body) || d.Partition != 3 {
		t.Errorf("replayed as %+v", b)
	}
	done(t, b)
}

// TestBrokenChunkComesAgainAsItWas: what cannot be read is replayed to where it came from.
func TestBrokenChunkComesAgainAsItWas(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	var all []call.Chunk
	for len(all) != 1 {
		all = chunks(1, 1)
	}
	cut := all[0].Body[:len(all[0].Body)-1]
	for i, body := range [][]byte{cut, []byte("nonsense"), nil} {
		p := jetstream.Parked{Stage: "enricher", ID: string(rune('a' + i)), Subject: "cdr.v1.pbx.5", Version: call.Version(i + 1), Body: body}
		if err := bus.Park(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parked(t, bus, "enricher") {
		if err := bus.Replay(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := bus.Replay(t.Context(), jetstream.Parked{Stage: "enricher", ID: "z", Body: []byte("nonsense")}); err == nil {
		t.Error("nonsense from nowhere was replayed")
	}
	c := join(t, bus, consume("enricher"))
	for got := 0; got < 3; {
		b := next(t, c)
		for _, d := range b.Deliveries {
			got++
			if d.Partition != 5 || d.Version != call.Version(got) || d.Kind != call.KindReplay || d.Count != 1 {
				t.Errorf("replayed as %+v", d)
			}
		}
		done(t, b)
	}
}

func TestManyAreListed(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	for i := range 600 {
		if err := bus.Park(t.Context(), jetstream.Parked{Stage: "enricher", ID: string(rune(0x900 + i)), Body: bytes.Repeat([]byte{byte(i)}, 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range parked(t, bus, "enricher") {
		if p.ID != string(rune(0x900+i)) || len(p.Body) != 1000 || p.Body[0] != byte(i) {
			t.Fatalf("%d is %q", i, p.ID)
		}
	}
	if n := len(parked(t, bus, "enricher")); n != 600 {
		t.Errorf("%d are listed, want 600", n)
	}
	if n := len(parked(t, bus, "ticketer")); n != 0 {
		t.Errorf("%d are listed of a stage that parked nothing", n)
	}
}

func FuzzEscape(f *testing.F) {
	for _, id := range []string{"", "=", "a=b", "7", ".", "*", "é"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		token := jetstream.Escape(id)
		if strings.ContainsAny(token, ".*> \t\r\n") || token == "" {
			t.Errorf("%q becomes %q", id, token)
		}
		if back, err := jetstream.Unescape(token); err != nil || back != id {
			t.Errorf("%q becomes %q and then %q, %v", id, token, back, err)
		}
		_, _ = jetstream.Unescape(id)
	})
}
