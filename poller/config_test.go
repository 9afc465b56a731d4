package main

import (
	"io"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/process"
)

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	const dsn = "MARIADB_DSN=reader:opensesame@tcp(pbx:3306)/asterisk"
	for _, tt := range []struct {
		name    string
		environ []string
		want    string
	}{
		{"nothing", nil, "MARIADB_DSN is not set, want user:password@tcp(host:3306)/database (or its path in MARIADB_DSN_FILE)"},
		{"a misspelling", []string{dsn, "MARIADB_DNS=x"}, "MARIADB_DNS is not a setting; did you mean MARIADB_DSN?"},
		{"source", []string{dsn, "SOURCE=Delhi 1"}, `SOURCE is "Delhi 1", want 1 to 32 small letters, digits and hyphens`},
		{"number", []string{dsn, "SOURCE_NUMBER=8192"}, "SOURCE_NUMBER is 8192, want 0 to 8191"},
		{"negative number", []string{dsn, "SOURCE_NUMBER=-1"}, `SOURCE_NUMBER is "-1", want a whole number, not negative`},
		{"zone", []string{dsn, "SOURCE_TIMEZONE=Asia/Delhi"}, `SOURCE_TIMEZONE is "Asia/Delhi", want an IANA name such as Asia/Kolkata`},
		{"the machine's zone", []string{dsn, "SOURCE_TIMEZONE=Local"}, `SOURCE_TIMEZONE is "Local", want an IANA name such as Asia/Kolkata`},
		{"too often", []string{dsn, "POLL_EVERY=500ms"}, "POLL_EVERY is 500ms, want 1s to 1h"},
		{"no unit", []string{dsn, "POLL_EVERY=30"}, `POLL_EVERY is "30", want a duration such as 30s`},
		{"several", []string{dsn, "PAGE_ROWS=0", "GAP_TIMEOUT=0s", "POLL_FROM=1099511627776", "LOOK_BACK=-1s", "LOOK_BACK_ROWS=0"}, "PAGE_ROWS is 0, want 1 to 100000\n" +
			"LOOK_BACK is -1s, want 0s to 24h\nLOOK_BACK_ROWS is 0, want 1 to 50000000\nGAP_TIMEOUT is 0s, want 1s to 24h\nPOLL_FROM is 1099511627776, want a row id, at most 1099511627775"},
		{"DSN", []string{"MARIADB_DSN=reader:opensesame@pbx"}, "MARIADB_DSN is not readable, want user:password@tcp(host:3306)/database: missing the slash separating the database name"},
		{"table", []string{dsn, "CDR_TABLE=a.b.c"}, `CDR_TABLE is "a.b.c", want a table's name, or schema.table`},
		{"columns", []string{dsn, "COLUMN_MAP=uniqueid:callid"}, `COLUMN_MAP has "uniqueid:callid", want pairs such as uniqueid=callid`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := process.Config[config](process.New("poller", append(tt.environ, "ADMIN_ADDR="), io.Discard))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "opensesame") {
				t.Error("the message shows the password")
			}
		})
	}
}

func TestPrintedConfigHidesThePassword(t *testing.T) {
	t.Parallel()
	cfg, err := process.Config[config](process.New("poller", []string{"MARIADB_DSN=reader:opensesame@tcp(pbx:3306)/asterisk", "ADMIN_ADDR="}, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if text := process.Redacted(cfg).String(); strings.Contains(text, "opensesame") || !strings.Contains(text, "reader:***@tcp(pbx:3306)/asterisk") {
		t.Errorf("printed\n%s", text)
	}
}
