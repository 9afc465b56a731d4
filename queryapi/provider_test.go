package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/jwks"
)

// provider is an identity provider: a real server with a key set, which a test may have hang, refuse or lie.
type provider struct {
	*httptest.Server
	asked  atomic.Int64
	answer atomic.Value // http.HandlerFunc

	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
	ed  ed25519.PrivateKey
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{}
	var err error
	if p.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if p.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, p.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	p.publish(p.published()...)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.answer.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// published are the three keys, by the names r, e and d.
func (p *provider) published() []any {
	return []any{
		publicRSA("r", &p.rsa.PublicKey), publicEC(p, "e"),
		map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": "d", "use": "sig", "x": base64.RawURLEncoding.EncodeToString(p.ed.Public().(ed25519.PublicKey))},
	}
}

func publicRSA(kid string, key *rsa.PublicKey) map[string]string {
	return map[string]string{
		"kty": "RSA", "kid": kid, "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

func publicEC(p *provider, kid string) map[string]string {
	point, _ := p.ec.PublicKey.Bytes() // 4, x, y
	return map[string]string{
		"kty": "EC", "crv": "P-256", "kid": kid, "x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}
}

func (p *provider) publish(keys ...any) {
	text, _ := json.Marshal(map[string]any{"keys": keys})
	p.does(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) })
}

func (p *provider) does(answer http.HandlerFunc) { p.answer.Store(answer) }

// trusts makes an API that trusts the provider.
func (p *provider) trusts(t testing.TB, h history, change func(*config)) *site {
	t.Helper()
	var cfg config
	s := newSite(t, h, nil, func(c *config) {
		c.JWKS = jwks.Config{URL: p.URL, Every: time.Hour, Timeout: 20 * time.Second}
		c.RevokedEvery = time.Hour
		if change != nil {
			change(c)
		}
		cfg = *c
	})
	t.Cleanup(s.attend(t.Context(), cfg))
	return s
}

// sealed makes a token with any header and claims, signed with whatever method and key.
func sealed(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, with jwt.MapClaims) string {
	t.Helper()
	c := jwt.MapClaims{"orgs": []int{1}, "role": "agent", "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range with {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	token := jwt.NewWithClaims(method, c)
	for name, value := range header {
		if token.Header[name] = value; value == nil {
			delete(token.Header, name)
		}
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// by signs with one of the provider's keys, under its name.
func (p *provider) by(t testing.TB, kid string, with jwt.MapClaims) string {
	t.Helper()
	method, key := p.key(kid)
	return sealed(t, method, key, map[string]any{"kid": kid}, with)
}

func (p *provider) key(kid string) (jwt.SigningMethod, crypto.Signer) {
	switch kid {
	case "r":
		return jwt.SigningMethodRS256, p.rsa
	case "e":
		return jwt.SigningMethodES256, p.ec
	}
	return jwt.SigningMethodEdDSA, p.ed
}
