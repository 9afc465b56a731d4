package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	token := tokenOf(t, "admin", 1)
	for _, n := range []int{40_000, 1_000_000} {
		s.get(t, token, "/api/v1/calls?search="+strings.Repeat("x", n)).wantProblem(t, queryTooLong)
		s.get(t, token, "/api/v1/calls?"+strings.Repeat("a=1&", n/4)).wantProblem(t, queryTooLong)
		s.get(t, token, "/api/v1/calls/"+strings.Repeat("1", n)).wantProblem(t, queryTooLong)
	}
	s.get(t, token, "/api/v1/calls?"+strings.Repeat("a=1&", 3000)).wantProblem(t, parameterUnknown)
	s.get(t, token, "/api/v1/calls", "X-Padding", strings.Repeat("x", 40_000)).wantProblem(t, headersTooLong)
	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprintf("X-H%d", i), "12345678")
	}
	s.get(t, token, "/api/v1/calls", many...).wantProblem(t, headersTooLong)
	for kind, want := range map[string]code{
		"application/x-www-form-urlencoded": mediaTypeUnsupported, "text/plain": mediaTypeUnsupported, "application/json; charset": mediaTypeUnsupported,
		"multipart/form-data; boundary=x": mediaTypeUnsupported, "application/json": bodyMalformed, "application/json; charset=utf-8": bodyMalformed,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/calls/tags", strings.NewReader("{"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", kind)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		reply{response, string(body)}.wantProblem(t, want)
	}
}

// Whoever sends or takes a byte a second is cut off.
func TestSlowCallers(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: largeCalls(200)}, nil, func(c *config) { c.QueryTimeout, c.HTTPAddr = time.Second, "127.0.0.1:0" })
	s.patience = time.Second
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context())) // the subtests run on when this function returns
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx, config{HTTPAddr: "127.0.0.1:0", StopTimeout: time.Second}, func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	addr := addressIn(t, s.log)
	token := tokenOf(t, "admin", 1)
	head := "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	drip := func(t *testing.T, whole, slowly string) {
		t.Helper()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, whole)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for i := range 120 {
			if _, err := conn.Write([]byte{slowly[i%len(slowly)]}); err != nil {
				break
			}
			if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 1000)); n > 0 || errors.Is(err, io.EOF) {
				return
			}
			<-tick.C
			if i == 119 {
				t.Error("it is never cut off")
			}
		}
	}
	t.Run("headers", func(t *testing.T) {
		t.Parallel()
		drip(t, "GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nX-Slow: ", "x")
	})
	t.Run("body", func(t *testing.T) {
		t.Parallel()
		drip(t, "POST /api/v1/calls/tags HTTP/1.1\r\n"+head+"Content-Type: application/json\r\nContent-Length: 10000\r\n\r\n{", " ")
	})
	t.Run("answer", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /api/v1/calls?limit=200 HTTP/1.1\r\n"+head+"\r\n")
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for range 10 { // longer than all that an answer may take
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			<-tick.C
		}
		if rest, err := io.Copy(io.Discard, conn); err == nil && rest > 12<<20 {
			t.Errorf("all of it came: %d bytes", rest)
		}
	})
	// Past what is read at all, too, there is an answer.
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { fmt.Fprint(conn, "GET /?"+strings.Repeat("x", 4<<20)) }()
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 431 ") {
			t.Errorf("%q, %v", line, err)
		}
	})
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{talked(10, 1, 0)}, heads: nil}
	h := queued(t)
	far.heads = append(far.heads, h)
	s := newSite(t, far, nil, func(c *config) { c.MaskNumbers = []string{"agent"} })
	tags := map[string]string{}
	for _, path := range []string{"/api/v1/calls/10", "/api/v1/conversations/pbx:1775995633.41", "/openapi.yaml"} {
		for _, role := range []string{"agent", "admin"} {
			token := tokenOf(t, role, 1)
			first := s.get(t, token, path, "Accept-Encoding", "identity")
			tag := first.Header.Get("ETag")
			if first.StatusCode != http.StatusOK || len(tag) != 34 || first.Header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(strings.Join(first.Header.Values("Vary"), ","), "Authorization") {
				t.Fatalf("%s: %s %v", path, first.Status, first.Header)
			}
			zipped := s.get(t, token, path, "Accept-Encoding", "gzip")
			if got := zipped.Header.Get("ETag"); got != strings.TrimSuffix(tag, `"`)+`-gzip"` {
				t.Errorf("%s: compressed it has the tag %s", path, got)
			}
			for header, want := range map[string]int{
				tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, zipped.Header.Get("ETag"): 304, `"x"`: 200, "": 200, tag[1:]: 200,
			} {
				got := s.get(t, token, path, "If-None-Match", header)
				if got.StatusCode != want || want == 304 && (got.body != "" || got.Header.Get("ETag") != tag) {
					t.Errorf("%s, If-None-Match %s: %s %v", path, header, got.Status, got.Header)
				}
			}
			tags[path+role] = tag
		}
	}
	if tags["/api/v1/calls/10agent"] == tags["/api/v1/calls/10admin"] {
		t.Error("what is masked has the tag of what is not")
	}
	far.calls[0].Tags = append(far.calls[0].Tags, "vip")
	if got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/calls/10", "If-None-Match", tags["/api/v1/calls/10admin"]); got.StatusCode != http.StatusOK {
		t.Errorf("a call that changed: %s", got.Status)
	}
	s.get(t, tokenOf(t, "admin", 2), "/api/v1/calls/10", "If-None-Match", "*").wantProblem(t, callNotFound)
}

func TestSqueeze(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "a.wav"), talked(2, 1, 0)}}, nil, nil)
	put(t, s.recordings, "a.wav", strings.Repeat(voice, 1000))
	token := tokenOf(t, "agent", 1)
	for _, test := range []struct {
		path, accept string
		squeezed     bool
	}{
		{"/api/v1/calls", "gzip", true},
		{"/api/v1/calls", "br, gzip;q=0.5", true},
		{"/api/v1/calls", "gzip;q=0", false},
		{"/api/v1/calls", "br", false},
		{"/api/v1/calls", "identity", false},
		{"/api/v1/calls/999", "gzip", false},
		{"/api/v1/calls/1/recording", "gzip", false},
		{"/openapi.yaml", "gzip", true},
		{"/docs/swagger-ui.css", "gzip", true},
	} {
		plain := s.get(t, token, test.path, "Accept-Encoding", "identity")
		got := s.get(t, token, test.path, "Accept-Encoding", test.accept)
		if is := got.Header.Get("Content-Encoding") == "gzip"; is != test.squeezed {
			t.Errorf("%s, %s: %v", test.path, test.accept, got.Header)
			continue
		}
		body := got.body
		if test.squeezed {
			reader, err := gzip.NewReader(strings.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(reader)
			if err != nil || len(got.body) > len(plain.body)/2 {
				t.Errorf("%s: %v, %d bytes of %d", test.path, err, len(got.body), len(plain.body))
			}
			body = string(text)
		}
		if body != plain.body && got.StatusCode == http.StatusOK {
			t.Errorf("%s, %s: %d bytes, want %d", test.path, test.accept, len(body), len(plain.body))
		}
	}
}
