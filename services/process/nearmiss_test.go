package process

import (
	"slices"
	"strings"
	"testing"
)

func TestNearMisses(t *testing.T) {
	t.Parallel()
	known := []string{"MARIADB_DSN", "MARIADB_DSN_FILE", "NATS_URL", "BATCH_ROWS", "HTTP_ADDR", "ADMIN_ADDR", "SOURCE", "RATE", "TTL", "CLICKHOUSE_DSN", "MINIO_BUCKET"}
	house := []string{"POLL_EVERY", "RATIO", "BATCH_ROW"}
	tests := map[string]string{
		"MARIADB_DNS":      "MARIADB_DSN",
		"MARIADB_DSN_FLIE": "MARIADB_DSN_FILE",
		"MARIADB_DSNFILE":  "MARIADB_DSN_FILE",
		"MARIADBDSN":       "MARIADB_DSN",
		"mariadb_dsn":      "MARIADB_DSN",
		"MARIADB-DSN":      "MARIADB_DSN",
		"MARIA_DB_DSN":     "MARIADB_DSN",
		"MRIADB_DNS":       "MARIADB_DSN",
		"MARIADB_DATABASE": "",
		"NATS_URI":         "NATS_URL",
		"NAST_URLS":        "NATS_URL",
		"NATS_PORT":        "",
		"BATCH_SIZE":       "",
		"BATCH_ROW":        "", // another stage's own
		"POLL_EVERY":       "",
		"RATIO":            "",
		"RATES":            "RATE",
		"DATE":             "RATE",
		"RITA":             "", // two slips in four letters
		"TTY":              "", // three letters
		"HTTP_ADRR":        "HTTP_ADDR",
		"HTTP_PROXY":       "",
		"http_proxy":       "",
		"HOME":             "",
		"PATH":             "",
		"LANG":             "",
		"LC_ALL":           "",
		"CLICKHOUSE_DB":    "", // the server image's own
		"MINIO_ROOT_USER":  "",

		"KUBERNETES_SERVICE_HOST": "",
		"MINIO_SERVICE_PORT":      "",
		"SOURCE":                  "",
		"SOURCES":                 "SOURCE",
	}
	for name, want := range tests {
		got := nearMisses([]string{name}, known, house)
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("%s: %s, want no complaint", name, got)
		case want != "" && !slices.Equal(got, []string{name + " is not a setting; did you mean " + want + "?"}):
			t.Errorf("%s: %q, want %s suggested", name, got, want)
		}
	}
}

// A setting that is no secret is not read from a file; ignoring the file would leave the default in force, unsaid.
func TestFileOfNoSecret(t *testing.T) {
	t.Parallel()
	got := nearMisses([]string{"NATS_URL_FILE", "RULES_FILE", "DSN_FILE"}, []string{"NATS_URL", "RULES_FILE", "DSN", "DSN_FILE"}, nil)
	if want := "NATS_URL_FILE is not a setting: NATS_URL is no secret, set it directly"; !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for pair, want := range map[string]int{
		"DSN DSN": 0, "DNS DSN": 1, "DS DSN": 1, "DSNX DSN": 1, "DXN DSN": 1, "DSNXY DSN": 2, "XYN DSN": 2, "XYZ DSN": 3, "ABCDEF DSN": 3,
	} {
		a, b, _ := strings.Cut(pair, " ")
		if got := distance(a, b); got != want || distance(b, a) != want {
			t.Errorf("distance(%s, %s) = %d, and %d turned round, want %d", a, b, got, distance(b, a), want)
		}
	}
}
