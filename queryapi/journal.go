package main

import (
	"context"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// journal writes entries of the audit log. Whatever comes while one write is under way is written together by the next, so
// that a hundred listeners cost the store a few small inserts a second, and each still waits for its own entry.
type journal struct {
	write  func(context.Context, []clickhouse.AuditEntry) error
	within time.Duration

	mu      sync.Mutex
	next    *leaf // nil while nobody waits
	writing bool
}

// leaf is what is written at once.
type leaf struct {
	entries []clickhouse.AuditEntry
	written chan struct{} // closed when err is known
	err     error
}

// enter an entry; it returns when that is on disk, or cannot be brought there.
func (j *journal) enter(ctx context.Context, e clickhouse.AuditEntry) error {
	j.mu.Lock()
	if j.next == nil {
		j.next = &leaf{written: make(chan struct{})}
	}
	mine := j.next
	mine.entries = append(mine.entries, e)
	if !j.writing {
		j.writing = true
		go j.run()
	}
	j.mu.Unlock()
	select {
	case <-mine.written:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until nobody waits.
func (j *journal) run() {
	for {
		j.mu.Lock()
		now := j.next
		j.next = nil
		j.writing = now != nil
		j.mu.Unlock()
		if now == nil {
			return
		}
		// Not the context of one of those who wait: the others' entries are in the same block.
		ctx, cancel := context.WithTimeout(context.Background(), j.within)
		now.err = j.write(ctx, now.entries)
		cancel()
		close(now.written)
	}
}
