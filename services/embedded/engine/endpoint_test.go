package engine

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// ask sends a plain HTTP request and gives the status, the body and the header.
func ask(t *testing.T, method, path string, body io.Reader, login func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if login != nil {
		login(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

func basic(r *http.Request) { r.SetBasicAuth("default", password) }

func TestLogin(t *testing.T) {
	t.Parallel()
	if status, text, _ := ask(t, "GET", "/ping", nil, nil); status != 200 || text != "Ok.\n" {
		t.Errorf("ping: %d %q", status, text)
	}
	for name, login := range map[string]func(*http.Request){
		"basic": basic,
		"headers": func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", "default")
			r.Header.Set("X-ClickHouse-Key", password)
		},
		"url": func(r *http.Request) {
			q := r.URL.Query()
			q.Set("user", "default")
			q.Set("password", password)
			r.URL.RawQuery = q.Encode()
		},
	} {
		if status, text, _ := ask(t, "GET", "/?query=SELECT+1", nil, login); status != 200 || text != "1\n" {
			t.Errorf("%s: %d %q", name, status, text)
		}
	}
	for name, login := range map[string]func(*http.Request){
		"nobody":         nil,
		"wrong password": func(r *http.Request) { r.SetBasicAuth("default", password+"x") },
		"no password":    func(r *http.Request) { r.SetBasicAuth("default", "") },
		"wrong user":     func(r *http.Request) { r.SetBasicAuth("x", password) },
		"wrong header":   func(r *http.Request) { basic(r); r.Header.Set("X-ClickHouse-User", "default") },
	} {
		status, text, header := ask(t, "GET", "/?query=SELECT+1", nil, login)
		if status != 403 || header.Get("X-ClickHouse-Exception-Code") != "516" || !strings.HasPrefix(text, "Code: 516. DB::Exception: ") {
			t.Errorf("%s: %d %q", name, status, text)
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	status, text, header := ask(t, "POST", "/?database=system&query_id=mine", strings.NewReader("SELECT currentDatabase(), number FROM numbers(3) FORMAT CSV"), basic)
	if status != 200 || text != "\"system\",0\n\"system\",1\n\"system\",2\n" {
		t.Errorf("%d %q", status, text)
	}
	if header.Get("X-ClickHouse-Query-Id") != "mine" || !strings.Contains(header.Get("X-ClickHouse-Summary"), `"read_rows":"3"`) {
		t.Errorf("header: %v", header)
	}
	for path, want := range map[string]int{
		"/?session_id=x":               501,
		"/?query=SELECT+*+FROM+nosuch": 404,
		"/?nosuch=1":                   404,
		"/?a%3Db=1":                    404,
		"/?database=nosuch":            404,
	} {
		body := "SELECT 1"
		if strings.Contains(path, "query=") {
			body = ""
		}
		if status, text, _ := ask(t, "POST", path, strings.NewReader(body), basic); status != want || !strings.HasPrefix(text, "Code: ") {
			t.Errorf("%s: %d %q, want %d", path, status, text, want)
		}
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s")
	database := one[string](t, conn, "SELECT currentDatabase()")
	insert := "/?database=" + database + "&query=INSERT+INTO+t+FORMAT+RawBLOB"
	under := bytes.Repeat([]byte("x"), 64<<20)
	if status, text, header := ask(t, "POST", insert, bytes.NewReader(under), basic); status != 200 || !strings.Contains(header.Get("X-ClickHouse-Summary"), `"written_rows":"1"`) {
		t.Errorf("as large as allowed: %d %q %v", status, text, header)
	}
	if status, _, header := ask(t, "POST", insert, bytes.NewReader(append(under, 'x')), basic); status != 413 || header.Get("X-ClickHouse-Exception-Code") != "307" {
		t.Errorf("one byte too large: %d", status)
	}
	for name, change := range map[string]func(*http.Request){
		"not gzip":   func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") },
		"brotli":     func(r *http.Request) { r.Header.Set("Content-Encoding", "br") },
		"not blocks": func(r *http.Request) { r.URL.RawQuery += "&decompress=1" },
		"multipart":  func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") },
	} {
		status, text, _ := ask(t, "POST", insert, strings.NewReader(strings.Repeat("abc", 50)), func(r *http.Request) { basic(r); change(r) })
		if status < 400 || !strings.HasPrefix(text, "Code: ") {
			t.Errorf("%s: %d %q", name, status, text)
		}
	}
	native := strings.Replace(insert, "RawBLOB", "Native", 1)
	for _, rows := range []string{"\x01\x05\x01s\x06String\x03abc", "\x01\x01\x01s\x06Strang\x03abc", "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\x7f", "GARBAGE"} {
		if status, text, _ := ask(t, "POST", native, strings.NewReader(rows), basic); status < 400 || !strings.HasPrefix(text, "Code: ") {
			t.Errorf("%q as rows: %d %q", rows, status, text)
		}
	}
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := shared.Serve(t.Context(), listener); err == nil {
		t.Error("served on all addresses")
	}
}

func TestOneEngine(t *testing.T) {
	t.Parallel()
	if _, err := Open(Config{DataDir: t.TempDir(), Password: password}); !errors.Is(err, ErrOpened) {
		t.Errorf("a second engine: %v", err)
	}
	if _, err := Open(Config{DataDir: t.TempDir()}); err == nil || errors.Is(err, ErrOpened) {
		t.Errorf("without a password: %v", err)
	}
}

// TestPanics: the library leaves Go's signal handlers alone, by which a nil pointer becomes a panic.
func TestPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var nothing *Config
	nothing.User = "x" //nolint:staticcheck // that is the test
}
