package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

type storeConfig struct {
	DSN     string        `env:"STORE_DSN,required" secret:"dsn" want:"a data source such as user:password@tcp(host:3306)/db"`
	Timeout time.Duration `env:"STORE_TIMEOUT" envDefault:"30s"`
}

func (c storeConfig) Validate() error {
	if c.Timeout < time.Second {
		return fmt.Errorf("STORE_TIMEOUT is %s, want at least 1s", c.Timeout)
	}
	return nil
}

type stageConfig struct {
	Store storeConfig

	BatchRows int      `env:"BATCH_ROWS" envDefault:"20000"`
	Queues    []string `env:"QUEUES" envDefault:"a,b"`
	Key       string   `env:"STAGE_KEY,required" secret:"true"`
	Page      Bytes    `env:"PAGE_BYTES" envDefault:"32MiB"`
	Ratio     float64  `env:"RATIO" envDefault:"0.5"`
	Push      bool     `env:"PUSH"`
	Small     int16    `env:"SMALL" envDefault:"7"`
	Mode      string   `env:"MODE" envDefault:"fast" empty:"keep"`
	unseen    int
}

func (c *stageConfig) Validate() error {
	var errs []error
	if c.BatchRows < 1 {
		errs = append(errs, fmt.Errorf("BATCH_ROWS is %d, want at least 1", c.BatchRows))
	}
	if strings.Contains(c.Key, "!") {
		errs = append(errs, fmt.Errorf("STAGE_KEY is %q, want no exclamation mark", c.Key))
	}
	if c.Key == "" {
		errs = append(errs, errors.New("STAGE_KEY is empty, want a key"))
	}
	if strings.Contains(c.Store.DSN, "(nowhere)") {
		errs = append(errs, fmt.Errorf("parse %q with %s: no such host", c.Store.DSN, passwordOf(c.Store.DSN)))
	}
	return errors.Join(errs...)
}

const goodDSN = "poller:opensesame@tcp(db:3306)/asterisk"

// right is an environment without mistakes; later entries win.
func right(more ...string) []string {
	return append([]string{"STORE_DSN=" + goodDSN, "STAGE_KEY=0123456789", "ADMIN_ADDR="}, more...)
}

