package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestByRole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "map[]",
		"agent=20/s":              "map[agent:{20 60}]",
		" agent=20/s , admin=9/m": "map[admin:{0.15 1} agent:{20 60}]",
		"agent=20/s:5":            "map[agent:{20 5}]",
		"supervisor=7200/h":       "map[supervisor:{2 6}]",
		"agent":                   "agent", "agent=": "agent=", "agents=20/s": "agents=20/s", "agent=0/s": "agent=0/s", "agent=20": "agent=20",
		"agent=20/s:0": "agent=20/s:0", "agent=-1/s": "agent=-1/s", "agent=20/d": "agent=20/d", "agent=1e3/s": "agent=1e3/s",
	} {
		got, err := byRole("RATE_LIMITS", text, "a rate", readRate)
		if strings.HasPrefix(want, "map[") {
			if err != nil || fmt.Sprint(got) != want {
				t.Errorf("%q: %v, %v; want %s", text, got, err, want)
			}
		} else if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("RATE_LIMITS holds %q", want)) {
			t.Errorf("%q: %v, %v; want a complaint about %q", text, got, err, want)
		}
	}
	for text, want := range map[string]uint64{"1": 1, "200M": 200_000_000, "2G": 2_000_000_000, "5k": 5000, "0": 0, "M": 0, "1.5G": 0, "-1": 0, "": 0} {
		if got, ok := readCount(text); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, ok, want)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, func(c *config) { c.RateLimits = "agent=2/s:5,supervisor=1/h:1" })
	one, two := tokenOf(t, "agent", 1), tokenOf(t, "agent", 2)
	for i := range 5 {
		got := s.get(t, one, "/api/v1/calls")
		if want := fmt.Sprintf(`"requests";r=%d;`, 4-i); got.StatusCode != http.StatusOK || got.Header.Get("RateLimit-Policy") != `"requests";q=5;w=3` || !strings.HasPrefix(got.Header.Get("RateLimit"), want) && i < 3 {
			t.Errorf("request %d: %s, %v", i, got.Status, got.Header)
		}
	}
	servertest.Eventually(t, time.Minute, func() bool { // on a slow machine it fills again meanwhile
		got := s.get(t, one, "/api/v1/calls/1")
		if got.StatusCode != http.StatusTooManyRequests {
			return false
		}
		got.wantProblem(t, tooManyRequests)
		if got.Header.Get("Retry-After") != "1" || !strings.HasPrefix(got.Header.Get("RateLimit"), `"requests";r=0;`) {
			t.Errorf("refused with %v", got.Header)
		}
		return true
	}, "the token has had all of it")
	if got := s.get(t, two, "/api/v1/calls"); got.StatusCode != http.StatusOK {
		t.Errorf("another token: %s", got.Status)
	}
	for range 10 {
		if got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/calls"); got.StatusCode != http.StatusOK || got.Header.Get("RateLimit") != "" {
			t.Errorf("a role without a limit: %s %v", got.Status, got.Header)
		}
	}
	servertest.Eventually(t, time.Minute, func() bool { return s.get(t, one, "/api/v1/calls").StatusCode == http.StatusOK }, "it fills again")
}

// A good token is counted, and told what is left, also where it is refused for what it may not do. It is no wrong token: the
// address pays nothing.
func TestRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	s, _ := listening(t, func(c *config) {
		c.RateLimits, c.FailedAttempts, c.MaskNumbers = "agent=1/h:2,supervisor=1/h:2,admin=1/h:2", "1/h:1", []string{"agent"}
	})
	address, _ := s.linkTo(t, tokenOf(t, "admin", 1), 1, "")
	_, link, _ := strings.Cut(address, "token=")
	zero := func(role string) string { return sign(t, jwt.MapClaims{"orgs": []int{0}, "role": role}) }
	for _, test := range []struct {
		name, token, path string
		want              code
	}{
		{"a right that the role has not", tokenOf(t, "agent", 1), "/api/v1/audit", scopeInsufficient},
		{"a right that the scope leaves out", sign(t, jwt.MapClaims{"scope": "stats:read"}), "/api/v1/calls", scopeInsufficient},
		{"a question that numbers are masked for", tokenOf(t, "agent", 2), "/api/v1/calls?from=9199444", numberMasked},
		{"organisation 0 alone", zero("supervisor"), "/api/v1/calls", organisationNeedsAdmin},
		{"a link to another recording", "", "/api/v1/calls/2/recording?token=" + link, scopeInsufficient},
	} {
		for left := 1; left >= 0; left-- {
			got := s.get(t, test.token, test.path)
			got.wantProblem(t, test.want)
			if is := got.Header.Get("RateLimit"); got.Header.Get("RateLimit-Policy") != `"requests";q=2;w=7200` || !strings.HasPrefix(is, fmt.Sprintf(`"requests";r=%d;`, left)) {
				t.Errorf("%s: the headers are %v, want %d left", test.name, got.Header, left)
			}
		}
		got := s.get(t, test.token, test.path)
		got.wantProblem(t, tooManyRequests)
		if !strings.HasPrefix(got.Header.Get("RateLimit"), `"requests";r=0;`) || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: refused with %v", test.name, got.Header)
		}
	}
	for _, want := range []code{tokenMalformed, tooManyAttempts} {
		got := s.get(t, "wrong", "/api/v1/calls")
		got.wantProblem(t, want)
		if got.Header.Get("RateLimit") != "" {
			t.Errorf("a wrong token is told %v", got.Header)
		}
	}
}

func TestFailedAttempts(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, func(c *config) { c.FailedAttempts = "1/h:3" })
	for range 3 {
		s.get(t, "wrong", "/api/v1/calls").wantProblem(t, tokenMalformed)
	}
	got := s.get(t, "wrong", "/api/v1/conversations")
	got.wantProblem(t, tooManyAttempts)
	if wait := got.Header.Get("Retry-After"); len(wait) != 4 { // most of an hour
		t.Errorf("Retry-After is %s", wait)
	}
	s.request(t, http.MethodGet, "/api/v1/calls").wantProblem(t, tooManyAttempts)
	if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls"); got.StatusCode != http.StatusOK {
		t.Errorf("a good token from the same address: %s", got.Status)
	}
}

// Buckets are forgotten when they are full, and there are never more than a bound.
func TestBucketsAreForgotten(t *testing.T) {
	t.Parallel()
	var b buckets[netip.Prefix]
	limit, now := rateLimit{perSecond: 1, burst: 10}, time.Now()
	for i := range mostBuckets + 1000 {
		address := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		spend(b.of(netip.PrefixFrom(address, 32), limit, now), now)
	}
	if n := len(b.held); n > mostBuckets {
		t.Errorf("%d buckets are held", n)
	}
	later := now.Add(2 * time.Minute)
	b.of(netip.PrefixFrom(netip.AddrFrom4([4]byte{1, 1, 1, 1}), 32), limit, later)
	if n := len(b.held); n != 1 {
		t.Errorf("%d buckets are held when all are full again", n)
	}
	l := rate.NewLimiter(2, 1)
	if wait := spend(l, now); wait != 0 {
		t.Errorf("the first waits %s", wait)
	}
	for range 3 { // asking costs nothing
		if wait := spend(l, now); wait != 500*time.Millisecond {
			t.Errorf("the second waits %s", wait)
		}
	}
}
