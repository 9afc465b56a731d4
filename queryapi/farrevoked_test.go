package main

import (
	"context"
	"slices"
	"sync"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// register is the list of revoked tokens of a far side that is not a store.
type register struct {
	mu       sync.Mutex
	revoked  []clickhouse.Revocation
	trouble  error
	onRevoke func()
	onRead   func()
}

func (l *register) Revoke(_ context.Context, r clickhouse.Revocation) error {
	if l.onRevoke != nil {
		l.onRevoke()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble == nil {
		l.revoked = append(l.revoked, r)
	}
	return l.trouble
}

func (l *register) Revocations(context.Context) ([]clickhouse.Revocation, error) {
	l.mu.Lock()
	list, err := slices.Clone(l.revoked), l.trouble
	l.mu.Unlock()
	if l.onRead != nil {
		l.onRead() // the list is read, and not handed over yet
	}
	return list, err
}

func (l *register) fails(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = err
}
