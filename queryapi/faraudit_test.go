package main

import (
	"context"
	"slices"
	"sync"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// blotter is the audit log of a far side that is not a store.
type blotter struct {
	mu      sync.Mutex
	entries []clickhouse.AuditEntry
	refuses error
}

func (b *blotter) WriteAudit(_ context.Context, entries []clickhouse.AuditEntry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses == nil {
		b.entries = append(b.entries, entries...)
	}
	return b.refuses
}

func (f *fixed) AuditLog(ctx context.Context, _ clickhouse.Scope, q clickhouse.AuditQuery) ([]clickhouse.AuditEntry, error) {
	if f.before != nil {
		f.before(ctx)
	}
	entries := f.written()
	return entries[min(q.Offset, len(entries)):min(q.Offset+q.Limit, len(entries))], f.err
}

func (f *fixed) CountAudit(context.Context, clickhouse.Scope, clickhouse.AuditQuery) (uint64, error) {
	return uint64(len(f.written())), f.err
}

func (b *blotter) written() []clickhouse.AuditEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries)
}
