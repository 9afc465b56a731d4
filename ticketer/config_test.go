package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{ // empty want: no complaint
		{"LOGSUPDATE_TOKEN", "", ""},
		{"LOGSUPDATE_URL", "", "LOGSUPDATE_URL is not set, want the address of LogsUpdate, such as https://logs.example.com"},
		{"LOGSUPDATE_URL", "tickets", "LOGSUPDATE_URL is no web address without a query, want one such as https://logs.example.com"},
		{"TICKET_CONCURRENCY", "0", "TICKET_CONCURRENCY is 0, want 1 to 64"},
		{"TICKET_GIVE_UP_AFTER", "0s", "TICKET_GIVE_UP_AFTER is 0s, want more than 0s"},
		{"LOGSUPDATE_TIMEOUT", "soon", `LOGSUPDATE_TIMEOUT is "soon", want a duration such as 30s`},
		{"LOGUPDATE_URL", "http://x", "LOGUPDATE_URL is not a setting; did you mean LOGSUPDATE_URL?"},
	} {
		environ := []string{"ADMIN_ADDR="}
		if test.name != "LOGSUPDATE_URL" {
			environ = append(environ, "LOGSUPDATE_URL=https://logs.example.com")
		}
		p := process.New(stage, append(environ, test.name+"="+test.value), io.Discard)
		_, err := process.Config[config](p)
		p.Close()
		var mistakes *process.Mistakes
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		case test.want != "" && (!errors.As(err, &mistakes) || !slices.Equal(mistakes.Lines, []string{test.want})):
			t.Errorf("%s=%s: %v\nwant one line: %s", test.name, test.value, err, test.want)
		}
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	var cfg config
	cfg.LogsUpdate.Token = "geheim"
	cfg.LogsUpdate.URL = "https://cdrflow:geheim@logs.example.com"
	var out bytes.Buffer
	fmt.Fprint(&out, process.Redacted(&cfg))
	if text := out.String(); strings.Contains(text, "geheim") || !strings.Contains(text, "LOGSUPDATE_URL=https://cdrflow:***@logs.example.com") {
		t.Errorf("printed as:\n%s", text)
	}
}

// TestConsume holds that a batch with signs of life is ours for as long as one answer may take, and longer.
func TestConsume(t *testing.T) {
	t.Parallel()
	cfg := config{Concurrency: 4}
	cfg.LogsUpdate.Timeout = 10 * time.Second
	if c := cfg.consume(); c.AckWait <= c.BatchWait+c.WriteTimeout+2*signOfLife || c.BatchRows < cfg.Concurrency {
		t.Errorf("%+v", c)
	}
}
