package jwks

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// public writes a key as a provider publishes it, with more members or other ones.
func public(t testing.TB, key any, with map[string]any) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	maps.Copy(members, with)
	text, err = json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func newEC(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWhichKeysAreTaken(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, p384 := newEC(t, elliptic.P256()), newEC(t, elliptic.P384())
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small := &rsa.PublicKey{N: new(big.Int).Rsh(rsaKey.N, 1024), E: rsaKey.E}
	type with = map[string]any
	for _, test := range []struct {
		name, key string
		want      string // algorithm; empty: left out
	}{
		{"RSA", public(t, &rsaKey.PublicKey, nil), RS256},
		{"RSA that says so", public(t, &rsaKey.PublicKey, with{"alg": "RS256", "use": "sig", "key_ops": []string{"verify"}}), RS256},
		{"RSA with a certificate that is none", public(t, &rsaKey.PublicKey, with{"x5c": []string{"%"}, "x5u": "http://192.0.2.1/", "x5t": "!"}), RS256},
		{"RSA for RS512", public(t, &rsaKey.PublicKey, with{"alg": "RS512"}), ""},
		{"RSA for PS256", public(t, &rsaKey.PublicKey, with{"alg": "PS256"}), ""},
		{"RSA for HS256", public(t, &rsaKey.PublicKey, with{"alg": "HS256"}), ""},
		{"RSA to encrypt", public(t, &rsaKey.PublicKey, with{"use": "enc"}), ""},
		{"RSA to wrap keys", public(t, &rsaKey.PublicKey, with{"key_ops": []string{"wrapKey"}}), ""},
		{"RSA of 1024 bits", public(t, small, nil), ""},
		{"RSA of exponent 1", public(t, &rsaKey.PublicKey, with{"e": "AQ"}), ""},
		{"RSA of an even exponent", public(t, &rsaKey.PublicKey, with{"e": "BA"}), ""},
		{"RSA of 16384 bits", public(t, &rsaKey.PublicKey, with{"n": strings.Repeat("_", 2730)}), ""},
		{"RSA with its private half", public(t, rsaKey, nil), ""},
		{"EC", public(t, &p256.PublicKey, with{"alg": "ES256"}), ES256},
		{"EC P-384", public(t, &p384.PublicKey, nil), ""},
		{"EC off its curve", public(t, &p256.PublicKey, with{"y": strings.Repeat("A", 43)}), ""},
		{"EC for EdDSA", public(t, &p256.PublicKey, with{"alg": "EdDSA"}), ""},
		{"EC with its private half", public(t, p256, nil), ""},
		{"Ed25519", public(t, edPublic, nil), EdDSA},
		{"Ed25519 by its newer name", public(t, edPublic, with{"alg": "Ed25519"}), EdDSA},
		{"Ed25519 for ES256", public(t, edPublic, with{"alg": "ES256"}), ""},
		{"Ed25519 too short", public(t, edPublic, with{"x": "AAAA"}), ""},
		{"Ed25519 with its private half", public(t, edPrivate, nil), ""},
		{"X25519", public(t, edPublic, with{"crv": "X25519"}), ""},
		{"a secret", public(t, []byte("a secret of thirty-two bytes, or more"), with{"alg": "HS256"}), ""},
		{"no kind", `{"kid":"a"}`, ""},
		{"kid is a number", public(t, edPublic, with{"kid": 7}), ""},
		{"no object", `"key"`, ""},
		{"null", `null`, ""},
	} {
		keys, unused, err := parse([]byte(`{"keys":[` + test.key + `]}`))
		var got []string
		for n := range keys {
			got = append(got, n.algorithm)
		}
		want := []string{test.want}
		if test.want == "" {
			want = nil
		}
		if err != nil || !slices.Equal(got, want) || unused != 1-len(got) {
			t.Errorf("%s: taken for %v, %d left out, %v; want %v", test.name, got, unused, err, want)
		}
	}

	// The same name twice: the first stands; one name for two algorithms: both.
	other := newEC(t, elliptic.P256())
	keys, unused, err := parse(fmt.Appendf(nil, `{"keys":[%s,%s,%s]}`, public(t, &p256.PublicKey, with{"kid": "a"}),
		public(t, &other.PublicKey, with{"kid": "a"}), public(t, edPublic, with{"kid": "a"})))
	if err != nil || unused != 1 || len(keys) != 2 || !p256.PublicKey.Equal(keys[name{ES256, "a"}]) || !edPublic.Equal(keys[name{EdDSA, "a"}]) {
		t.Errorf("keys of one name: %v, %d left out, %v", keys, unused, err)
	}
	for _, text := range []string{"", "null", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, `{"keys":7}`, "<html>", `{"keys":[]`} {
		if keys, _, err := parse([]byte(text)); err == nil {
			t.Errorf("%q is a set of %v", text, keys)
		}
	}
}
