package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// Each mistake of an operator gets one message that says what to do, and no secret.
func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	good := map[string]string{
		"NATS_URL": "nats://127.0.0.1:1", "CLICKHOUSE_DSN": "http://u:" + password + "@127.0.0.1:1/cdrflow", "MARIADB_DSN": "u:" + password + "@tcp(127.0.0.1:1)/asterisk",
		"JWT_SECRET": strings.Repeat("s", 32), "LOGSUPDATE_URL": "http://127.0.0.1:1", "ADMIN_ADDR": "127.0.0.1:0", "LOG_FORMAT": "text",
		"MINIO_ENDPOINT": "127.0.0.1:1", "MINIO_ACCESS_KEY": "k", "MINIO_SECRET_KEY": password, "RECORDINGS_DIR": t.TempDir(), "HTTP_ADDR": "127.0.0.1:0",
	}
	for _, c := range []struct{ name, stage, change, want string }{
		{"misspelt variable", "poller", "MARIADB_DNS=x", "MARIADB_DNS is not a setting; did you mean MARIADB_DSN?"},
		{"several mistakes at once: the first", "poller", "POLL_EVERY=abc;PAGE_ROWS=0", `POLL_EVERY is "abc"`},
		{"several mistakes at once: the second", "poller", "POLL_EVERY=abc;PAGE_ROWS=0", "PAGE_ROWS is 0"},
		{"too short a pause", "poller", "POLL_EVERY=10ms", "POLL_EVERY is 10ms, want 1s to 1h"},
		{"unknown zone", "poller", "SOURCE_TIMEZONE=Mars/Olympus", "SOURCE_TIMEZONE"},
		{"no address of MariaDB", "poller", "MARIADB_DSN=", "MARIADB_DSN is not set"},
		{"MariaDB unreachable", "poller", "", "MariaDB at 127.0.0.1:1 cannot be reached"},
		{"NATS unreachable", "enricher", "", "connect to NATS at nats://127.0.0.1:1: nats: no servers available for connection; is the server up, and are NATS_URL and NATS_CREDS right?"},
		{"no address of ClickHouse", "enricher", "CLICKHOUSE_DSN=", "CLICKHOUSE_DSN is not set"},
		{"acknowledging before the write is over", "enricher", "ACK_WAIT=1s", "ACK_WAIT is 1s, want more than"},
		{"rules file that does not exist", "enricher", "RULES_FILE=/nowhere/rules.yaml", "read RULES_FILE: open /nowhere/rules.yaml: no such file or directory"},
		{"short secret", "queryapi", "JWT_SECRET=short", "JWT_SECRET"},
		{"no LogsUpdate", "ticketer", "LOGSUPDATE_URL=", "LOGSUPDATE_URL is not set"},
		{"MinIO unreachable", "archiver", "", "reach MinIO at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused: is it running, and is MINIO_ENDPOINT its address?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{}
			for k, v := range good {
				env[k] = v
			}
			for change := range strings.SplitSeq(c.change, ";") {
				if k, v, ok := strings.Cut(change, "="); ok {
					env[k] = v
				}
			}
			run := exec.CommandContext(t.Context(), binary(t, c.stage))
			for k, v := range env {
				run.Env = append(run.Env, k+"="+v)
			}
			out, err := run.CombinedOutput()
			if err == nil {
				t.Fatalf("%s started:\n%s", c.stage, out)
			}
			if said := strings.Join(strings.Fields(strings.ReplaceAll(string(out), `\"`, `"`)), " "); !strings.Contains(said, c.want) {
				t.Errorf("%s says\n%s\nwant …%s…", c.stage, out, c.want)
			}
			if strings.Contains(string(out), password) {
				t.Errorf("%s shows the password:\n%s", c.stage, out)
			}
		})
	}
}
