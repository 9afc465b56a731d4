package main

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/jwks"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestEveryKindOfKey(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := p.trusts(t, asked{&fixed{}}, nil)
	method, key := p.key("e")
	for name, token := range map[string]string{
		"HS256":               sign(t, nil),
		"HS256 with a kid":    sealed(t, jwt.SigningMethodHS256, []byte(secret), map[string]any{"kid": "r"}, nil),
		"RS256":               p.by(t, "r", nil),
		"ES256":               p.by(t, "e", nil),
		"EdDSA":               p.by(t, "d", nil),
		"RS256, the only one": sealed(t, jwt.SigningMethodRS256, p.rsa, nil, nil),
		"typ of RFC 9068":     sealed(t, method, key, map[string]any{"kid": "e", "typ": "application/at+JWT"}, nil),
		"no typ":              sealed(t, method, key, map[string]any{"kid": "e", "typ": nil}, nil),
	} {
		if got := s.get(t, token, "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	// Each alone is enough, and then the other's tokens are refused.
	alone := p.trusts(t, asked{&fixed{}}, func(c *config) { c.JWTSecret = "" })
	if got := alone.get(t, p.by(t, "d", nil), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
		t.Errorf("without JWT_SECRET: %s", got.body)
	}
	refused := alone.get(t, sign(t, nil), "/api/v1/calls/1").wantProblem(t, tokenAlgorithmRefused)
	if refused.Detail != "the token is not signed with an algorithm that is taken here, want RS256, ES256 or EdDSA" {
		t.Error(refused.Detail)
	}
	// An empty secret is no secret.
	alone.get(t, sealed(t, jwt.SigningMethodHS256, []byte{}, nil, nil), "/api/v1/calls/1").wantProblem(t, tokenAlgorithmRefused)
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := p.trusts(t, asked{&fixed{}}, nil)
	refresh := func() {
		t.Helper()
		if err := s.tokens.issuer.(*jwks.Keys).Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	old := p.by(t, "r", nil)
	if got := s.get(t, old, "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
		t.Fatal(got.body)
	}
	fresh, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.publish(publicRSA("r2", &fresh.PublicKey))
	refresh()
	s.get(t, old, "/api/v1/calls/1").wantProblem(t, tokenKeyUnknown)
	if got := s.get(t, sealed(t, jwt.SigningMethodRS256, fresh, map[string]any{"kid": "r2"}, nil), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
		t.Error(got.body)
	}
	// A key that was exchanged under the same name.
	p.publish(publicRSA("r2", &p.rsa.PublicKey))
	refresh()
	s.get(t, sealed(t, jwt.SigningMethodRS256, fresh, map[string]any{"kid": "r2"}, nil), "/api/v1/calls/1").wantProblem(t, tokenSignatureWrong)
}

func TestProviderAway(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	for name, answer := range map[string]http.HandlerFunc{
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"garbage": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":`) },
		"huge":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 2<<20)) },
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.does(answer)
			s := p.trusts(t, asked{&fixed{}}, func(c *config) { c.JWKS.Timeout = time.Second })
			// Nobody can tell whether the token is good; the others are taken as ever.
			got := s.get(t, p.by(t, "d", nil), "/api/v1/calls/1")
			if problem := got.wantProblem(t, keysUnavailable); got.Header.Get("Retry-After") == "" || strings.Contains(problem.Detail, p.URL) {
				t.Errorf("%v %s", got.Header, got.body)
			}
			if got := s.get(t, sign(t, nil), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
				t.Errorf("a token of JWT_SECRET: %s", got.body)
			}
			p.publish(p.published()...)
			// One that began before may still be under way.
			servertest.Eventually(t, time.Minute, func() bool { return s.tokens.issuer.(*jwks.Keys).Refresh(t.Context()) == nil }, "the keys are fetched")
			if got := s.get(t, p.by(t, "d", nil), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
				t.Errorf("once it is back: %s", got.body)
			}
			// From now on the keys are there, whatever becomes of it.
			p.Close()
			if got := s.get(t, p.by(t, "r", nil), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
				t.Errorf("after it went away: %s", got.body)
			}
		})
	}
}
