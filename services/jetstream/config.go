package jetstream

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config says where the log is.
type Config struct {
	// NATS server with JetStream, such as nats://nats.example.com:4222 or tls://…; several of one cluster are separated
	// by commas. User and password may stand in it.
	URL string `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222" secret:"dsn"`
	// Path of a NATS credentials file (JWT and key) to log in with. Empty: the URL says all.
	Creds string `env:"NATS_CREDS"`
}

var schemes = map[string]bool{"nats": true, "tls": true, "ws": true, "wss": true}

// Validate judges the addresses.
func (c *Config) Validate() error {
	var errs []error
	for _, one := range strings.Split(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || !schemes[u.Scheme] || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
			errs = append(errs, fmt.Errorf("NATS_URL names %q, want nats://host:port or tls://host:port", address(one)))
		}
	}
	return errors.Join(errs...)
}

// address is a list of URLs without users and passwords.
func address(list string) string {
	parts := strings.Split(list, ",")
	for i, one := range parts {
		scheme, rest, found := strings.Cut(strings.TrimSpace(one), "://")
		if !found {
			scheme, rest = "", scheme
		} else {
			scheme += "://"
		}
		parts[i] = scheme + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	return strings.Join(parts, ",")
}

// Streams says how much the log keeps. Changed limits are applied to streams that exist.
type Streams struct {
	// Copies of each stream in a NATS cluster: 1 on a single server, 3 in production.
	Replicas int `env:"STREAM_REPLICAS" envDefault:"1"`
	// How long raw rows stay in the log: the time within which the call history can be rebuilt from it.
	CDRAge time.Duration `env:"CDR_MAX_AGE" envDefault:"720h"`
	// Most bytes of raw rows in the log. When it is full the poller waits: nothing unread is ever dropped for size.
	CDRBytes Size `env:"CDR_MAX_BYTES" envDefault:"8GiB"`
	// How long events of calls stay in the log.
	CallAge time.Duration `env:"CALL_MAX_AGE" envDefault:"168h"`
	// Most bytes of events in the log; beyond that the oldest go first, since storing calls must not wait for whoever
	// listens.
	CallBytes Size `env:"CALL_MAX_BYTES" envDefault:"4GiB"`
}

// Validate judges the limits.
func (s *Streams) Validate() error {
	var errs []error
	if s.Replicas < 1 || s.Replicas > 5 {
		errs = append(errs, fmt.Errorf("STREAM_REPLICAS is %d, want 1 to 5", s.Replicas))
	}
	for _, age := range []struct {
		name string
		is   time.Duration
	}{{"CDR_MAX_AGE", s.CDRAge}, {"CALL_MAX_AGE", s.CallAge}} {
		if age.is < time.Hour {
			errs = append(errs, fmt.Errorf("%s is %s, want at least 1h", age.name, age.is))
		}
	}
	for _, size := range []struct {
		name string
		is   Size
	}{{"CDR_MAX_BYTES", s.CDRBytes}, {"CALL_MAX_BYTES", s.CallBytes}} {
		if size.is < 64<<20 {
			errs = append(errs, fmt.Errorf("%s is %s, want at least 64MiB", size.name, size.is))
		}
	}
	return errors.Join(errs...)
}
