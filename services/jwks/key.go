package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms of the keys that are taken, as the alg header of a token names them.
const (
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Algorithms are all of them.
func Algorithms() []string { return []string{RS256, ES256, EdDSA} }

// name is what a key is found by. The algorithm is part of it and is told by the key itself, never by a token, so that no
// key verifies what was not signed with its own algorithm (RFC 8725, section 3.1).
type name struct{ algorithm, id string }

// The size of RSA keys: below it they can be broken, and RFC 7518, section 3.3, forbids them. What is larger than 4096 the
// library refuses, for the time that it takes to use one.
const leastRSA = 2048

// written is one key of the set as it is sent. What else a key may carry, such as certificates and where to find them,
// is not read.
type written struct {
	Kty string   `json:"kty,omitempty"`
	Crv string   `json:"crv,omitempty"`
	Kid string   `json:"kid,omitempty"`
	Alg string   `json:"alg,omitempty"`
	Use string   `json:"use,omitempty"`
	Ops []string `json:"key_ops,omitempty"`
	N   string   `json:"n,omitempty"`
	E   string   `json:"e,omitempty"`
	X   string   `json:"x,omitempty"`
	Y   string   `json:"y,omitempty"`
	D   string   `json:"d,omitempty"`
}

// parse reads a set. A key that cannot be used here is left out and counted, as RFC 7517, section 5, has it: a provider may
// publish keys for other purposes.
func parse(document []byte) (keys map[name]crypto.PublicKey, unused int, err error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, 0, errors.New("the answer is not JSON")
	}
	if set.Keys == nil {
		return nil, 0, errors.New(`the answer has no array "keys"`)
	}
	keys = map[name]crypto.PublicKey{}
	for _, text := range *set.Keys {
		n, key, err := read(text)
		if _, known := keys[n]; known || err != nil {
			unused++
			continue
		}
		keys[n] = key
	}
	return keys, unused, nil
}

// read one key.
func read(text []byte) (name, crypto.PublicKey, error) {
	var w written
	if err := json.Unmarshal(text, &w); err != nil {
		return name{}, nil, fmt.Errorf("read a key: %w", err)
	}
	switch {
	case w.Use != "" && w.Use != "sig", len(w.Ops) > 0 && !slices.Contains(w.Ops, "verify"):
		return name{}, nil, errors.New("the key is not for signatures")
	case w.D != "":
		return name{}, nil, errors.New("the private half of the key is published: anybody can sign with it")
	}
	public, err := json.Marshal(written{Kty: w.Kty, Crv: w.Crv, N: w.N, E: w.E, X: w.X, Y: w.Y})
	if err != nil {
		return name{}, nil, fmt.Errorf("read a key: %w", err)
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(public); err != nil {
		return name{}, nil, fmt.Errorf("read a key: %w", err)
	}
	algorithm, err := algorithmOf(key.Key)
	switch {
	case err != nil:
		return name{}, nil, err
	case w.Alg != "" && w.Alg != algorithm && !(algorithm == EdDSA && w.Alg == "Ed25519"): // RFC 9864's name for it
		return name{}, nil, fmt.Errorf("the key is for another algorithm than %s", algorithm)
	}
	return name{algorithm, w.Kid}, key.Key, nil
}

// algorithmOf gives the one algorithm that a key verifies.
func algorithmOf(key any) (string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < leastRSA || key.E < 3 || key.E%2 == 0 {
			return "", fmt.Errorf("the RSA key has fewer than %d bits or a weak exponent", leastRSA)
		}
		return RS256, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return "", errors.New("the curve of the key is not P-256")
		}
		return ES256, nil
	case ed25519.PublicKey:
		return EdDSA, nil
	}
	return "", errors.New("the key is of another kind")
}
