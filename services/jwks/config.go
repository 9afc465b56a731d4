// Package jwks is the door to the public keys that an identity provider signs tokens with.
package jwks

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Config says where the keys are.
type Config struct {
	// Address of the identity provider's JSON Web Key Set, such as https://login.example.com/.well-known/jwks.json, for
	// tokens signed with RS256, ES256 or EdDSA. Plain http only on this machine. Empty: only JWT_SECRET signs tokens.
	URL string `env:"JWKS_URL" secret:"dsn"`
	// How often the keys are fetched anew; a token with a key that is not among them has them fetched at once.
	Every time.Duration `env:"JWKS_EVERY" envDefault:"15m"`
	// How long one fetch may take, from dialling to the last byte.
	Timeout time.Duration `env:"JWKS_TIMEOUT" envDefault:"5s"`
}

// Configured tells whether there are keys to fetch.
func (c *Config) Configured() bool { return c.URL != "" }

// Validate judges the settings.
func (c *Config) Validate() error {
	if !c.Configured() {
		return nil
	}
	var errs []error
	if err := c.judge(); err != nil {
		errs = append(errs, err)
	}
	if c.Every < 10*time.Second || c.Every > 24*time.Hour {
		errs = append(errs, fmt.Errorf("JWKS_EVERY is %s, want 10s to 24h", c.Every))
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > time.Minute {
		errs = append(errs, fmt.Errorf("JWKS_TIMEOUT is %s, want 100ms to 1m", c.Timeout))
	}
	return errors.Join(errs...)
}

// judge holds the address to one that nobody on the way can answer for: whoever does can sign tokens.
func (c *Config) judge() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("JWKS_URL is no web address, want one such as https://login.example.com/.well-known/jwks.json")
	case u.User != nil || u.Fragment != "":
		return errors.New("JWKS_URL holds a user or a fragment, want the bare address: public keys need no password")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("JWKS_URL has the scheme http, want https: without it anybody on the way could put in keys of their own")
	}
	return nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
