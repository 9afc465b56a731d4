package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// voice has 20 bytes, as in the scenario that the ranges are taken from.
const voice = "RIFF0123456789abcdef"

// recorded is a call that names a recording.
func recorded(id uint64, file string) call.Call {
	c := talked(id, 1, int(id))
	c.Recordingfile = file
	return c
}

func put(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	vault := newVault(t, servertest.MinIO(t))
	upload(t, vault, "pbx/stored.wav", voice)
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "local.wav"), recorded(2, "stored.wav")}}, vault, nil)
	put(t, s.recordings, "local.wav", voice)

	for _, test := range []struct {
		ranges, body, contentRange string
		status                     int
	}{
		{"", voice, "", 200},
		{"bytes=0-2", "RIF", "bytes 0-2/20", 206},
		{"bytes=0-", voice, "bytes 0-19/20", 206},
		{"bytes=12-", "89abcdef", "bytes 12-19/20", 206},
		{"bytes=12-99", "89abcdef", "bytes 12-19/20", 206},
		{"bytes=-3", "def", "bytes 17-19/20", 206},
		{"bytes=-99", voice, "bytes 0-19/20", 206},
		{"bytes=50-", "", "bytes */20", 416},
		{"bytes=20-", "", "bytes */20", 416},
		// What is no single range of bytes is ignored.
		{"bytes=-0", voice, "", 200},
		{"bytes=0-1,4-5", voice, "", 200},
		{"bytes=x", voice, "", 200},
		{"seconds=1-2", voice, "", 200},
	} {
		for id := 1; id <= 2; id++ {
			var header []string
			if test.ranges != "" {
				header = []string{"Range", test.ranges}
			}
			got := s.get(t, tokenOf(t, "agent", 1), fmt.Sprintf("/api/v1/calls/%d/recording", id), header...)
			if got.StatusCode != test.status || got.Header.Get("Content-Range") != test.contentRange {
				t.Errorf("call %d, %q: %s, %q; want %d, %q", id, test.ranges, got.Status, got.Header.Get("Content-Range"), test.status, test.contentRange)
			}
			if test.status == http.StatusRequestedRangeNotSatisfiable {
				got.wantProblem(t, rangeUnsatisfiable)
				continue
			}
			disposition := map[int]string{200: "attachment", 206: "inline"}[test.status] + fmt.Sprintf(`; filename="call-%d.wav"`, id)
			for name, want := range map[string]string{
				"Content-Type": "audio/wav", "Content-Disposition": disposition, "Accept-Ranges": "bytes",
				"Content-Length": fmt.Sprint(len(test.body)), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			} {
				if got.Header.Get(name) != want {
					t.Errorf("call %d, %q: %s is %q, want %q", id, test.ranges, name, got.Header.Get(name), want)
				}
			}
			if got.body != test.body {
				t.Errorf("call %d, %q: %q, want %q", id, test.ranges, got.body, test.body)
			}
		}
	}

	for id := 1; id <= 2; id++ {
		path := fmt.Sprintf("/api/v1/calls/%d/recording", id)
		head := s.request(t, http.MethodHead, path+"?token="+tokenOf(t, "agent", 1))
		if head.StatusCode != http.StatusOK || head.ContentLength != 20 || head.body != "" || head.Header.Get("Content-Type") != "audio/wav" {
			t.Errorf("HEAD of %d: %s, %v", id, head.Status, head.Header)
		}
		// A player goes on only with the recording that it began with.
		tag := head.Header.Get("ETag")
		if got := s.get(t, tokenOf(t, "agent", 1), path, "Range", "bytes=12-", "If-Range", tag); got.StatusCode != http.StatusPartialContent {
			t.Errorf("going on with %s: %s", tag, got.Status)
		}
		if got := s.get(t, tokenOf(t, "agent", 1), path, "Range", "bytes=12-", "If-Range", `"other"`); got.StatusCode != http.StatusOK || got.body != voice {
			t.Errorf("going on with another recording: %s", got.Status)
		}
		if got := s.get(t, tokenOf(t, "agent", 1), path, "If-None-Match", tag); got.StatusCode != http.StatusOK {
			t.Errorf("a condition was heeded: %s", got.Status)
		}
	}
}

