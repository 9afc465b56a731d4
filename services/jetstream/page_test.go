package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestOnePollerWins(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	if _, _, err := bus.Checkpoint(t.Context(), "pbx"); !errors.Is(err, jetstream.ErrNoCheckpoint) {
		t.Fatalf("no checkpoint yet: %v", err)
	}
	const rounds = 5
	revision := uint64(0)
	for round := range rounds {
		var (
			wait sync.WaitGroup
			won  atomic.Int64
			next atomic.Uint64
		)
		for poller := range 8 {
			wait.Go(func() {
				cp := call.Checkpoint{Source: "pbx", LastID: uint64(round*100 + 100), Page: uint64(round), LastUniqueID: fmt.Sprint(poller)}
				r, err := bus.PublishPage(t.Context(), "pbx", chunks(uint64(round*100+1), 100), cp, revision)
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
		cp, r, err := bus.Checkpoint(t.Context(), "pbx")
		if err != nil || r != next.Load() || cp.Page != uint64(round) {
			t.Fatalf("checkpoint %+v at %d, %v", cp, r, err)
		}
		revision = r
	}
	seen, checkpoints := stored(t, server.URL)
	once(t, seen, rounds*100)
	if checkpoints != rounds {
		t.Errorf("%d checkpoints, want %d", checkpoints, rounds)
	}
}

func TestPageWithoutRows(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	revision := uint64(0)
	for page := range uint64(3) {
		r, err := bus.PublishPage(t.Context(), "pbx", nil, call.Checkpoint{Page: page}, revision)
		if err != nil || r != revision+1 {
			t.Fatalf("revision %d after %d, %v", r, revision, err)
		}
		revision = r
	}
	if _, err := bus.PublishPage(t.Context(), "pbx", nil, call.Checkpoint{Page: 9}, 1); !errors.Is(err, jetstream.ErrFenced) {
		t.Errorf("an old revision: %v", err)
	}
	for _, source := range []string{"", "a.b", "*", ">", "a b", "p\r\nbx"} {
		if _, err := bus.PublishPage(t.Context(), source, nil, call.Checkpoint{}, 0); err == nil {
			t.Errorf("source %q was taken", source)
		}
	}
	if _, err := bus.PublishPage(t.Context(), "pbx", make([]call.Chunk, jetstream.MaxPageMessages+1), call.Checkpoint{}, 3); err == nil {
		t.Error("a page that no batch can hold was taken")
	}
}

// TestLargestPage is as many messages as a page may have.
func TestLargestPage(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	var page []call.Chunk
	for id := range uint64(jetstream.MaxPageMessages) {
		page = append(page, chunks(id+1, 1)...)
	}
	if _, err := bus.PublishPage(t.Context(), "pbx", page, call.Checkpoint{Page: 1}, 0); err != nil {
		t.Fatal(err)
	}
	seen, _ := stored(t, server.URL)
	once(t, seen, jetstream.MaxPageMessages)
}

func TestFullLogRefuses(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	bus := connect(t, server.URL)
	small := limits
	small.CDRBytes = 1 << 20
	if err := bus.CreateStreams(t.Context(), small, none); err != nil {
		t.Fatal(err)
	}
	revision, pages := uint64(0), uint64(0)
	for {
		r, err := bus.PublishPage(t.Context(), "pbx", chunks(pages*500+1, 500), call.Checkpoint{Page: pages}, revision)
		if errors.Is(err, jetstream.ErrFull) {
			break
		}
		if err != nil || pages > 1000 {
			t.Fatalf("%d pages went into a megabyte, then %v", pages, err)
		}
		revision, pages = r, pages+1
	}
	seen, checkpoints := stored(t, server.URL)
	once(t, seen, pages*500)
	if cp, r, err := bus.Checkpoint(t.Context(), "pbx"); err != nil || r != revision || cp.Page != pages-1 || uint64(checkpoints) != pages {
		t.Errorf("checkpoint %+v at %d, %v; want page %d at %d", cp, r, err, pages-1, revision)
	}
	if p, err := bus.Pressure(t.Context()); err != nil || p.MaxBytes != 1<<20 || p.Bytes < p.MaxBytes*8/10 || p.Bytes > p.MaxBytes {
		t.Errorf("pressure %+v, %v", p, err)
	}
	// More room lets the page in.
	if err := bus.CreateStreams(t.Context(), limits, none); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.PublishPage(t.Context(), "pbx", chunks(pages*500+1, 500), call.Checkpoint{Page: pages}, revision); err != nil {
		t.Errorf("with room: %v", err)
	}
}

// TestUnknownOutcomes breaks the wire at the commit of a page, in every way.
func TestUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		at     func(server *servertest.NATSServer, forward, cut func())
		stored bool // the page is in although nobody said so
	}{
		{"cut before the commit", func(_ *servertest.NATSServer, _, cut func()) { cut() }, false},
		{"cut before the answer", func(_ *servertest.NATSServer, forward, cut func()) {
			forward()
			time.Sleep(200 * time.Millisecond) // the server stores it
			cut()
		}, true},
		{"server stops before the commit", func(s *servertest.NATSServer, _, cut func()) {
			s.Stop(t)
			cut()
			s.Start(t)
		}, false},
		{"server stops after the commit", func(s *servertest.NATSServer, forward, cut func()) {
			forward()
			s.Stop(t)
			cut()
			s.Start(t)
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := servertest.NATS(t)
			create(t, connect(t, server.URL))
			w := newWire(t, server.URL)
			bus := connect(t, w.URL)
			revision := publish(t, bus, 1, 500, 0)
			w.atCommit(func(forward, cut func()) { test.at(server, forward, cut) })
			cp := call.Checkpoint{Page: 2, LastID: 1000}
			r, err := bus.PublishPage(t.Context(), "pbx", chunks(501, 500), cp, revision)
			if errors.Is(err, jetstream.ErrFenced) {
				t.Fatal("fenced by nobody")
			}
			seen, _ := stored(t, server.URL)
			if in := len(seen) == 1000; in != (err == nil) || test.name == "cut before the answer" && !in {
				t.Fatalf("%d rows are stored, and the answer is %v", len(seen), err)
			}
			if err != nil {
				r, err = bus.PublishPage(t.Context(), "pbx", chunks(501, 500), cp, revision)
			}
			if err != nil {
				t.Fatal(err)
			}
			publish(t, bus, 1001, 500, r)
			seen, checkpoints := stored(t, server.URL)
			once(t, seen, 1500)
			if checkpoints != 3 {
				t.Errorf("%d checkpoints, want 3", checkpoints)
			}
		})
	}
}

// TestLateCommit holds a commit back until its sender has given up and publishes the page once more.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	server := servertest.NATS(t)
	create(t, connect(t, server.URL))
	w := newWire(t, server.URL)
	late, bus := connect(t, w.URL), connect(t, server.URL)
	revision := publish(t, late, 1, 500, 0)
	gaveUp := make(chan struct{})
	giveUp := sync.OnceFunc(func() { close(gaveUp) })
	defer giveUp()
	w.atCommit(func(forward, _ func()) {
		<-gaveUp
		forward()
	})
	cp := call.Checkpoint{Page: 2, LastID: 1000}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := late.PublishPage(ctx, "pbx", chunks(501, 500), cp, revision); err == nil || errors.Is(err, jetstream.ErrFenced) {
		t.Fatalf("nobody answered, and yet: %v", err)
	}
	giveUp()
	servertest.Eventually(t, 10*time.Second, func() bool {
		_, r, err := bus.Checkpoint(t.Context(), "pbx")
		return err == nil && r > revision
	}, "the late commit is stored")
	// The same page meets itself, another one is fenced.
	r, err := bus.PublishPage(t.Context(), "pbx", chunks(501, 500), cp, revision)
	if err != nil || r <= revision {
		t.Fatalf("the same page again: %d, %v", r, err)
	}
	cp.LastUniqueID = "other"
	if _, err := bus.PublishPage(t.Context(), "pbx", chunks(501, 500), cp, revision); !errors.Is(err, jetstream.ErrFenced) {
		t.Errorf("another page: %v", err)
	}
	seen, _ := stored(t, server.URL)
	once(t, seen, 1000)
}

