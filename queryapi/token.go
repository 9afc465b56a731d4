package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/jwks"
)

const (
	// longestToken in bytes: a token of ours has a few hundred, one with a thousand organisations still fits.
	longestToken = 8 << 10
	// clockSkew is how far the clock of whoever issues tokens may be ahead of ours. It delays no expiry.
	clockSkew = 30 * time.Second
)

// issuer has the public keys that tokens are signed with.
type issuer interface {
	Key(ctx context.Context, algorithm, id string) (crypto.PublicKey, error)
}

// tokens checks the tokens that callers present.
type tokens struct {
	secret     []byte // of HS256; empty: not taken
	issuer     issuer // of the others; nil until there is one
	algorithms []string
	parser     *jwt.Parser
	needID     bool
	masked     []string // roles that see no whole numbers
}

func newTokens(cfg config) *tokens {
	t := &tokens{secret: []byte(cfg.JWTSecret), needID: cfg.RequireJTI, masked: cfg.MaskNumbers}
	if len(t.secret) > 0 {
		t.algorithms = append(t.algorithms, hmacOnly)
	}
	if cfg.JWKS.Configured() {
		t.algorithms = append(t.algorithms, jwks.Algorithms()...)
	}
	options := []jwt.ParserOption{
		// Pinned: a token does not choose how it is checked (RFC 8725, section 3.1).
		jwt.WithValidMethods(t.algorithms),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithStrictDecoding(),
	}
	if cfg.JWTIssuer != "" {
		options = append(options, jwt.WithIssuer(cfg.JWTIssuer))
	}
	if cfg.JWTAudience != "" {
		options = append(options, jwt.WithAudience(cfg.JWTAudience))
	}
	t.parser = jwt.NewParser(options...)
	return t
}

// read checks a token and gives the holder it names. Every refusal's detail holds nothing of the token.
func (t *tokens) read(ctx context.Context, text string) (holder, error) {
	if len(text) > longestToken {
		return holder{}, refuse(tokenTooLong, fmt.Sprintf("the token is longer than %d bytes", longestToken))
	}
	h, err := headerOf(text)
	if err != nil {
		return holder{}, err
	}
	if !slices.Contains(t.algorithms, h.algorithm) {
		return holder{}, refuse(tokenAlgorithmRefused, "the token is not signed with an algorithm that is taken here, want "+listed(t.algorithms))
	}
	if err := h.access(); err != nil {
		return holder{}, err
	}
	key, err := t.key(ctx, &h)
	if err != nil {
		return holder{}, err
	}
	var c claims
	if err := check(t.parser, text, key, &c); err != nil {
		return holder{}, err
	}
	return t.holder(&c)
}

// key that the token must be signed with. The algorithm chooses between the secret and the keys of the issuer, so a public
// key never serves as a secret; within the issuer's, each key has its one algorithm.
func (t *tokens) key(ctx context.Context, h *header) (any, error) {
	if h.algorithm == hmacOnly {
		return t.secret, nil
	}
	if t.issuer == nil {
		return nil, errKeysAway
	}
	key, err := t.issuer.Key(ctx, h.algorithm, h.key)
	switch {
	case errors.Is(err, jwks.ErrUnknown):
		return nil, refuse(tokenKeyUnknown, "the token is signed with a key (kid) that the identity provider does not publish for its algorithm")
	case errors.Is(err, jwks.ErrAway):
		return nil, fmt.Errorf("%w: %w", errKeysAway, err)
	}
	return key, err
}

// errKeysAway means that nobody can tell now whether a token is good.
var errKeysAway = errors.New("the keys of tokens cannot be fetched")

// check the signature and the times of a token, and read its claims.
func check(parser *jwt.Parser, text string, key any, c *claims) error {
	_, err := parser.ParseWithClaims(text, c, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return tokenRefusal(err)
	}
	if !time.Now().Before(c.ExpiresAt.Time) { // the parser's leeway covers exp too
		return refuse(tokenExpired, "the token is expired; get a new one")
	}
	return nil
}

// tokenRefusal puts the library's error in our words. The order matters: the library reports all wrong claims at once.
func tokenRefusal(err error) *refusal {
	for _, known := range []struct {
		err    error
		code   code
		detail string
	}{
		{jwt.ErrTokenMalformed, tokenMalformed, "the token is not a well-formed JSON Web Token"},
		{jwt.ErrTokenSignatureInvalid, tokenSignatureWrong, "the token was signed with another key, or changed since"},
		{jwt.ErrTokenExpired, tokenExpired, "the token is expired; get a new one"},
		{jwt.ErrTokenNotValidYet, tokenNotYetValid, "the token is not valid yet: its nbf lies ahead"},
		{jwt.ErrTokenUsedBeforeIssued, tokenNotYetValid, "the token is not valid yet: its iat lies ahead"},
		{jwt.ErrTokenInvalidIssuer, tokenClaimInvalid, "the token is from an issuer (iss) that is not trusted here"},
		{jwt.ErrTokenInvalidAudience, tokenClaimInvalid, "the token is meant for another audience (aud)"},
		{jwt.ErrTokenRequiredClaimMissing, tokenClaimMissing, "the token lacks a claim that is required here: exp, or iss and aud where they are checked"},
	} {
		if errors.Is(err, known.err) {
			return refuse(known.code, known.detail)
		}
	}
	return refuse(tokenMalformed, "the token cannot be understood")
}

// presented finds the token of a request: in the Authorization header, and where the address may carry it (a player that
// can set no header) in the token parameter.
func presented(r *http.Request, inAddress bool) (text string, fromAddress bool, err error) {
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 {
		return "", false, refuse(tokenMalformed, "there is more than one Authorization header")
	}
	if len(headers) == 1 {
		scheme, text, _ := strings.Cut(headers[0], " ")
		if strings.EqualFold(scheme, "Bearer") {
			if text = strings.TrimSpace(text); text != "" {
				return text, false, nil
			}
		}
	}
	// A header of another scheme, such as a proxy's own, does not hide the parameter.
	if inAddress {
		if list := r.URL.Query()["token"]; len(list) == 1 && list[0] != "" {
			return list[0], true, nil
		}
		return "", false, refuse(tokenMissing, "a token is needed, as Authorization: Bearer <token> or as ?token=<token>")
	}
	return "", false, refuse(tokenMissing, "a token is needed, as Authorization: Bearer <token>")
}
