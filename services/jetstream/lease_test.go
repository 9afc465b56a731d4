package jetstream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	kv "github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/jetstream"
)

const someTime = 30 * time.Second

func takes(t *testing.T, bus *jetstream.Bus, who string) <-chan *jetstream.Lease {
	t.Helper()
	got := make(chan *jetstream.Lease, 1)
	go func() {
		l, err := bus.Lease(t.Context(), "source.pbx", who)
		if err == nil {
			got <- l
		} else if t.Context().Err() == nil {
			t.Error(err)
		}
	}()
	return got
}

// leases is the bucket as the server has it.
func leases(t *testing.T, url string) kv.KeyValue {
	t.Helper()
	bucket, err := client(t, url).KeyValue(t.Context(), "cdrflow_leases")
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

// TestReleaseBesideRenewal releases a lease whose last renewal the server has, but its holder was not told of.
func TestReleaseBesideRenewal(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	bucket := leases(t, server.URL)
	lease := <-takes(t, bus, "a")
	is, err := bucket.Get(t.Context(), "source.pbx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Put(t.Context(), "source.pbx", is.Value()); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	if is, err := bucket.Get(t.Context(), "source.pbx"); !errors.Is(err, kv.ErrKeyNotFound) {
		t.Errorf("a released lease is still held: %v, %v", is, err)
	}
}

// TestReleaseOfAnothers leaves a lease alone that somebody else took unnoticed.
func TestReleaseOfAnothers(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	bucket := leases(t, server.URL)
	lease := <-takes(t, bus, "a")
	if _, err := bucket.Put(t.Context(), "source.pbx", []byte("b")); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	if is, err := bucket.Get(t.Context(), "source.pbx"); err != nil || string(is.Value()) != "b" {
		t.Errorf("the release took another's lease: %v, %v", is, err)
	}
}

func TestLeaseChangesHands(t *testing.T) {
	t.Parallel()
	first, server := open(t)
	second, third := connect(t, server.URL), connect(t, server.URL)
	lease := <-takes(t, first, "a")
	got := takes(t, second, "b")
	select {
	case <-got:
		t.Fatal("two hold the lease")
	case <-lease.Lost():
		t.Fatal("lost while it was renewed")
	case <-time.After(6 * time.Second): // longer than an unrenewed lease lives
	}
	lease.Release()
	lease = <-got
	// The holder dies without a word.
	got = takes(t, third, "c")
	second.Close()
	died := time.Now()
	select {
	case l := <-got:
		if took := time.Since(died); took < 2*time.Second {
			t.Errorf("a living lease was taken after %s", took)
		}
		select {
		case <-lease.Lost():
		case <-time.After(someTime):
			t.Error("the dead holder does not know that it lost the lease")
		}
		lease.Release()
		select {
		case <-l.Lost():
			t.Error("the release of a lost lease took it from its new holder")
		case <-time.After(2 * time.Second): // it would be noticed at the next renewal
		}
		l.Release()
	case <-time.After(someTime):
		t.Fatal("a dead holder's lease was not taken")
	}
}

// TestLeaseAndServerAway keeps the lease through a short absence of the server and loses it in a long one.
func TestLeaseAndServerAway(t *testing.T) {
	t.Parallel()
	bus, server := open(t)
	lease := <-takes(t, bus, "a")
	server.Stop(t)
	server.Start(t)
	select {
	case <-lease.Lost():
		t.Fatal("a restart took the lease away")
	case <-time.After(6 * time.Second): // its life, had it not been renewed again
	}
	server.Stop(t)
	select {
	case <-lease.Lost():
	case <-time.After(someTime):
		t.Fatal("the lease outlives its time")
	}
	server.Start(t)
	again := <-takes(t, bus, "a")
	lease.Release()
	again.Release()
}

// TestStandbyGivesUp stops waiting when it is told to.
func TestStandbyGivesUp(t *testing.T) {
	t.Parallel()
	bus, _ := open(t)
	lease := <-takes(t, bus, "a")
	defer lease.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if l, err := bus.Lease(ctx, "source.pbx", "b"); err == nil {
		l.Release()
		t.Error("two hold the lease")
	}
	other, err := bus.Lease(t.Context(), "source.other", "b")
	if err != nil {
		t.Fatal(err)
	}
	other.Release()
}
