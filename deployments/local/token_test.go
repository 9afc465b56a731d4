package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/process"
)

const secret = "a secret of the tests, long enough for HS256"

func printed(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	p := process.New("cdrflow", append(environ, "ADMIN_ADDR=", "LOG_LEVEL=error"), &out)
	p.Args = args
	err := printToken(t.Context(), p)
	return strings.TrimSpace(out.String()), err
}

func TestTokenSaysWhatWasAsked(t *testing.T) {
	t.Parallel()
	text, err := printed(t, []string{"JWT_SECRET=" + secret},
		"-org", "1,2", "--role", "supervisor", "-ttl", "10m", "-extension", "1001", "-scope", "calls:read", "-subject", "zoe@example.com", "-jti", "t-1")
	if err != nil {
		t.Fatal(err)
	}
	var c claims
	token, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
	if err != nil || !token.Valid {
		t.Fatal(err)
	}
	if !slices.Equal(c.Orgs, []int{1, 2}) || c.Role != "supervisor" || c.Extension != "1001" || c.Scope != "calls:read" || c.Subject != "zoe@example.com" || c.ID != "t-1" {
		t.Errorf("claims are %+v", c)
	}
	if lasts := time.Until(c.ExpiresAt.Time); lasts > 10*time.Minute || lasts < 9*time.Minute {
		t.Errorf("it lasts %v, want 10m", lasts)
	}
}

// Each token has a name of its own, so that it can be revoked.
func TestTokensHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		text, err := printed(t, []string{"JWT_SECRET=" + secret}, "-org", "1")
		if err != nil {
			t.Fatal(err)
		}
		var c claims
		if _, _, err := jwt.NewParser().ParseUnverified(text, &c); err != nil || c.ID == "" || seen[c.ID] || c.Subject != "" {
			t.Errorf("%v: claims are %+v", err, c)
		}
		seen[c.ID] = true
	}
}

func TestTokenMistakes(t *testing.T) {
	t.Parallel()
	environ := []string{"JWT_SECRET=" + secret}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "-org is missing"},
		{[]string{"-org", "x"}, `-org is "x", want numbers as in 1 or 1,2`},
		{[]string{"-org", "1,,2"}, "want numbers"},
		{[]string{"-org", "-1"}, "want numbers"},
		{[]string{"-org", "1", "-role", "boss"}, `-role is "boss", want agent, supervisor, admin`},
		{[]string{"-org", "1", "-ttl", "-1h"}, "-ttl is -1h0m0s"},
		{[]string{"-org", "1", "-orgs", "2"}, "flag provided but not defined: -orgs; cdrflow token -h lists what there is"},
		{[]string{"-org", "1", "-jti", strings.Repeat("j", 257)}, "-subject or -jti has more than 256 bytes"},
		{[]string{"-org", "1", "2"}, `unknown argument "2"`},
	} {
		if text, err := printed(t, environ, c.args...); err == nil || !strings.Contains(err.Error(), c.want) || text != "" {
			t.Errorf("%q: %q, %v, want an error with %q", c.args, text, err, c.want)
		}
	}
	dir := t.TempDir()
	if _, err := printed(t, []string{"DATA_DIR=" + dir}, "-org", "1"); err == nil || !strings.Contains(err.Error(), "no house was ever started in "+dir) {
		t.Errorf("where there is no house: %v", err)
	}
}
