package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/jwks"
	"github.com/cdrflow/cdrflow/services/process"
)

// attend keeps what tokens are checked with up to date until leave. It waits for nothing: tokens of JWT_SECRET are taken
// without the identity provider, so neither the start nor /readyz depends on it.
func (a *api) attend(ctx context.Context, cfg config) (leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	var loops sync.WaitGroup
	closing := func() {}
	if cfg.JWKS.Configured() {
		keys := jwks.Open(cfg.JWKS)
		a.tokens.issuer, closing = keys, keys.Close
		loops.Go(func() { follow(ctx, keys, cfg.JWKS.Every, a.log) })
	}
	a.revoked.unread = true
	loops.Go(func() { a.followRevocations(ctx, cfg.RevokedEvery) })
	loops.Go(func() { a.followErasures(ctx, finishEvery) })
	return func() {
		cancel()
		loops.Wait()
		closing()
	}
}

// follow fetches the keys every so often, and sooner after a failure.

func follow(ctx context.Context, keys *jwks.Keys, every time.Duration, log *slog.Logger) {
	var trouble process.Trouble
	backoff := process.Backoff{First: time.Second, Most: min(time.Minute, every)}
	for ctx.Err() == nil {
		err := keys.Refresh(ctx)
		if err == nil {
			trouble.Over(log, "keys of tokens fetched again")
			if keys.Len() == 0 {
				log.Warn("the key set holds no key that can be used, so it signs no tokens")
			}
			backoff.Reset()
			if !process.Pause(ctx, every) {
				return
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		trouble.Report(log, "keys of tokens cannot be fetched, those from before stay", err)
		if !backoff.Wait(ctx) {
			return
		}
	}
}

// followRevocations reads the list of revoked tokens every so often.
func (a *api) followRevocations(ctx context.Context, every time.Duration) {
	var trouble process.Trouble
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(ctx, a.queryTimeout)
		err := a.revoked.load(asked, a.history)
		cancel()
		if err == nil {
			trouble.Over(a.log, "revoked tokens are known again")
		} else if ctx.Err() == nil {
			trouble.Report(a.log, "revoked tokens cannot be read, those known stay revoked", err)
		}
		process.Pause(ctx, every)
	}
}
