package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// claims is what a token says of its holder.
type claims struct {
	jwt.RegisteredClaims
	// Orgs stays raw until the signature is checked, so that what is wrong with it can be told by name.
	Orgs      json.RawMessage
	Role      *string
	Scope     *string
	Extension json.RawMessage
}

// longestName in bytes, of what names a token (jti), its holder (sub) or its key (kid).
const longestName = 256

// UnmarshalJSON takes each claim by its exact name and once: a second orgs, or an ORGS, would be read by one program and
// passed over by another (RFC 7519, section 4).
func (c *claims) UnmarshalJSON(text []byte) error {
	all, err := membersOf(text)
	if err != nil {
		return err
	}
	c.Orgs, c.Extension = all["orgs"], all["extension"]
	for name, into := range map[string]any{
		"iss": &c.Issuer, "sub": &c.Subject, "aud": &c.Audience, "exp": &c.ExpiresAt, "nbf": &c.NotBefore, "iat": &c.IssuedAt,
		"jti": &c.ID, "role": &c.Role, "scope": &c.Scope,
	} {
		if raw, found := all[name]; found {
			if _, date := into.(**jwt.NumericDate); date && raw[0] == '"' {
				return fmt.Errorf("read the claim %s: want a number", name) // the library takes a number in quotes too
			}
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("read the claim %s: %w", name, err)
			}
		}
	}
	return nil
}

// membersOf a JSON object, by their exact names; one that stands there twice is an error.
func membersOf(text []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	all := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read a member: %w", err)
		}
		text, ok := name.(string)
		if _, twice := all[text]; twice || !ok {
			return nil, errors.New("a member stands there twice")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("read a member: %w", err)
		}
		all[text] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errors.New("the object does not end")
	}
	if decoder.More() {
		return nil, errors.New("something follows the object")
	}
	return all, nil
}

// named judges what a token calls itself and its holder: both are looked up and written down later.
func (c *claims) named(needID bool) error {
	switch {
	case len(c.ID) > longestName || len(c.Subject) > longestName:
		return refuse(tokenClaimInvalid, fmt.Sprintf("the token's jti or sub is longer than %d bytes", longestName))
	case needID && c.ID == "":
		return refuse(tokenClaimMissing, "the token lacks the claim jti, without which it could not be revoked")
	}
	return nil
}

// extension that the holder answers, empty for none.
func (c *claims) extension() (string, error) {
	if len(c.Extension) == 0 || string(c.Extension) == "null" {
		return "", nil
	}
	var text string
	const most = 64
	if err := json.Unmarshal(c.Extension, &text); err != nil || len(text) > most {
		return "", refuse(tokenClaimInvalid, fmt.Sprintf(`the token's extension is not a text of at most %d bytes, such as "1001"`, most))
	}
	return text, nil
}
