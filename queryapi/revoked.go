package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// blocklist is where revocations are kept, for all processes.
type blocklist interface {
	Revoke(ctx context.Context, r clickhouse.Revocation) error
	Revocations(ctx context.Context) ([]clickhouse.Revocation, error)
}

// revoked are the revocations as this process knows them. The zero value knows of none and asks nobody.
type revoked struct {
	loading sync.Mutex // one at a time

	mu     sync.RWMutex
	byID   map[string][]clickhouse.Revocation
	own    []taken // that this process took, since a list read meanwhile may lack them
	unread bool    // there is a list, and it was not read yet
}

// taken is a revocation that this process took, and when it was stored.
type taken struct {
	clickhouse.Revocation
	at time.Time
}

// covers tells whether a token is revoked: somebody who sees all that it sees has revoked it. Who sees less could otherwise
// cut off other organisations.
func (v *revoked) covers(id string, orgs []uint32, now time.Time) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.ContainsFunc(v.byID[id], func(r clickhouse.Revocation) bool {
		return (r.Expires.IsZero() || now.Before(r.Expires)) && within(orgs, r.Orgs)
	})
}

// within tells whether all of some organisations are among others.
func within(some, others []uint32) bool {
	return !slices.ContainsFunc(some, func(org uint32) bool { return !slices.Contains(others, org) })
}

// add a revocation that this process has stored.
func (v *revoked) add(r clickhouse.Revocation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.own = append(v.own, taken{r, time.Now()})
	v.keep(r)
}

func (v *revoked) keep(r clickhouse.Revocation) {
	if v.byID == nil {
		v.byID = map[string][]clickhouse.Revocation{}
	}
	v.byID[r.JTI] = append(v.byID[r.JTI], r)
}

// load reads the list. After an error the last one stands.
func (v *revoked) load(ctx context.Context, from blocklist) error {
	v.loading.Lock()
	defer v.loading.Unlock()
	begun := time.Now()
	list, err := from.Revocations(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.byID, v.unread = make(map[string][]clickhouse.Revocation, len(list)), false
	for _, r := range list {
		v.keep(r)
	}
	v.own = slices.DeleteFunc(v.own, func(t taken) bool { return t.at.Before(begun) })
	for _, t := range v.own {
		v.keep(t.Revocation)
	}
	return nil
}

func (v *revoked) mustRead() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.unread
}

// standing refuses a token that was revoked. A process that has not read the list since it started does so now, and takes
// no token that could be on it before: a start must not let revoked tokens in. Later the last list stands, whatever becomes of
// ClickHouse.
func (a *api) standing(ctx context.Context, id string, orgs []uint32) error {
	if id == "" {
		return nil
	}
	if a.revoked.mustRead() {
		ctx, cancel := context.WithTimeout(ctx, a.queryTimeout)
		defer cancel()
		if err := a.revoked.load(ctx, a.history); err != nil {
			return fmt.Errorf("look a token up: %w", err)
		}
	}
	if a.revoked.covers(id, orgs, time.Now()) {
		return refuse(tokenRevoked, "the token was revoked; get a new one")
	}
	return nil
}
