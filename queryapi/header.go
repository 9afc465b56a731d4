package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// header is what the first part of a token says that is heeded here. Where it says to find a key (jku, x5u, jwk, x5c) is
// not: keys come from the configuration alone.
type header struct {
	algorithm, kind string
	key             string // kid: only ever compared with the names of keys
}

const (
	plainToken     = "jwt"
	accessToken    = "at+jwt" // RFC 9068
	recordingToken = "recording+jwt"
)

// segment is base64url without padding and without its two ways to write the same bytes. Go's decoder passes line breaks
// over, so the letters are looked at too.
var segment = base64.RawURLEncoding.Strict()

const segmentLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var ofSegment = func() (known [256]bool) {
	for _, letter := range []byte(segmentLetters + ".") {
		known[letter] = true
	}
	return known
}()

// headerOf reads the first of a token's three parts.
func headerOf(text string) (h header, err error) {
	malformed := refuse(tokenMalformed, "the token is not a well-formed JSON Web Token")
	first, _, _ := strings.Cut(text, ".")
	if strings.Count(text, ".") != 2 || !segments(text) {
		return h, malformed
	}
	plain, err := segment.DecodeString(first)
	if err != nil {
		return h, malformed
	}
	all, err := membersOf(plain)
	if err != nil {
		return h, malformed
	}
	for name, into := range map[string]*string{"alg": &h.algorithm, "typ": &h.kind, "kid": &h.key} {
		if raw, found := all[name]; found {
			if err := json.Unmarshal(raw, into); err != nil {
				return h, malformed
			}
		}
	}
	if _, critical := all["crit"]; critical || h.algorithm == "" || len(h.key) > longestName {
		// RFC 7515, section 4.1.11: what must be understood and is not makes the token invalid.
		return h, malformed
	}
	h.kind = strings.TrimPrefix(strings.ToLower(h.kind), "application/")
	return h, nil
}

// segments tells whether a text has no other letters than tokens have.
func segments(text string) bool {
	for _, letter := range []byte(text) {
		if !ofSegment[letter] {
			return false
		}
	}
	return true
}

// access tells a token that says who somebody is from one that was made for something else (RFC 8725, section 3.11).
func (h *header) access() error {
	switch h.kind {
	case "", plainToken, accessToken:
		return nil
	case recordingToken:
		return refuse(tokenKindRefused, "the token is that of a link: it opens one recording, as ?token=, and nothing else")
	}
	return refuse(tokenKindRefused, "the token's typ is that of another kind of token, want JWT or at+jwt")
}

// hmacOnly is the one algorithm of JWT_SECRET.
var hmacOnly = jwt.SigningMethodHS256.Alg()
