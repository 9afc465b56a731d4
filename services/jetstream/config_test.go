package jetstream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"nats://127.0.0.1:4222": true, "tls://a.example.com,tls://b.example.com:4222": true, "nats://user:p%40ss@host:4222": true, "ws://host:80": true,
		"nats://[::1]:4222": true, "": false, "127.0.0.1:4222": false, "http://host": false, "nats://": false, "nats://host/path": false, "nats://a,b": false,
	} {
		cfg := jetstream.Config{URL: url}
		if err := cfg.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
	cfg := jetstream.Config{URL: "nats://user:secret@host/x"}
	if err := cfg.Validate(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the complaint shows a password: %v", err)
	}
	if got := jetstream.Address("nats://u:p@a:1, tls://t@b"); got != "nats://a:1,tls://b" {
		t.Errorf("addresses %q", got)
	}
}

func TestStreamSettings(t *testing.T) {
	t.Parallel()
	if err := limits.Validate(); err != nil {
		t.Error(err)
	}
	bad := jetstream.Streams{Replicas: 9, CDRAge: time.Second, CallBytes: 1}
	err := bad.Validate()
	for _, name := range []string{"STREAM_REPLICAS", "CDR_MAX_AGE", "CALL_MAX_AGE", "CDR_MAX_BYTES", "CALL_MAX_BYTES"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("no complaint about %s: %v", name, err)
		}
	}
	for text, want := range map[string]jetstream.Size{"64GiB": 64 << 30, "2TiB": 2 << 40, "100 MiB": 100 << 20, "1048576": 1 << 20, "7B": 7, "0": 0} {
		var s jetstream.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is %d, %v", text, s, err)
		}
		var again jetstream.Size
		if err := again.UnmarshalText([]byte(want.String())); err != nil || again != want {
			t.Errorf("%d is written %q and read %d, %v", want, want, again, err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "1GB", "9999999TiB"} {
		var s jetstream.Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, s)
		}
	}
}
