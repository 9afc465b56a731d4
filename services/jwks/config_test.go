package jwks

import (
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url  string
		want string // empty: it is right
	}{
		{"", ""},
		{"https://login.example.com/.well-known/jwks.json", ""},
		{"https://login.example.com:8443/keys?tenant=7", ""},
		{"http://127.0.0.1:9000/keys", ""},
		{"http://[::1]/keys", ""},
		{"http://localhost/keys", ""},
		{"http://login.example.com/keys", "JWKS_URL has the scheme http, want https"},
		{"http://127.0.0.1.example.com/keys", "want https"},
		{"http://10.0.0.1/keys", "want https"},
		{"https://u:p@login.example.com/keys", "JWKS_URL holds a user"},
		{"https://login.example.com/keys#a", "a fragment"},
		{"file:///etc/keys.json", "no web address"},
		{"login.example.com/keys", "no web address"},
		{"https://", "no web address"},
		{"https://a b/", "no web address"},
	} {
		cfg := Config{URL: test.url, Every: time.Minute, Timeout: time.Second}
		err := cfg.Validate()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %s", test.url, err, test.want)
		}
	}
	cfg := Config{URL: "https://login.example.com/keys", Every: time.Second, Timeout: time.Hour}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "JWKS_EVERY is 1s, want 10s to 24h") || !strings.Contains(err.Error(), "JWKS_TIMEOUT is 1h0m0s, want 100ms to 1m") {
		t.Errorf("durations: %v", err)
	}
}
