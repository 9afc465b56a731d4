package minio

import (
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 120) + ".wav"
	for _, test := range []struct{ source, file, want string }{
		{"pbx", "20261121-022908-1795228148.63-919840012345.wav", "pbx/20261121-022908-1795228148.63-919840012345.wav"},
		{"pbx", "2026/11/21/a.wav", "pbx/a.wav"},
		{"pbx", "/mnt/zapis/2016/a b.WAV", "pbx/a b.WAV"},
		{"pbx2", `it's "q" %2F ?#&+;.wav`, `pbx2/it's "q" %2F ?#&+;.wav`},
		{"pbx", `C:\rec\a.wav`, `pbx/C:\rec\a.wav`},
		{"pbx", "..wav", "pbx/..wav"},
		{"pbx", long, "pbx/" + long},
		{"pbx", "../../other/a.wav", "pbx/a.wav"},
		{"pbx", "", ""},
		{"pbx", ".", ""},
		{"pbx", "..", ""},
		{"pbx", "2026/..", ""},
		{"pbx", "2026/", ""},
		{"pbx", "/", ""},
		{"pbx", "a\x00.wav", ""},
		{"pbx", "a\n.wav", ""},
		{"pbx", "a\u0085.wav", ""},
		{"pbx", "a\xff.wav", ""},
		{"pbx", strings.Repeat("a", 256), ""},
		{"", "a.wav", ""},
		{"..", "a.wav", ""},
		{"a/b", "a.wav", ""},
	} {
		if got := Key(test.source, test.file); got != test.want {
			t.Errorf("Key(%q, %q) = %q, want %q", test.source, test.file, got, test.want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.wav": "audio/wav", "a.WAV": "audio/wav", "a.mp3": "audio/mpeg", "a.gsm": "audio/x-gsm",
		"a.html": "application/octet-stream", "wav": "application/octet-stream", "": "application/octet-stream",
	} {
		if got := ContentType(name); got != want {
			t.Errorf("ContentType(%q) = %q, want %q", name, got, want)
		}
		if Audio(name) != (want != "application/octet-stream") {
			t.Errorf("Audio(%q) = %v", name, Audio(name))
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	good := Config{Endpoint: "127.0.0.1:9000", AccessKey: "a", SecretKey: "s", Bucket: "recordings"}
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string // empty: no complaint
	}{
		{"good", func(*Config) {}, ""},
		{"nowhere", func(c *Config) { *c = Config{Bucket: "recordings"} }, ""},
		{"url", func(c *Config) { c.Endpoint = "https://s3.example.com/" }, ""},
		{"name", func(c *Config) { c.Endpoint = "minio" }, ""},
		{"ipv6", func(c *Config) { c.Endpoint = "[::1]:9000" }, ""},
		{"path", func(c *Config) { c.Endpoint = "https://example.com/s3" }, "MINIO_ENDPOINT"},
		{"scheme", func(c *Config) { c.Endpoint = "s3://bucket" }, "MINIO_ENDPOINT"},
		{"port", func(c *Config) { c.Endpoint = "127.0.0.1:99999" }, "MINIO_ENDPOINT"},
		{"keys in it", func(c *Config) { c.Endpoint = "http://user:geheim@h:9000" }, "MINIO_ENDPOINT"},
		{"no access key", func(c *Config) { c.AccessKey = "" }, "MINIO_ACCESS_KEY"},
		{"no secret key", func(c *Config) { c.SecretKey = "" }, "MINIO_SECRET_KEY"},
		{"bucket", func(c *Config) { c.Bucket = "Recordings" }, "MINIO_BUCKET"},
	} {
		c := good
		test.change(&c)
		err := c.Validate()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want a complaint about %s", test.name, err, test.want)
		case err != nil && strings.Contains(err.Error(), "geheim"):
			t.Errorf("%s: the complaint shows the password: %v", test.name, err)
		}
	}
}
