package e2e

import (
	little "encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// An erasure is killed between its steps: noted and nothing removed, everything removed and not noted. Nobody hears the
// recording from the first moment on, it is not called erased before it is, and the same request finishes it, or the API by
// itself. Nothing that the house does by itself or is told to do brings it back.
func TestErasureKilledBetweenSteps(t *testing.T) {
	for _, point := range []string{"queryapi.wanted", "queryapi.removed"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).withMinIO()
			h.exec(cdrTable)
			dir := filepath.Join(h.dir, "monitor")
			file := filepath.Join(dir, "rec-10.wav")
			writeWAV(t, file)
			mark := filepath.Join(h.dir, "mark")
			h.start("enricher")
			h.start("poller")
			h.start("queryapi", "RECORDINGS_DIR="+dir, "DRILL_KILL_AT="+point, "DRILL_MARK="+mark)
			h.start("archiver", "RECORDINGS_DIR="+dir, "ARCHIVE_EVERY=1s", "SETTLE=1s")
			g := generator{orgs: 1, start: time.Now().Add(-48 * time.Hour)}
			if err := g.insert(t.Context(), h.db, 0, 20); err != nil {
				t.Fatal(err)
			}
			admin := h.token("admin", 1)
			h.awaitWithin(admin, 20, time.Minute)
			moved := func() float64 { return h.metric("archiver", "archiver_recordings_total", `outcome="moved"`) }
			servertest.Eventually(t, time.Minute, func() bool { return moved() == 1 }, "the recording is archived")

			if status := h.erase(11, admin); status != 0 {
				t.Fatalf("the erasure was answered with %d", status)
			}
			if _, err := os.Stat(mark); err != nil {
				t.Fatalf("queryapi died elsewhere: %v\n%s", err, h.stages["queryapi"].Tail())
			}
			if _, err := os.Stat(file); (err == nil) != (point == "queryapi.wanted") {
				t.Errorf("the file after %s: %v", point, err)
			}
			h.restart("queryapi")
			servertest.Eventually(t, time.Minute, func() bool { return h.recordingState(11, admin) == "erasing" }, "the erasure is under way")
			var problem struct{ Code string }
			if status, err := h.get("/api/v1/calls/11/recording", admin, &problem); status != http.StatusGone || problem.Code != "recording_erased" {
				t.Errorf("the recording is answered with %d %s, %v", status, problem.Code, err)
			}
			if point == "queryapi.wanted" {
				servertest.Eventually(t, 3*time.Minute, func() bool { return h.recordingState(11, admin) == "erased" }, "the API finishes it by itself")
			} else if status := h.erase(11, admin); status != http.StatusNoContent {
				t.Fatalf("the erasure was answered with %d", status)
			}
			erased := func(how string) {
				t.Helper()
				if got := h.recordingState(11, admin); got != "erased" {
					t.Errorf("%s: the call shows %s", how, got)
				}
				if _, err := os.Stat(file); !os.IsNotExist(err) {
					t.Errorf("%s: the file is there: %v", how, err)
				}
				if n := moved(); n != 1 {
					t.Errorf("%s: %v recordings were archived", how, n)
				}
			}
			erased("when it is done")
			h.run("regenerate", "--from", "1970-01-01")
			erased("understood anew")
			h.run("delete", "--newer-than", "30d", "--yes")
			h.run("generate", "-d", "30")
			h.awaitWithin(admin, 20, time.Minute)
			erased("brought back")
			writeWAV(t, file) // from a backup, for instance
			gone := func() bool { _, err := os.Stat(file); return os.IsNotExist(err) }
			servertest.Eventually(t, time.Minute, gone, "the archiver removes the file")
			erased("in the end")
			if got := h.recordingState(1, admin); got != "rec-0.wav" {
				t.Errorf("another call shows %s", got)
			}
		})
	}
}

// erase the recording of a call; 0 where there is no answer.
func (h *house) erase(id int, token string) int {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodDelete, fmt.Sprintf("http://%s/api/v1/calls/%d/recording", h.api, id), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// recordingState is what a call shows of its recording: its state, or the name of the file.
func (h *house) recordingState(id int, token string) string {
	h.t.Helper()
	var c struct {
		State *string `json:"recording_state"`
		File  *string `json:"recordingfile"`
		URL   *string `json:"recording_url"`
	}
	status, err := h.get(fmt.Sprintf("/api/v1/calls/%d", id), token, &c)
	switch {
	case err != nil || status != http.StatusOK:
		return fmt.Sprint(status, err)
	case c.State != nil && (c.File != nil || c.URL != nil):
		return *c.State + " and a reference"
	case c.State != nil:
		return *c.State
	case c.File == nil:
		return "none"
	}
	return *c.File
}

// writeWAV writes a second of a finished recording.
func writeWAV(t testing.TB, path string) {
	t.Helper()
	const bytes = 16_000
	b := little.LittleEndian.AppendUint32([]byte("RIFF"), 36+bytes)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = little.LittleEndian.AppendUint32(b, 8000)
	b = little.LittleEndian.AppendUint32(b, 16_000)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = little.LittleEndian.AppendUint32(b, bytes)
	b = append(b, make([]byte, bytes)...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}