func TestConfigReads(t *testing.T) {
	t.Parallel()
	p := New("stage", right("BATCH_ROWS=5000000000", "QUEUES=x,y,z", "STORE_TIMEOUT=2m", "PUSH=true", "MODE=", "PAGE_BYTES=", "HOME=/"), io.Discard)
	got, err := Config[stageConfig](p)
	if err != nil {
		t.Fatal(err)
	}
	want := stageConfig{
		Store:     storeConfig{DSN: goodDSN, Timeout: 2 * time.Minute},
		BatchRows: 5_000_000_000, Queues: []string{"x", "y", "z"}, Key: "0123456789", Page: 32 << 20, Ratio: 0.5, Push: true, Small: 7,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestConfigNamesEveryMistake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		environ []string
		want    []string
	}{
		{"nothing set", []string{}, []string{
			"STORE_DSN is not set, want a data source such as user:password@tcp(host:3306)/db (or its path in STORE_DSN_FILE)",
			"STAGE_KEY is not set (or its path in STAGE_KEY_FILE)",
		}},
		{"set to nothing", right("STAGE_KEY="), []string{"STAGE_KEY is not set (or its path in STAGE_KEY_FILE)"}},
		{"forms", right("BATCH_ROWS=many", "STORE_TIMEOUT=30", "RATIO=half", "PUSH=perhaps", "SMALL=40000", "PAGE_BYTES=big"), []string{
			`STORE_TIMEOUT is "30", want a duration such as 30s`,
			`BATCH_ROWS is "many", want a whole number`,
			`PAGE_BYTES is "big", want a size such as 100MiB`,
			`RATIO is "half", want a number`,
			`PUSH is "perhaps", want true or false`,
			`SMALL is "40000", want a whole number within the range of int16`,
		}},
		{"validation, inside out", right("BATCH_ROWS=0", "STORE_TIMEOUT=5ms"), []string{
			"STORE_TIMEOUT is 5ms, want at least 1s",
			"BATCH_ROWS is 0, want at least 1",
		}},
		{"a misspelling beside what it leaves out", []string{"STORE_DNS=" + goodDSN, "STAGE_KEY=0123456789"}, []string{
			"STORE_DSN is not set, want a data source such as user:password@tcp(host:3306)/db (or its path in STORE_DSN_FILE)",
			"STORE_DNS is not a setting; did you mean STORE_DSN?",
		}},
		{"a secret twice", right("STAGE_KEY_FILE=" + empty), []string{"STAGE_KEY and STAGE_KEY_FILE are both set, want one of them"}},
		{"a secret in an empty file", []string{"STORE_DSN=" + goodDSN, "STAGE_KEY_FILE=" + empty}, []string{
			"STAGE_KEY_FILE names " + empty + ", which is empty",
		}},
		{"a secret in no file", []string{"STORE_DSN=" + goodDSN, "STAGE_KEY_FILE=" + dir + "/none"}, []string{
			"STAGE_KEY_FILE cannot be read, want the path of a file that holds STAGE_KEY: open " + dir + "/none: no such file or directory",
		}},
		{"a complaint quotes a secret", right("STAGE_KEY=very\"secret!", "STORE_DSN=poller:opensesame@tcp(nowhere)/x"), []string{
			`STAGE_KEY is "***", want no exclamation mark`,
			`parse "poller:***@tcp(nowhere)/x" with ***: no such host`,
		}},
		{"the house", right("LOG_LEVEL=loud", "LOG_FORMAT=xml", "ADMIN_ADDR=9464", "MEMORY_LIMIT=1KiB"), []string{
			`LOG_LEVEL is "loud", want debug, info, warn or error`,
			`LOG_FORMAT is "xml", want json, text or auto`,
			`ADMIN_ADDR is "9464", want host:port such as :9464`,
			"MEMORY_LIMIT is 1KiB, want at least 16MiB, or 0 for none",
		}},
		{"too long to show", right("BATCH_ROWS=" + strings.Repeat("ü", 60)), []string{
			`BATCH_ROWS is "` + strings.Repeat("ü", 40) + `…", want a whole number`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Config[stageConfig](New("stage", tt.environ, io.Discard))
			var mistakes *Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("error %v, want mistakes", err)
			}
			if got, want := err.Error(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestConfigReadsSecretsFromFiles(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"abc":       "abc",
		"abc\n":     "abc",
		"abc\r\n":   "abc",
		"abc\n\n":   "abc\n",
		" abc \n":   " abc ",
		"a\nb\nc\n": "a\nb\nc",
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Config[stageConfig](New("stage", []string{"STORE_DSN=" + goodDSN, "ADMIN_ADDR=", "STAGE_KEY_FILE=" + path}, io.Discard))
		if err != nil || got.Key != want {
			t.Errorf("file %q gives %q (%v), want %q", content, got.Key, err, want)
		}
	}
}

func TestPrintedConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	cfg := stageConfig{Store: storeConfig{DSN: goodDSN}, Key: "swordfish", Queues: []string{"a", "b"}, unseen: 1}
	var asJSON, asText bytes.Buffer
	slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("x", "config", Redacted(cfg))
	slog.New(slog.NewTextHandler(&asText, nil)).Info("x", "config", Redacted(&cfg))
	for how, text := range map[string]string{
		"string":  Redacted(cfg).String(),
		"pointer": Redacted(&cfg).String(),
		"%v":      fmt.Sprintf("%v", Redacted(cfg)),
		"%+v":     fmt.Sprintf("%+v", Redacted(cfg)),
		"json":    asJSON.String(),
		"text":    asText.String(),
	} {
		for _, secret := range []string{"opensesame", "swordfish"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s: %s", how, secret, text)
			}
		}
		if !strings.Contains(text, "poller:***@tcp(db:3306)/asterisk") || !strings.Contains(text, "a,b") {
			t.Errorf("%s hides too much: %s", how, text)
		}
	}
}

func TestCheckPrintsAndStops(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New("stage", right(), &out)
	p.check = true
	_, err := Config[stageConfig](p)
	if !errors.Is(err, ErrChecked) {
		t.Errorf("error %v, want %v", err, ErrChecked)
	}
	want := "LOG_LEVEL=INFO\nLOG_FORMAT=auto\nADMIN_ADDR=\nMEMORY_LIMIT=100MiB\n" +
		"STORE_DSN=poller:***@tcp(db:3306)/asterisk\nSTORE_TIMEOUT=30s\nBATCH_ROWS=20000\nQUEUES=a,b\nSTAGE_KEY=***\n" +
		"PAGE_BYTES=32MiB\nRATIO=0.5\nPUSH=false\nSMALL=7\nMODE=fast\n"
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", &out, want)
	}
}
