// Package jetstream is the door to the log: NATS JetStream.
package jetstream

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config of the connection.
type Config struct {
	// Address of NATS, several with commas between them: nats://host:4222. User and password or a token may stand in it.
	URL string `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222" secret:"dsn"`
	// Path of a credentials file (JWT and nkey), where the servers want one.
	Credentials string `env:"NATS_CREDENTIALS"`
}

// Validate names what is wrong with the address.
func (c Config) Validate() error {
	var mistakes []error
	for _, one := range strings.Split(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" || (u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss") {
			mistakes = append(mistakes, errors.New("NATS_URL holds something that is no address, want for example nats://host:4222"))
		}
	}
	return errors.Join(mistakes...)
}

// Streams says how the streams are created and kept.
type Streams struct {
	// Copies of each stream that a cluster of servers keeps: 1, 3 or 5.
	Replicas int `env:"STREAM_REPLICAS" envDefault:"1"`
	// How long raw rows are kept for replays.
	CDRAge time.Duration `env:"CDR_MAX_AGE" envDefault:"720h"`
	// Most bytes of raw rows, compressed; a full stream makes the poller wait, nothing is dropped.
	CDRBytes int64 `env:"CDR_MAX_BYTES" envDefault:"8589934592"`
	// How long events of calls are kept for ticketing and live feeds.
	CallAge time.Duration `env:"CALL_MAX_AGE" envDefault:"72h"`
	// Most bytes of events; the oldest make room.
	CallBytes int64 `env:"CALL_MAX_BYTES" envDefault:"4294967296"`
}

// Validate names what no stream can be created with.
func (s Streams) Validate() error {
	var mistakes []error
	if s.Replicas != 1 && s.Replicas != 3 && s.Replicas != 5 {
		mistakes = append(mistakes, fmt.Errorf("STREAM_REPLICAS is %d, want 1, 3 or 5", s.Replicas))
	}
	for name, age := range map[string]time.Duration{"CDR_MAX_AGE": s.CDRAge, "CALL_MAX_AGE": s.CallAge} {
		if age < time.Hour {
			mistakes = append(mistakes, fmt.Errorf("%s is %s, want at least 1h", name, age))
		}
	}
	for name, size := range map[string]int64{"CDR_MAX_BYTES": s.CDRBytes, "CALL_MAX_BYTES": s.CallBytes} {
		if size < 1<<20 {
			mistakes = append(mistakes, fmt.Errorf("%s is %d, want at least 1048576", name, size))
		}
	}
	return errors.Join(mistakes...)
}
