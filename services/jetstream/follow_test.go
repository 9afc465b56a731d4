package jetstream_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// taken is what Follow handed over.
type taken struct {
	mu   sync.Mutex
	last uint64
	ids  []uint64
	odd  error
}

func (x *taken) take(a jetstream.Announced) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var e call.Event
	if err := json.Unmarshal(a.Data, &e); err != nil || a.Sequence <= x.last {
		x.odd = errors.Join(errors.New("out of order or no event"), err, x.odd)
	}
	x.last, x.ids = a.Sequence, append(x.ids, e.ID)
}

func (x *taken) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.ids)
}

func TestFollow(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	ends, err := bus.CallEnds(t.Context())
	if err != nil || ends.Last != 0 || ends.First <= ends.Last || ends.Born.IsZero() {
		t.Errorf("an empty stream has the ends %+v, %v", ends, err)
	}
	if list, err := bus.Announced(t.Context(), 1, 10); err != nil || len(list) != 0 {
		t.Errorf("an empty stream holds %d events, %v", len(list), err)
	}
	if err := bus.Tell(t.Context(), events(1500)); err != nil {
		t.Fatal(err)
	}
	x := &taken{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	follow := func() { ended <- bus.Follow(ctx, x.last+1, x.take) }
	go follow()
	servertest.Eventually(t, someTime, func() bool { return x.count() == 1500 }, "what was told before comes")
	if err := bus.Tell(t.Context(), events(10)); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, someTime, func() bool { return x.count() == 1510 }, "what is told now comes")

	// Whatever ends it, going on behind the last one loses and repeats nothing.
	server.Stop(t)
	server.Start(t)
	servertest.Eventually(t, someTime, func() error { return bus.Ping(t.Context()) }, "the connection is back")
	servertest.Eventually(t, someTime, func() error { return bus.Tell(t.Context(), events(5)) }, "events are told again")
	servertest.Eventually(t, someTime, func() bool {
		select {
		case err := <-ended:
			if !jetstream.Away(err) {
				t.Logf("ended with %v", err)
			}
			go follow()
		default:
		}
		return x.count() >= 1515
	}, "what is told after a restart comes")
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if x.odd != nil {
		t.Error(x.odd)
	}
	// The same by question and answer.
	var read []uint64
	for from := uint64(1); ; {
		list, err := bus.Announced(t.Context(), from, 400)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for _, a := range list {
			if a.Sequence != from {
				t.Fatalf("event %d where %d is due", a.Sequence, from)
			}
			var e call.Event
			if err := json.Unmarshal(a.Data, &e); err != nil {
				t.Fatal(err)
			}
			read, from = append(read, e.ID), from+1
		}
	}
	if len(read) < 1515 || len(read) != len(x.ids) {
		t.Errorf("%d events were read, %d came", len(read), len(x.ids))
	}
	again, err := bus.CallEnds(t.Context())
	if err != nil || !again.Born.Equal(ends.Born) || again.First != 1 || int(again.Last) != len(read) {
		t.Errorf("ends %+v, %v; before %+v", again, err, ends)
	}
}

func TestFollowNoticesAnotherStream(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	if err := bus.Tell(t.Context(), events(10)); err != nil {
		t.Fatal(err)
	}
	x := &taken{}
	ended := make(chan error, 1)
	go func() { ended <- bus.Follow(t.Context(), 1, x.take) }()
	servertest.Eventually(t, someTime, func() bool { return x.count() == 10 }, "the events come")
	if err := client(t, server.URL).DeleteStream(t.Context(), jetstream.StreamCALL); err != nil {
		t.Fatal(err)
	}
	create(t, connect(t, server.URL))
	if err := <-ended; err == nil {
		t.Error("another stream is followed as if it were the same")
	}
}
