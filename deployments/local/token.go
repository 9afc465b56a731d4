package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/process"
)

const tokenUsage = `usage: cdrflow token -org 1[,2] [flags]

Prints a token for the API, signed with JWT_SECRET or with the secret of the house in DATA_DIR.

`

// grant is what a token allows.
type grant struct {
	orgs      []int
	role      string
	scope     string
	extension string
	subject   string
	id        string // jti
	lasts     time.Duration
}

// longestName of a holder or token in bytes, as the API has it.
const longestName = 256

var roles = []string{"agent", "supervisor", "admin"}

// claims are those of the Call Logs API.
type claims struct {
	Orgs      []int  `json:"orgs"`
	Role      string `json:"role"`
	Scope     string `json:"scope,omitempty"`
	Extension string `json:"extension,omitempty"`
	jwt.RegisteredClaims
}

// sign makes a token of a grant.
func sign(secret []byte, g grant) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		Orgs: g.orgs, Role: g.role, Scope: g.scope, Extension: g.extension,
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: g.subject, ID: g.id,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(g.lasts)),
		},
	})
	text, err := token.SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text, nil
}

// printToken is the command.
func printToken(_ context.Context, p *process.Process) error {
	fs := flag.NewFlagSet("cdrflow token", flag.ContinueOnError)
	org := fs.String("org", "", "organisations whose calls it shows, as in 1 or 1,2 (required)")
	g := grant{}
	fs.StringVar(&g.role, "role", "agent", "agent, supervisor or admin")
	fs.StringVar(&g.scope, "scope", "", "scope claim, if any")
	fs.StringVar(&g.extension, "extension", "", "extension of an agent, if any")
	fs.StringVar(&g.subject, "subject", "", "sub claim: who holds it, as the audit log names them")
	fs.StringVar(&g.id, "jti", rand.Text(), "jti claim: what it can be revoked by")
	fs.DurationVar(&g.lasts, "ttl", time.Hour, "how long it is good for")
	if err := parse(p, fs, tokenUsage); err != nil {
		return err
	}
	var err error
	if g.orgs, err = organisations(*org); err != nil {
		return err
	}
	if err := g.judge(); err != nil {
		return err
	}
	cfg, err := process.Config[tokenConfig](p)
	if err != nil {
		return err
	}
	secret, err := cfg.secret()
	if err != nil {
		return err
	}
	token, err := sign([]byte(secret), g)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Out, token)
	return err
}

func (g *grant) judge() error {
	known := false
	for _, role := range roles {
		known = known || role == g.role
	}
	switch {
	case !known:
		return fmt.Errorf("-role is %q, want %s", g.role, strings.Join(roles, ", "))
	case g.lasts < time.Second:
		return fmt.Errorf("-ttl is %s, want at least 1s", g.lasts)
	case len(g.subject) > longestName || len(g.id) > longestName:
		return fmt.Errorf("-subject or -jti has more than %d bytes, which the API does not take", longestName)
	}
	return nil
}

func organisations(text string) ([]int, error) {
	if text == "" {
		return nil, errors.New("-org is missing, want the organisations whose calls the token shows, as in 1 or 1,2")
	}
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(part), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("-org is %q, want numbers as in 1 or 1,2", text)
		}
		list = append(list, int(n))
	}
	return list, nil
}
