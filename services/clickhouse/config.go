// Package clickhouse is the door to the store of understood calls.
package clickhouse

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Config of the store.
type Config struct {
	// Address of ClickHouse's HTTP interface with user, password and database: http://user:password@host:8123/cdrflow, or
	// https.
	DSN string `env:"CLICKHOUSE_DSN" secret:"dsn"`
}

// Validate names what is wrong with the address, without showing it.
func (c Config) Validate() error {
	if c.DSN == "" {
		return errors.New("CLICKHOUSE_DSN is not set, want for example http://user:password@host:8123/cdrflow")
	}
	u, err := url.Parse(c.DSN)
	if err != nil {
		return errors.New("CLICKHOUSE_DSN is not a URL, want for example http://user:password@host:8123/cdrflow")
	}
	switch u.Scheme {
	case "http", "https":
	default:
		return fmt.Errorf("CLICKHOUSE_DSN has the scheme %q, want http or https: rows are sent over ClickHouse's HTTP interface, port 8123 as a rule", u.Scheme)
	}
	if u.Host == "" {
		return errors.New("CLICKHOUSE_DSN names no host, want for example http://user:password@host:8123/cdrflow")
	}
	if strings.Trim(u.Path, "/") == "" {
		return errors.New("CLICKHOUSE_DSN names no database, want for example http://user:password@host:8123/cdrflow")
	}
	return nil
}
