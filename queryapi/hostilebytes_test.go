package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// What no client library sends, to the server as it is in production: it refuses, or cuts off, and goes on.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{missed(1, 1)}}, nil, nil)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- s.serve(ctx, config{HTTPAddr: "127.0.0.1:0", StopTimeout: time.Second}, func() {})
	}()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	addr, token := addressIn(t, s.log), tokenOf(t, "admin", 1)
	const list = "GET /api/v1/calls HTTP/1.1\r\n"
	head := "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	good := list + head + "Connection: close\r\n\r\n"
	long := strings.Repeat("x", 1<<20)
	for name, bytes := range map[string]string{
		"a long query":           "GET /api/v1/calls?search=" + long + " HTTP/1.1\r\n" + head + "\r\n",
		"many parameters":        "GET /api/v1/calls?" + strings.Repeat("limit=1&", 1<<17) + " HTTP/1.1\r\n" + head + "\r\n",
		"a long path":            "GET /api/v1/calls/" + long + " HTTP/1.1\r\n" + head + "\r\n",
		"a long header":          list + head + "X-Long: " + long + "\r\n\r\n",
		"a long token":           list + "Host: x\r\nAuthorization: Bearer " + long + "\r\n\r\n",
		"many headers":           list + head + strings.Repeat("X-A: b\r\n", 1<<17) + "\r\n",
		"a long method":          long + " /api/v1/calls HTTP/1.1\r\n" + head + "\r\n",
		"a long version":         "GET /api/v1/calls HTTP/" + long + "\r\n" + head + "\r\n",
		"no host":                list + "\r\n",
		"two hosts":              list + "Host: a\r\n" + head + "\r\n",
		"a control character":    "GET /api/v1/calls?search=\x01 HTTP/1.1\r\n" + head + "\r\n",
		"NUL in the path":        "GET /api/v1/calls/\x00 HTTP/1.1\r\n" + head + "\r\n",
		"a space in the query":   "GET /api/v1/calls?search=a b HTTP/1.1\r\n" + head + "\r\n",
		"bad escapes":            "GET /api/v1/calls/%zz HTTP/1.1\r\n" + head + "\r\n",
		"a bare line feed":       list + head + "X-A: b\nX-B: c\r\n\r\n",
		"NUL in a header":        list + head + "X-A: \x00\r\n\r\n",
		"a folded header":        list + head + "X-A: b\r\n c\r\n\r\n",
		"another protocol":       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"a preface of HTTP/2":    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/0.9":               "GET /api/v1/calls\r\n",
		"HTTP/3.7":               "GET /api/v1/calls HTTP/3.7\r\n" + head + "\r\n",
		"two lengths":            "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}xxx",
		"a length below 0":       "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Content-Length: -1\r\n\r\n{}",
		"length and chunks":      "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks of no size":      "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
		"a chunk beyond memory":  "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{",
		"an unknown encoding":    "POST /api/v1/calls/tags HTTP/1.1\r\n" + head + "Transfer-Encoding: gzip\r\n\r\n{}",
		"an absolute address":    "GET http://elsewhere.example/api/v1/calls/2 HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"a proxy's request":      "CONNECT elsewhere.example:443 HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"options of all":         "OPTIONS * HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"a way out of the path":  "GET /api/v1/../../../etc/passwd HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"an escaped way out":     "GET /docs/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"a doubly escaped way":   "GET /docs/..%252f..%252fetc/passwd HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n",
		"an upgrade":             list + head + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"half a request, and go": list + "Host: x",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			go func() {
				_, _ = io.WriteString(conn, bytes) // it may be cut off halfway
				if name == "half a request, and go" || name == "HTTP/0.9" || name == "another protocol" {
					_ = conn.(*net.TCPConn).CloseWrite()
				}
			}()
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return // cut off
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			var p problemDocument
			isProblem := json.Unmarshal(body, &p) == nil && p.Code != ""
			switch status := response.StatusCode; {
			case name == "an upgrade" || name == "a bare line feed" || name == "a folded header":
				if status != http.StatusOK && status != http.StatusBadRequest {
					t.Errorf("%s: %s", response.Status, body)
				}
			case name == "options of all":
			case status < 400 || len(body) > 4000 || internal.Match(body), strings.HasPrefix(p.Title, "Internal"):
				t.Errorf("%s: %s", response.Status, clippedTo(string(body), 500))
			case isProblem && problems[p.Code].status != status:
				t.Errorf("%s: %s", response.Status, body)
			}
			if status, text := fetch(t, "http://"+addr+"/openapi.yaml"); status != http.StatusOK || len(text) < 1000 {
				t.Errorf("afterwards: %d", status)
			}
		})
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, good)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		t.Errorf("in the end: %v, %.100s", err, answer)
	}
	if log := s.log.String(); strings.Contains(log, "panicked") || strings.Contains(log, "request failed") {
		t.Errorf("a mistake of ours: %s", log)
	}
}
