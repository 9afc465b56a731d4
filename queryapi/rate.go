package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates are the requests that each token may make, by its role, and the wrong tokens that may come from each address.
type rates struct {
	byRole    map[string]rateLimit
	strangers rateLimit // burst 0: no limit

	tokens    buckets[tokenKey]
	addresses buckets[netip.Prefix]
}

func newRates(cfg config) (*rates, error) {
	s := &rates{}
	var err error
	s.byRole, err = byRole("RATE_LIMITS", cfg.RateLimits, "a rate such as 20/s, 300/m or 20/s:100", readRate)
	if cfg.FailedAttempts != "" {
		var ok bool
		if s.strangers, ok = readRate(cfg.FailedAttempts); !ok {
			err = errors.Join(err, fmt.Errorf("FAILED_ATTEMPTS is %q, want a rate such as 1/s:60", cfg.FailedAttempts))
		}
	}
	return s, err
}

// buckets that fill again with time. One that is full is as good as none, so that it is forgotten.
type buckets[K comparable] struct {
	mu    sync.Mutex
	held  map[K]*rate.Limiter
	swept time.Time
}

// mostBuckets are held at most. Who could make more of them than that has valid tokens in plenty, or addresses: then some
// begin anew.
const mostBuckets = 100_000

func (b *buckets[K]) of(key K, limit rateLimit, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if held := b.held[key]; held != nil {
		return held
	}
	if b.held == nil {
		b.held = map[K]*rate.Limiter{}
	}
	if since := now.Sub(b.swept); since > time.Minute || since > time.Second && len(b.held) >= mostBuckets {
		b.swept = now
		for k, l := range b.held {
			if l.TokensAt(now) >= float64(l.Burst()) {
				delete(b.held, k)
			}
		}
	}
	for k := range b.held {
		if len(b.held) < mostBuckets {
			break
		}
		delete(b.held, k)
	}
	held := rate.NewLimiter(rate.Limit(limit.perSecond), limit.burst)
	b.held[key] = held
	return held
}

// spend takes one of a bucket; wait is how long until there is one, 0 where it was taken.
func spend(l *rate.Limiter, now time.Time) (wait time.Duration) {
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// request counts a request of a token, and tells in the headers what is left (draft-ietf-httpapi-ratelimit-headers-10).
func (s *rates) request(w http.ResponseWriter, h *holder) error {
	limit, limited := s.byRole[h.role]
	if !limited {
		return nil
	}
	now := time.Now()
	l := s.tokens.of(h.key, limit, now)
	wait := spend(l, now)
	left := max(0, l.TokensAt(now))
	full := math.Ceil((float64(limit.burst) - left) / limit.perSecond)
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"requests";q=%d;w=%d`, limit.burst, int(math.Ceil(float64(limit.burst)/limit.perSecond))))
	w.Header().Set("RateLimit", fmt.Sprintf(`"requests";r=%d;t=%d`, int(left), int(full)))
	if wait == 0 {
		return nil
	}
	again(w, wait)
	return refuse(tooManyRequests, fmt.Sprintf("this token may make %s requests a second and %d at once; wait as long as Retry-After says",
		strconv.FormatFloat(limit.perSecond, 'g', 3, 64), limit.burst))
}

// stranger counts a wrong token. Past the limit of its address it is told no more what is wrong with it; the right one is
// taken all the same, since many callers may share an address.
func (s *rates) stranger(w http.ResponseWriter, r *http.Request) error {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if s.strangers.burst == 0 || err != nil {
		return nil
	}
	bits := 32
	if from.Addr().Unmap().Is6() {
		bits = 64 // what one customer has at least
	}
	network, err := from.Addr().Unmap().Prefix(bits)
	if err != nil {
		return nil
	}
	now := time.Now()
	wait := spend(s.addresses.of(network, s.strangers, now), now)
	if wait == 0 {
		return nil
	}
	again(w, wait)
	return refuse(tooManyAttempts, "too many requests without a good token have come from this address; wait as long as Retry-After says")
}

// again tells how long to wait, in whole seconds.
func again(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
}
