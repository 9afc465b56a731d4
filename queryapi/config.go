package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/jwks"
	"github.com/cdrflow/cdrflow/services/minio"
)

type config struct {
	ClickHouse clickhouse.Config
	MinIO      minio.Config
	NATS       jetstream.Config
	JWKS       jwks.Config

	// Where the API is served, as host:port.
	HTTPAddr string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	// Secret that tokens are signed with (HMAC SHA-256), at least 32 bytes. Needed where there is no JWKS_URL; with both, both
	// kinds of token are taken.
	JWTSecret string `env:"JWT_SECRET" secret:"true"`
	// The iss claim that tokens must carry; none is asked for when empty.
	JWTIssuer string `env:"JWT_ISSUER"`
	// The audience that the aud claim of tokens must name; none is asked for when empty.
	JWTAudience string `env:"JWT_AUDIENCE"`
	// Whether tokens without a jti claim are refused: they cannot be revoked.
	RequireJTI bool `env:"REQUIRE_JTI" envDefault:"false"`
	// How often the list of revoked tokens is read: how long another process may go on taking one.
	RevokedEvery time.Duration `env:"REVOKED_EVERY" envDefault:"5s"`
	// Secret that links to recordings are signed with and places in the live feed are sealed with, at least 32 bytes; JWT_SECRET
	// serves where it is empty. Without either there are no links, and a live stream goes on after a break at the same process only.
	LinkSecret string `env:"LINK_SECRET" secret:"true"`
	// Roles, with commas between them, that see telephone numbers with the last digits masked: agent, supervisor, admin.
	MaskNumbers []string `env:"MASK_NUMBERS"`
	// Directory of the recordings on this machine, flat or in YYYY/MM/DD, looked through before MinIO. Set to nothing
	// (RECORDINGS_DIR=) no local disk is read; a directory that does not exist is an empty one.
	RecordingsDir string `env:"RECORDINGS_DIR" envDefault:"/var/spool/asterisk/monitor" empty:"keep"`
	// Name of the source whose recordings lie in RECORDINGS_DIR; those of other sources are looked for in MinIO alone. Empty
	// is right where there is one PBX: then the directory is everybody's.
	Source string `env:"SOURCE"`
	// How long one query of the history may take before the caller is told to try again.
	QueryTimeout time.Duration `env:"QUERY_TIMEOUT" envDefault:"10s"`
	// The same by role, as agent=5s,supervisor=10s; QUERY_TIMEOUT is the most that any has.
	QueryTimeouts string `env:"QUERY_TIMEOUTS"`
	// How many rows one query may read, by role; k, M and G stand for thousands, millions and billions. A query that needs
	// more is refused. A role that is not named has no limit.
	QueryRows string `env:"QUERY_ROWS" envDefault:"agent=500M,supervisor=2G,admin=2G" empty:"keep"`
	// How much memory one query may use in ClickHouse; 0 leaves it to ClickHouse.
	QueryMemory jetstream.Size `env:"QUERY_MEMORY" envDefault:"2GiB"`
	// How many requests for pages ask the history at once; a token may have 8 of them.
	PagesAtOnce int `env:"PAGES_AT_ONCE" envDefault:"32"`
	// How many requests for statistics do; a token may have half of them, and others wait for their turn.
	StatsAtOnce int `env:"STATS_AT_ONCE" envDefault:"4"`
	// How many requests a token may make, by its role: 20/s or 300/m, and behind a colon how many may come at once (three
	// seconds' worth without it). A role that is not named has no limit; set to nothing (RATE_LIMITS=) none has.
	RateLimits string `env:"RATE_LIMITS" envDefault:"agent=20/s,supervisor=20/s,admin=50/s" empty:"keep"`
	// How many requests without a good token may come from one address before they get 429 instead of 401, likewise. Empty:
	// no limit.
	FailedAttempts string `env:"FAILED_ATTEMPTS" envDefault:"1/s:60" empty:"keep"`
	// How many live streams (GET /api/v1/calls/stream) may be open at once; more are refused with 429. One takes about 50 KB.
	LiveStreams int `env:"LIVE_STREAMS" envDefault:"2000"`
	// How many of them one token may have open.
	LiveStreamsPerToken int `env:"LIVE_STREAMS_PER_TOKEN" envDefault:"20"`
	// How long a live stream may be silent before it says that it is still there. Proxies cut what is silent, often after a
	// minute.
	LiveHeartbeat time.Duration `env:"LIVE_HEARTBEAT" envDefault:"15s"`
	// How many exports may run at once; more are refused with 429. One keeps a connection to ClickHouse busy, and takes about
	// 30 MB here.
	ExportsAtOnce int `env:"EXPORTS_AT_ONCE" envDefault:"4"`
	// How many of them one token may have under way.
	ExportsPerToken int `env:"EXPORTS_PER_TOKEN" envDefault:"2"`
	// How many calls one export may give. Each takes about 8 bytes here, and about 40 in ClickHouse while it sorts them.
	ExportRows int `env:"EXPORT_ROWS" envDefault:"5000000"`
	// How long requests under way may go on after SIGTERM.
	StopTimeout time.Duration `env:"STOP_TIMEOUT" envDefault:"5s"`
}