// TestPagesSurviveKills kills the server again and again while pages are published: none is lost, none stored twice.
func TestPagesSurviveKills(t *testing.T) {
	t.Parallel()
	server := servertest.NATSChild(t)
	bus := connect(t, server.URL)
	create(t, bus)
	var (
		killer sync.WaitGroup
		over   = make(chan struct{})
		paged  = make(chan struct{}, 1000)
	)
	killer.Go(func() {
		defer close(over)
		for kill := range 5 {
			for range 10 + kill {
				<-paged
			}
			server.Kill()
			server.Restart(t)
		}
	})
	revision, id := uint64(0), uint64(1)
	for page := uint64(0); ; page++ {
		select {
		case <-over:
			killer.Wait()
			seen, checkpoints := stored(t, server.URL)
			once(t, seen, id-1)
			if uint64(checkpoints) != page {
				t.Errorf("%d checkpoints of %d pages", checkpoints, page)
			}
			return
		default:
		}
		cp := call.Checkpoint{LastID: id + 49, Page: page}
		r, err := bus.PublishPage(t.Context(), "pbx", chunks(id, 50), cp, revision)
		for tries := 0; err != nil; tries++ {
			if errors.Is(err, jetstream.ErrFenced) || tries > 1000 {
				t.Fatalf("fenced by nobody, or lost for good: %v", err)
			}
			time.Sleep(20 * time.Millisecond) // the pace of trying again
			r, err = bus.PublishPage(t.Context(), "pbx", chunks(id, 50), cp, revision)
		}
		revision, id = r, id+50
		select {
		case paged <- struct{}{}:
		default:
		}
	}
}

func TestChunkTooLarge(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	noise := make([]byte, 2<<20)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	_, err := bus.PublishPage(t.Context(), "pbx", []call.Chunk{{Kind: call.KindPage, Body: noise, Count: 1}}, call.Checkpoint{}, 0)
	if err == nil || !strings.Contains(err.Error(), "maximum payload") {
		t.Errorf("a chunk above the server's limit: %v", err)
	}
	if seen, _ := stored(t, server.URL); len(seen) != 0 {
		t.Errorf("%d rows are stored", len(seen))
	}
}
