package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// longestToken in bytes: a token of ours has a few hundred, one with a thousand organisations still fits.
	longestToken = 8 << 10
	// clockSkew is how far the clock of whoever issues tokens may be ahead of ours. It delays no expiry.
	clockSkew = 30 * time.Second
)

// claims is what a token says of its holder.
type claims struct {
	jwt.RegisteredClaims
	// Orgs stays raw until the signature is checked, so that what is wrong with it can be told by name.
	Orgs  json.RawMessage `json:"orgs"`
	Role  *string         `json:"role"`
	Scope *string         `json:"scope"`
}

// tokens checks the tokens that callers present.
type tokens struct {
	secret []byte
	parser *jwt.Parser
}

func newTokens(cfg config) *tokens {
	options := []jwt.ParserOption{
		// Pinned: a token does not choose how it is checked (RFC 8725, section 3.1).
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithStrictDecoding(),
	}
	if cfg.JWTIssuer != "" {
		options = append(options, jwt.WithIssuer(cfg.JWTIssuer))
	}
	if cfg.JWTAudience != "" {
		options = append(options, jwt.WithAudience(cfg.JWTAudience))
	}
	return &tokens{secret: []byte(cfg.JWTSecret), parser: jwt.NewParser(options...)}
}

// read checks a token and gives the holder it names. Every error is a refusal whose detail holds nothing of the token.
func (t *tokens) read(text string) (holder, error) {
	if len(text) > longestToken {
		return holder{}, refuse(tokenTooLong, fmt.Sprintf("the token is longer than %d bytes", longestToken))
	}
	var c claims
	token, err := t.parser.ParseWithClaims(text, &c, func(token *jwt.Token) (any, error) {
		if _, critical := token.Header["crit"]; critical {
			// RFC 7515, section 4.1.11: what must be understood and is not makes the token invalid.
			return nil, jwt.ErrTokenMalformed
		}
		return t.secret, nil
	})
	if err != nil {
		return holder{}, tokenRefusal(token, err)
	}
	if !time.Now().Before(c.ExpiresAt.Time) { // the parser's leeway covers exp too
		return holder{}, refuse(tokenExpired, "the token is expired; get a new one")
	}
	return c.holder()
}

// tokenRefusal puts the library's error in our words. The order matters: the library reports all wrong claims at once.
func tokenRefusal(token *jwt.Token, err error) *refusal {
	if token != nil && token.Header["alg"] != nil && token.Header["alg"] != jwt.SigningMethodHS256.Alg() {
		return refuse(tokenAlgorithmRefused, "the token is not signed with HS256, the only algorithm taken here")
	}
	for _, known := range []struct {
		err    error
		code   code
		detail string
	}{
		{jwt.ErrTokenMalformed, tokenMalformed, "the token is not a well-formed JSON Web Token"},
		{jwt.ErrTokenSignatureInvalid, tokenSignatureWrong, "the token was signed with another secret, or changed since"},
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
func presented(r *http.Request, inAddress bool) (string, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 {
		return "", refuse(tokenMalformed, "there is more than one Authorization header")
	}
	if len(headers) == 1 {
		scheme, text, _ := strings.Cut(headers[0], " ")
		if strings.EqualFold(scheme, "Bearer") {
			if text = strings.TrimSpace(text); text != "" {
				return text, nil
			}
		}
	}
	// A header of another scheme, such as a proxy's own, does not hide the parameter.
	if inAddress {
		if list := r.URL.Query()["token"]; len(list) == 1 && list[0] != "" {
			return list[0], nil
		}
		return "", refuse(tokenMissing, "a token is needed, as Authorization: Bearer <token> or as ?token=<token>")
	}
	return "", refuse(tokenMissing, "a token is needed, as Authorization: Bearer <token>")
}
