package main

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// derivedKey is a key for one purpose alone, the same in every process that has the secret (RFC 5869). Nil without a secret.
func derivedKey(secret, purpose string) []byte {
	if secret == "" {
		return nil
	}
	key, _ := hkdf.Key(sha256.New, []byte(secret), nil, purpose, sha256.Size) // fails for lengths beyond 8 KiB alone
	return key
}