// leastSecret is the length of SHA-256: RFC 7518, section 3.2, wants an HMAC key no shorter than its hash.
const leastSecret = 32

func (c *config) Validate() error {
	var errs []error
	if c.JWTSecret == "" && !c.JWKS.Configured() {
		errs = append(errs, errors.New("JWT_SECRET is not set, and neither is JWKS_URL: want the secret that tokens are signed with, at least 32 bytes (or its path in JWT_SECRET_FILE), or the address of the public keys of an identity provider"))
	}
	for i, role := range c.MaskNumbers {
		if c.MaskNumbers[i] = strings.TrimSpace(role); roles[c.MaskNumbers[i]] == nil {
			errs = append(errs, fmt.Errorf("MASK_NUMBERS holds %q, want roles with commas between them: agent, supervisor or admin", role))
		}
	}
	if n := len(c.JWTSecret); n > 0 && n < leastSecret {
		errs = append(errs, fmt.Errorf("JWT_SECRET is %d bytes long, want at least %d: make one with openssl rand -base64 48", n, leastSecret))
	}
	if n := len(c.LinkSecret); n > 0 && n < leastSecret {
		errs = append(errs, fmt.Errorf("LINK_SECRET is %d bytes long, want at least %d: make one with openssl rand -base64 48", n, leastSecret))
	}
	if c.RevokedEvery < time.Second || c.RevokedEvery > 5*time.Minute {
		errs = append(errs, fmt.Errorf("REVOKED_EVERY is %s, want 1s to 5m", c.RevokedEvery))
	}
	if _, port, err := net.SplitHostPort(c.HTTPAddr); err != nil || port == "" {
		errs = append(errs, fmt.Errorf("HTTP_ADDR is %q, want host:port such as 127.0.0.1:8080", c.HTTPAddr))
	}
	if c.QueryTimeout < 100*time.Millisecond || c.QueryTimeout > 5*time.Minute {
		errs = append(errs, fmt.Errorf("QUERY_TIMEOUT is %s, want 100ms to 5m", c.QueryTimeout))
	}
	if _, err := newBudget(*c); err != nil {
		errs = append(errs, err)
	}
	if _, err := newRates(*c); err != nil {
		errs = append(errs, err)
	}
	if c.QueryMemory != 0 && c.QueryMemory < 64<<20 {
		errs = append(errs, fmt.Errorf("QUERY_MEMORY is %s, want 0 or at least 64MiB", c.QueryMemory))
	}
	for _, most := range []struct {
		name string
		is   int
	}{{"PAGES_AT_ONCE", c.PagesAtOnce}, {"STATS_AT_ONCE", c.StatsAtOnce}} {
		if most.is < 1 || most.is > 1000 {
			errs = append(errs, fmt.Errorf("%s is %d, want 1 to 1000", most.name, most.is))
		}
	}
	if c.LiveStreams < 0 || c.LiveStreams > 1_000_000 {
		errs = append(errs, fmt.Errorf("LIVE_STREAMS is %d, want 0 to 1000000", c.LiveStreams))
	}
	if c.LiveStreamsPerToken < 1 {
		errs = append(errs, fmt.Errorf("LIVE_STREAMS_PER_TOKEN is %d, want at least 1", c.LiveStreamsPerToken))
	}
	if c.LiveHeartbeat < time.Second || c.LiveHeartbeat > 5*time.Minute {
		errs = append(errs, fmt.Errorf("LIVE_HEARTBEAT is %s, want 1s to 5m", c.LiveHeartbeat))
	}
	if c.ExportsAtOnce < 0 || c.ExportsAtOnce > 1000 {
		errs = append(errs, fmt.Errorf("EXPORTS_AT_ONCE is %d, want 0 to 1000", c.ExportsAtOnce))
	}
	if c.ExportsPerToken < 1 {
		errs = append(errs, fmt.Errorf("EXPORTS_PER_TOKEN is %d, want at least 1", c.ExportsPerToken))
	}
	if c.ExportRows < 1 || c.ExportRows > 1_000_000_000 {
		errs = append(errs, fmt.Errorf("EXPORT_ROWS is %d, want 1 to 1000000000", c.ExportRows))
	}
	if c.StopTimeout < 0 || c.StopTimeout > time.Hour {
		errs = append(errs, fmt.Errorf("STOP_TIMEOUT is %s, want 0s to 1h", c.StopTimeout))
	}
	return errors.Join(errs...)
}

// linkSecret is what keys of our own are derived from; it may be empty.
func (c *config) linkSecret() string {
	if c.LinkSecret != "" {
		return c.LinkSecret
	}
	return c.JWTSecret
}
