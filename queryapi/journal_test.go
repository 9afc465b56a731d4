package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Whoever comes while a write is under way shares the next one, and everybody learns what became of his own.
func TestJournalWritesTogether(t *testing.T) {
	t.Parallel()
	begun, go_ := make(chan int, 100), make(chan error)
	j := &journal{within: time.Minute, write: func(_ context.Context, entries []clickhouse.AuditEntry) error {
		begun <- len(entries)
		return <-go_
	}}
	answers := make(chan error, 100)
	enter := func(n int) {
		go func() { answers <- j.enter(t.Context(), clickhouse.AuditEntry{Entry: fmt.Sprint(n)}) }()
	}
	enter(0)
	if n := <-begun; n != 1 {
		t.Fatalf("the first write has %d entries", n)
	}
	for n := range 50 {
		enter(n + 1)
	}
	waits := func() int {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.next == nil {
			return 0
		}
		return len(j.next.entries)
	}
	for deadline := time.Now().Add(time.Minute); waits() < 50 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	go_ <- nil
	if err := <-answers; err != nil {
		t.Errorf("the first entry: %v", err)
	}
	if n := <-begun; n != 50 {
		t.Errorf("the second write has %d entries, want 50", n)
	}
	refused := errors.New("no room")
	go_ <- refused
	for range 50 {
		if err := <-answers; !errors.Is(err, refused) {
			t.Errorf("an entry of the second write: %v", err)
		}
	}
	// One who leaves does not take the others' entries with him.
	ctx, leave := context.WithCancel(t.Context())
	var left sync.WaitGroup
	left.Go(func() {
		if err := j.enter(ctx, clickhouse.AuditEntry{}); !errors.Is(err, context.Canceled) {
			t.Errorf("one who left: %v", err)
		}
	})
	<-begun
	enter(52)
	leave()
	left.Wait()
	go_ <- nil
	<-begun
	go_ <- nil
	if err := <-answers; err != nil {
		t.Error(err)
	}
}
