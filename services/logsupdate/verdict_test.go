package logsupdate

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// verdictOf names the verdict as the table below does.
func verdictOf(err error) string {
	var refused *Refused
	var later *Later
	switch {
	case err == nil:
		return "opened"
	case errors.Is(err, ErrKnown):
		return "known"
	case errors.As(err, &refused):
		return "refused"
	case errors.As(err, &later):
		return "later"
	}
	return "?"
}

// TestVerdict holds every status that a server can send, and those that it cannot.
func TestVerdict(t *testing.T) {
	t.Parallel()
	want := func(status int) string {
		switch {
		case status == 409:
			return "known"
		case status == 408, status == 425, status == 429:
			return "later"
		case status >= 200 && status <= 299:
			return "opened"
		case status >= 400 && status <= 499:
			return "refused"
		}
		return "later"
	}
	var c Client
	for status := 100; status < 1000; status++ {
		err := c.verdict(status, http.Header{}, []byte("because"))
		if got := verdictOf(err); got != want(status) {
			t.Errorf("status %d: %s, want %s", status, got, want(status))
		}
		var refused *Refused
		if errors.As(err, &refused) && (refused.Status != status || refused.Reason != "because") {
			t.Errorf("status %d: %+v", status, refused)
		}
	}
}

func TestExisted(t *testing.T) {
	t.Parallel()
	var c Client
	for _, test := range []struct{ header, body, want string }{
		{"", `{"id": 7}`, "opened"},
		{"", `{"created": true}`, "opened"},
		{"", `{"created": false, "id": 7}`, "known"},
		{"", `{"existing": true}`, "known"},
		{"", `{"duplicate": true}`, "known"},
		{"", `{"existing": "yes"}`, "opened"}, // not ours to guess
		{"", `OK`, "opened"},
		{"", `[]`, "opened"},
		{"", ``, "opened"},
		{"true", ``, "known"},
		{"false", ``, "opened"},
	} {
		header := http.Header{}
		if test.header != "" {
			header.Set("Idempotent-Replayed", test.header)
		}
		if got := verdictOf(c.verdict(200, header, []byte(test.body))); got != test.want {
			t.Errorf("header %q, body %s: %s, want %s", test.header, test.body, got, test.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-7": 0, "999999999999": time.Hour, "soon": 0, "1.5": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
		now.Add(48 * time.Hour).Format(http.TimeFormat):   time.Hour,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	c := Client{token: "geheim-token"}
	for body, want := range map[string]string{
		"":                               "",
		"<b>no</b>\r\n\tsuch\x00 queue ": "<b>no</b> such queue",
		"you sent geheim-token":          "you sent ***",
		"no customer 918065978001":       "no customer …",
		"bad \xff byte":                  "bad byte",
		strings.Repeat("ü", 400):         strings.Repeat("ü", 300) + "…",
	} {
		if got := c.reason([]byte(body)); got != want {
			t.Errorf("reason(%q) = %q, want %q", body, got, want)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, url, token string
		timeout          time.Duration
		want             string // empty: no complaint
	}{
		{"good", "https://logs.example.com", "t0ken", time.Second, ""},
		{"with a path", "http://logs:8080/api/", "", time.Second, ""},
		{"no url", "", "", time.Second, "LOGSUPDATE_URL is not set"},
		{"no scheme", "logs.example.com", "", time.Second, "LOGSUPDATE_URL is no web address"},
		{"other scheme", "ftp://logs.example.com", "", time.Second, "LOGSUPDATE_URL is no web address"},
		{"query", "https://logs.example.com/?key=geheim", "", time.Second, "LOGSUPDATE_URL is no web address"},
		{"token with a line break", "https://logs.example.com", "geheim\nX-Evil: 1", time.Second, "LOGSUPDATE_TOKEN holds"},
		{"timeout", "https://logs.example.com", "", 0, "LOGSUPDATE_TIMEOUT is 0s"},
	} {
		err := (&Config{URL: test.url, Token: test.token, Timeout: test.timeout}).Validate()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		case err != nil && strings.Contains(err.Error(), "geheim"):
			t.Errorf("%s: the complaint shows a secret: %v", test.name, err)
		}
	}
	endpoint, err := (&Config{URL: "http://logs:8080/api/"}).endpoint()
	if err != nil || endpoint.String() != "http://logs:8080/api/auto-ticket" {
		t.Errorf("endpoint %v, err %v", endpoint, err)
	}
}
