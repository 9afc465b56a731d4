package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/process"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"MINIO_ENDPOINT": "127.0.0.1:9000", "MINIO_ACCESS_KEY": "access", "MINIO_SECRET_KEY": "geheim", "ADMIN_ADDR": "",
	}
	for _, test := range []struct{ name, value, want string }{ // empty want: no complaint
		{"ARCHIVE_EVERY", "0", ""},
		{"KEEP_LOCAL", "0s", ""},
		{"MINIO_ENDPOINT", "", "MINIO_ENDPOINT is not set, want the address of the store, such as 127.0.0.1:9000 or https://s3.example.com"},
		{"MINIO_SECRET_KEY", "", "MINIO_SECRET_KEY is not set"},
		{"SOURCE", "a/b", `SOURCE is "a/b", want the PBX's name, one word such as pbx`},
		{"ARCHIVE_EVERY", "10ms", "ARCHIVE_EVERY is 10ms, want at least 1s, or 0 to sweep once"},
		{"KEEP_LOCAL", "-1h", "KEEP_LOCAL is -1h0m0s, want 0s or more"},
		{"SETTLE", "0s", "SETTLE is 0s, want at least 1s"},
		{"ARCHIVE_CONCURRENCY", "0", "ARCHIVE_CONCURRENCY is 0, want 1 to 64"},
		{"RECORDING_DIR", "/x", "RECORDING_DIR is not a setting; did you mean RECORDINGS_DIR?"},
	} {
		environ := []string{test.name + "=" + test.value}
		for name, value := range good {
			if name != test.name {
				environ = append(environ, name+"="+value)
			}
		}
		p := process.New("archiver", environ, io.Discard)
		_, err := process.Config[config](p)
		p.Close()
		var mistakes *process.Mistakes
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		case test.want != "" && (!errors.As(err, &mistakes) || len(mistakes.Lines) != 1 || !strings.HasPrefix(mistakes.Lines[0], test.want)):
			t.Errorf("%s=%s: %v\nwant one line: %s", test.name, test.value, err, test.want)
		}
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	var cfg config
	cfg.MinIO.SecretKey = "geheim"
	var out bytes.Buffer
	fmt.Fprint(&out, process.Redacted(&cfg))
	if text := out.String(); strings.Contains(text, "geheim") || !strings.Contains(text, "MINIO_SECRET_KEY=***") {
		t.Errorf("printed as:\n%s", text)
	}
}