func TestWhereRecordingsAreFound(t *testing.T) {
	t.Parallel()
	vault := newVault(t, servertest.MinIO(t))
	calls := []call.Call{
		recorded(1, "flat.wav"), recorded(2, "20260412-173713-1-2.wav"), recorded(3, "/mnt/old/2016/05/03/old.WAV"),
		recorded(4, "night.mp3"), recorded(5, "both.wav"), recorded(6, "/any/where/moved.wav"), recorded(7, "empty.wav"),
		recorded(8, "odd.html"), recorded(9, "nowhere.wav"), recorded(10, "it's \"q\" %2F ü.wav"),
	}
	elsewhere := recorded(11, "flat.wav")
	elsewhere.Source = "pbx2"
	unanswered := recorded(12, "flat.wav")
	unanswered.Billsec = 0
	calls = append(calls, elsewhere, unanswered, recorded(13, ""))
	s := newSite(t, newStore(t, calls...), vault, func(c *config) { c.Source = "pbx" })
	for name, content := range map[string]string{
		"flat.wav": "1", "2026/04/12/20260412-173713-1-2.wav": "2", "2016/05/03/old.WAV": "3", "2026/04/13/night.mp3": "4",
		"both.wav": "5 on disk", "empty.wav": "", "odd.html": "<script>", "it's \"q\" %2F ü.wav": "10",
	} {
		put(t, s.recordings, name, content)
	}
	for key, content := range map[string]string{"pbx/both.wav": "5 stored", "pbx/moved.wav": "6", "pbx/empty.wav": "7", "pbx2/flat.wav": "11", "pbx/nowhere2.wav": "x"} {
		upload(t, vault, key, content)
	}
	for _, test := range []struct {
		id   int
		body string
		mime string
		code code
	}{
		{1, "1", "audio/wav", ""},
		{2, "2", "audio/wav", ""},
		{3, "3", "audio/wav", ""},
		{4, "4", "audio/mpeg", ""},
		{5, "5 on disk", "audio/wav", ""},
		{6, "6", "audio/wav", ""},
		{7, "7", "audio/wav", ""},
		{8, "<script>", "application/octet-stream", ""},
		{9, "", "", recordingMissing},
		{10, "10", "audio/wav", ""},
		{11, "11", "audio/wav", ""},
		{12, "", "", recordingNotFound},
		{13, "", "", recordingNotFound},
		{14, "", "", callNotFound},
	} {
		got := s.get(t, tokenOf(t, "supervisor", 1), fmt.Sprintf("/api/v1/calls/%d/recording", test.id))
		switch {
		case test.code != "":
			got.wantProblem(t, test.code)
			if strings.Contains(got.body, s.recordings) || strings.Contains(got.body, ".wav") {
				t.Errorf("call %d: a path is in the answer: %s", test.id, got.body)
			}
		case got.StatusCode != http.StatusOK || got.body != test.body || got.Header.Get("Content-Type") != test.mime:
			t.Errorf("call %d: %s, %s, %q; want %s, %q", test.id, got.Status, got.Header.Get("Content-Type"), got.body, test.mime, test.body)
		}
	}
}

func TestNothingOutsideOfTheDirectoryIsServed(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	put(t, outside, "secret.wav", "secret")
	calls := []call.Call{
		recorded(1, "../secret.wav"), recorded(2, filepath.Join(outside, "secret.wav")), recorded(3, "link.wav"), recorded(4, "relative.wav"),
		recorded(5, "directory.wav"), recorded(6, "pipe.wav"), recorded(7, "loop.wav"), recorded(8, "linkdir.wav"), recorded(9, "inside.wav"),
	}
	s := newSite(t, &fixed{calls: calls}, nil, func(c *config) { c.RecordingsDir = filepath.Join(outside, "monitor") })
	put(t, s.recordings, "kept/real.wav", "inside")
	for name, target := range map[string]string{
		"link.wav": filepath.Join(outside, "secret.wav"), "relative.wav": "../secret.wav", "loop.wav": "loop.wav",
		"2026": outside, "inside.wav": "kept/real.wav",
	} {
		if err := os.Symlink(target, filepath.Join(s.recordings, name)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, outside, "04/12/linkdir.wav", "secret")
	if err := os.Mkdir(filepath.Join(s.recordings, "directory.wav"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(s.recordings, "pipe.wav"), 0o600); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= 8; id++ {
		got := s.get(t, tokenOf(t, "agent", 1), fmt.Sprintf("/api/v1/calls/%d/recording", id))
		got.wantProblem(t, recordingMissing)
		if strings.Contains(got.body, "secret") {
			t.Errorf("call %d: %s", id, got.body)
		}
	}
	if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/9/recording"); got.body != "inside" {
		t.Errorf("a link within the directory: %s: %s", got.Status, got.body)
	}
}

func TestRecordingsWithoutADirectory(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", filepath.Join(t.TempDir(), "not", "yet")} {
		s := newSite(t, &fixed{calls: []call.Call{recorded(1, "a.wav")}}, nil, func(c *config) { c.RecordingsDir = dir })
		s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/1/recording").wantProblem(t, recordingMissing)
	}
	// What is no directory cannot tell what is missing.
	file := filepath.Join(t.TempDir(), "file")
	put(t, filepath.Dir(file), "file", "x")
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "a.wav")}}, nil, func(c *config) { c.RecordingsDir = file })
	s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/1/recording").wantProblem(t, recordingsUnavailable)
}

// A long recording is sent whole, piece by piece, and a listener who leaves early is not waited for.
func TestLongRecording(t *testing.T) {
	t.Parallel()
	vault := newVault(t, servertest.MinIO(t))
	long := strings.Repeat(voice, 150_000)
	upload(t, vault, "pbx/stored.wav", long)
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "local.wav"), recorded(2, "stored.wav")}}, vault, nil)
	put(t, s.recordings, "local.wav", long)
	for id := 1; id <= 2; id++ {
		path := fmt.Sprintf("/api/v1/calls/%d/recording?token=%s", id, tokenOf(t, "agent", 1))
		if got := s.request(t, http.MethodGet, path); got.body != long {
			t.Errorf("call %d: %s, %d bytes, want %d", id, got.Status, len(got.body), len(long))
		}
		if got := s.request(t, http.MethodGet, path, "Range", "bytes=2999990-"); got.body != long[2999990:] {
			t.Errorf("call %d: %s, %d bytes of the end", id, got.Status, len(got.body))
		}
		response, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
}

// A listener who takes nothing frees the connection and the file.
func TestListenerWhoTakesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "local.wav")}}, nil, nil)
	s.patience = 200 * time.Millisecond
	put(t, s.recordings, "local.wav", strings.Repeat(voice, 1_000_000)) // more than the buffers on the way hold
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1/calls/1/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", tokenOf(t, "agent", 1))
	servertest.Eventually(t, time.Minute, func() bool {
		return testutil.ToFloat64(s.metrics.requests.WithLabelValues("/api/v1/calls/{id}/recording", "200")) == 1
	}, "the request ends")
	if n, _ := io.Copy(io.Discard, conn); n >= 20_000_000 {
		t.Error("all of the recording was sent")
	}
}
