package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// erase asks for the erasure of a call's recording.
func (s *site) erase(t testing.TB, token string, id uint64) reply {
	t.Helper()
	return s.send(t, token, http.MethodDelete, fmt.Sprintf("/api/v1/calls/%d/recording", id), "")
}

func (s *site) listen(t testing.TB, token string, id uint64) reply {
	t.Helper()
	return s.get(t, token, fmt.Sprintf("/api/v1/calls/%d/recording", id))
}

// state tells what a call shows of its recording.
func (s *site) state(t testing.TB, token string, id uint64) string {
	t.Helper()
	var c struct {
		URL   *string `json:"recording_url"`
		File  *string `json:"recordingfile"`
		State *string `json:"recording_state"`
	}
	got := s.get(t, token, fmt.Sprintf("/api/v1/calls/%d", id))
	if err := json.Unmarshal([]byte(got.body), &c); err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", got.Status, got.body)
	}
	if named := c.File != nil && *c.File != ""; named != (c.URL != nil) {
		t.Errorf("call %d shows half of a reference: %s", id, got.body)
	}
	switch {
	case c.State != nil && c.URL != nil:
		t.Errorf("call %d is %s and shows %s", id, *c.State, *c.URL)
	case c.State != nil:
		return *c.State
	case c.File != nil:
		return *c.File
	}
	return "none"
}

// whole is a conversation of calls of one organisation.
func whole(calls ...call.Call) []call.Call {
	d := call.Detail{}
	for i := range calls {
		c := &calls[i]
		c.Linkedid, c.Uniqueid = fmt.Sprintf("9.%d", calls[0].ID), fmt.Sprintf("9.%d", c.ID)
		d.Legs = append(d.Legs, call.Leg{ID: c.ID, Kind: call.LegDial})
		if c.Recordingfile != "" && (i == 0 || calls[i-1].Recordingfile != c.Recordingfile) {
			d.Recordings = append(d.Recordings, call.Recording{CallID: c.ID, File: c.Recordingfile})
		}
	}
	calls[0].Conversation = call.NoConversation
	calls[0].Conversation.Legs, calls[0].Conversation.Detail = int64(len(calls)), string(d.AppendJSON(nil))
	return calls
}

func TestErasure(t *testing.T) {
	t.Parallel()
	vault := newVault(t, servertest.MinIO(t))
	of := func(c call.Call, org uint32) call.Call {
		c.OrgID = org
		return c
	}
	calls := append(whole(recorded(1, "a.wav"), recorded(2, "a.wav"), recorded(3, "b.wav")), whole(recorded(4, "/mnt/2016/05/03/c.wav"))...)
	calls = append(calls, whole(of(recorded(5, "a.wav"), 2))...)
	calls = append(calls, whole(recorded(6, ""))...)
	calls = append(calls, whole(recorded(7, "d.wav"))...)
	calls = append(calls, whole(recorded(8, "e.wav"))...)
	store := newStore(t, calls...)
	s := newSite(t, store, vault, nil)
	put(t, s.recordings, "a.wav", voice)
	put(t, s.recordings, "2026/04/12/a.wav", voice)
	put(t, s.recordings, "b.wav", voice)
	put(t, s.recordings, "2016/05/03/c.wav", voice)
	put(t, s.recordings, "d.wav", voice)
	put(t, s.recordings, "kept.wav", voice)
	if err := os.Symlink("kept.wav", filepath.Join(s.recordings, "e.wav")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"pbx/a.wav", "pbx/c.wav", "pbx/a.wav2"} {
		upload(t, vault, key, voice)
	}
	agent, admin := tokenOf(t, "agent", 1), sign(t, jwt.MapClaims{"role": "admin", "sub": "zoe"})

	for _, role := range []string{"agent", "supervisor"} {
		s.erase(t, tokenOf(t, role, 1), 1).wantProblem(t, scopeInsufficient)
	}
	s.erase(t, tokenOf(t, "admin", 2, 3), 1).wantProblem(t, callNotFound)
	s.erase(t, admin, 5).wantProblem(t, callNotFound)
	s.erase(t, admin, 99).wantProblem(t, callNotFound)
	s.erase(t, admin, 6).wantProblem(t, recordingNotFound)
	if got := s.listen(t, agent, 1); got.body != voice {
		t.Fatalf("before: %s", got.body)
	}

	for range 2 { // it can be asked for again
		if got := s.erase(t, admin, 1); got.StatusCode != http.StatusNoContent || got.body != "" {
			t.Fatalf("%s %s", got.Status, got.body)
		}
	}
	for id, want := range map[uint64]string{1: "erased", 2: "erased", 3: "b.wav", 4: "/mnt/2016/05/03/c.wav", 6: "", 7: "d.wav"} {
		if got := s.state(t, agent, id); got != want {
			t.Errorf("call %d shows %s, want %s", id, got, want)
		}
	}
	for id := uint64(1); id <= 2; id++ {
		s.listen(t, agent, id).wantProblem(t, recordingErased)
		s.erase(t, admin, id) // also by another of its calls
	}
	// The other organisation keeps the name, and the file is gone all the same.
	if got := s.state(t, tokenOf(t, "agent", 2), 5); got != "a.wav" {
		t.Errorf("the other's call shows %s", got)
	}
	s.listen(t, tokenOf(t, "agent", 2), 5).wantProblem(t, recordingMissing)
	conversation := s.get(t, agent, "/api/v1/conversations/pbx:9.1").body
	list := s.get(t, agent, "/api/v1/conversations").body + s.get(t, agent, "/api/v1/calls").body
	if strings.Contains(conversation+list, "a.wav") || !strings.Contains(conversation, `"recordings":[{"call_id":3,"file":"b.wav"`) {
		t.Errorf("a reference is left: %s\n%s", conversation, list)
	}
	if got := s.erase(t, admin, 4); got.StatusCode != http.StatusNoContent {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if got := s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings", `{"ids":[7,8,6,7]}`); got.StatusCode != http.StatusNoContent {
		t.Errorf("%s %s", got.Status, got.body)
	}
	left := onDisk(t, s.recordings)
	if left != "b.wav" {
		t.Errorf("on the disk is left %s", left)
	}
	for _, key := range []string{"pbx/a.wav", "pbx/c.wav"} {
		if _, err := vault.Stat(t.Context(), key); !errors.Is(err, minio.ErrNotFound) {
			t.Errorf("%s is in the storage: %v", key, err)
		}
		if erased, err := vault.Erased(t.Context(), key); !erased || err != nil {
			t.Errorf("%s is not remembered: %v", key, err)
		}
	}
	if _, err := vault.Stat(t.Context(), "pbx/a.wav2"); err != nil {
		t.Errorf("another recording: %v", err)
	}
	page := s.get(t, admin, "/api/v1/audit?action=recording_erase&subject=zoe")
	if got := page.audit(t); got.Pagination.Total != 6 || *got.Data[5].Object != "1" || fmt.Sprint(got.Data[5].Detail) != "map[ids:[1 2]]" ||
		got.Data[0].Object != nil || fmt.Sprint(got.Data[0].Detail) != "map[ids:[7 8]]" || strings.Contains(page.body, ".wav") {
		t.Errorf("audited is %s", page.body)
	}
}

// onDisk lists the files below a directory.
func onDisk(t testing.TB, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// One id that is not the token's, and nothing is erased.
func TestErasingSeveralIsAllOrNothing(t *testing.T) {
	t.Parallel()
	other := recorded(3, "c.wav")
	other.OrgID = 2
	far := &fixed{calls: []call.Call{recorded(1, "a.wav"), recorded(2, "b.wav"), other}}
	s := newSite(t, far, nil, nil)
	for _, name := range []string{"a.wav", "b.wav", "c.wav"} {
		put(t, s.recordings, name, voice)
	}
	admin := tokenOf(t, "admin", 1)
	for body, want := range map[string]code{
		`{"ids":[1,3]}`: callNotFound, `{"ids":[1,4]}`: callNotFound, `{}`: parameterInvalid, `{"ids":[]}`: parameterInvalid, `{"ids":["1"]}`: parameterInvalid,
		`{"id":1}`: bodyMalformed, `{"ids":[4],"IDS":[1]}`: bodyMalformed, `{"ids":[4],"ids":[1]}`: bodyMalformed, ``: bodyMalformed, `{"ids":[0]}`: parameterInvalid, strings.Repeat(" ", longestBody+1): bodyTooLong,
		`{"ids":` + strings.ReplaceAll(fmt.Sprint(upTo(101)), " ", ",") + `}`: parameterInvalid,
	} {
		p := s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings", body).wantProblem(t, want)
		if want == callNotFound && !strings.Contains(p.Detail, "the id "+body[len(body)-3:len(body)-2]+";") {
			t.Errorf("%s: %s", body, p.Detail)
		}
	}
	s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings?force=1", `{"ids":[1]}`).wantProblem(t, parameterUnknown)
	s.send(t, admin, http.MethodDelete, "/api/v1/calls/1/recording?token="+admin, "").wantProblem(t, parameterUnknown)
	s.send(t, tokenOf(t, "supervisor", 1), http.MethodDelete, "/api/v1/calls/recordings", `{"ids":[1]}`).wantProblem(t, scopeInsufficient)
	if got := onDisk(t, s.recordings); got != "a.wav b.wav c.wav" || len(far.saved)+len(far.written()) != 0 {
		t.Errorf("left are %s, noted %v, %v", got, far.saved, far.written())
	}
	if got := s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings", `{"ids":[1,2]}`); got.StatusCode != http.StatusNoContent {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if got := onDisk(t, s.recordings); got != "c.wav" {
		t.Errorf("left are %s", got)
	}
}

// unfinished is what operators are told of erasures.
func (s *site) unfinished() float64 { return testutil.ToFloat64(s.metrics.unfinished) }

func upTo(n int) (ids []int) {
	for i := range n {
		ids = append(ids, i+1)
	}
	return ids
}

// While MinIO is away an erasure is noted and not done; sent again it is finished, and without that by itself.
func TestErasureWithoutTheStorage(t *testing.T) {
	t.Parallel()
	server := servertest.MinIOChild(t)
	vault := newVault(t, server.Bucket)
	upload(t, vault, "pbx/a.wav", voice)
	upload(t, vault, "pbx/b.wav", voice)
	store := newStore(t, append(whole(recorded(1, "a.wav")), whole(recorded(2, "b.wav"))...)...)
	s := newSite(t, store, vault, func(c *config) { c.QueryTimeout = 5 * time.Second })
	put(t, s.recordings, "b.wav", voice)
	admin := tokenOf(t, "admin", 1)
	server.Signal(t, syscall.SIGSTOP)
	for id := uint64(1); id <= 2; id++ {
		got := s.erase(t, admin, id)
		p := got.wantProblem(t, erasureIncomplete)
		if got.Header.Get("Retry-After") == "" || strings.Contains(p.Detail, server.Endpoint) || strings.Contains(p.Detail, ".wav") {
			t.Errorf("%v %s", got.Header, got.body)
		}
		if got := s.state(t, admin, id); got != "erasing" {
			t.Errorf("call %d shows %s", id, got)
		}
		s.listen(t, admin, id).wantProblem(t, recordingErased)
	}
	if got := onDisk(t, s.recordings); got != "" {
		t.Errorf("what can be removed is left: %s", got)
	}
	server.Signal(t, syscall.SIGCONT)
	server.Kill()
	s.erase(t, admin, 1).wantProblem(t, erasureIncomplete)
	server.Restart(t)
	servertest.Eventually(t, time.Minute, func() bool { return s.erase(t, admin, 1).StatusCode == http.StatusNoContent }, "the erasure is finished")
	if got := s.state(t, admin, 2); got != "erasing" {
		t.Errorf("call 2 shows %s", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	var follower sync.WaitGroup
	follower.Go(func() { s.followErasures(ctx, 10*time.Millisecond) })
	servertest.Eventually(t, time.Minute, func() bool { return s.state(t, admin, 2) == "erased" }, "the other is finished by itself")
	stop()
	follower.Wait()
	if got := s.state(t, admin, 1); got != "erased" {
		t.Errorf("call 1 shows %s", got)
	}
	for _, key := range []string{"pbx/a.wav", "pbx/b.wav"} {
		if _, err := vault.Stat(t.Context(), key); !errors.Is(err, minio.ErrNotFound) {
			t.Errorf("%s is in the storage: %v", key, err)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "recordings cannot be erased") || !strings.Contains(log, "recordings can be erased again") || strings.Contains(log, "a.wav") {
		t.Errorf("the log lacks the trouble or names files:\n%s", log)
	}
}

// Cut off at any step, an erasure is finished by asking once more, and is never called done before.
func TestErasureThatIsCutOff(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{recorded(1, "a.wav")}}
	s := newSite(t, far, nil, nil)
	put(t, s.recordings, "a.wav", voice)
	admin := tokenOf(t, "admin", 1)
	try := func(want code, left string, noted string) {
		t.Helper()
		s.erase(t, admin, 1).wantProblem(t, want)
		if got := onDisk(t, s.recordings); got != left {
			t.Errorf("left is %q, want %q", got, left)
		}
		state := ""
		for _, e := range far.saved {
			state += fmt.Sprintf("%d %v", e.ID, e.Done)
		}
		if state != noted {
			t.Errorf("noted is %q, want %q", state, noted)
		}
	}
	far.refuses = errors.New("no disk")
	try(auditUnavailable, "a.wav", "")
	far.refuses, far.stops = nil, func(bool) error { return clickhouse.ErrAway }
	try(historyUnavailable, "a.wav", "")
	far.stops = func(done bool) error {
		if done {
			return clickhouse.ErrAway
		}
		return nil
	}
	try(historyUnavailable, "", "1 false")
	s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings", `{"ids":[1]}`).wantProblem(t, historyUnavailable)
	far.before = func(context.Context) { panic("secret") }
	s.send(t, admin, http.MethodDelete, "/api/v1/calls/recordings", `{"ids":[1]}`).wantProblem(t, internalError)
	try(internalError, "", "1 false")
	far.before = nil
	if err := s.finishErasures(t.Context(), time.Now()); !errors.Is(err, clickhouse.ErrAway) || far.saved[0].Done || s.unfinished() != 1 {
		t.Errorf("nobody can finish it: %v, %v, %v left", err, far.saved, s.unfinished())
	}
	far.stops = nil
	if got := s.erase(t, admin, 1); got.StatusCode != http.StatusNoContent || !far.saved[0].Done {
		t.Errorf("%s %s, %v", got.Status, got.body, far.saved)
	}
}

// A disk that does not let go of the file is named as what an operator must mend.
func TestErasureOnAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{recorded(1, "status"), recorded(2, "nowhere")}}
	s := newSite(t, far, nil, func(c *config) { c.RecordingsDir = fmt.Sprint("/proc/", os.Getpid()) }) // not even root may remove anything there
	p := s.erase(t, tokenOf(t, "admin", 1), 1).wantProblem(t, erasureIncomplete)
	if !strings.Contains(p.Detail, "RECORDINGS_DIR") || strings.Contains(p.Detail, "status") || strings.Contains(p.Detail, "/proc") {
		t.Error(p.Detail)
	}
	if len(far.saved) != 1 || far.saved[0].Done {
		t.Errorf("noted is %v", far.saved)
	}
	if got := s.erase(t, tokenOf(t, "admin", 1), 2); got.StatusCode != http.StatusNoContent {
		t.Errorf("a file that is not there: %s", got.body)
	}
	elsewhere := newSite(t, far, nil, func(c *config) { c.RecordingsDir = filepath.Join(t.TempDir(), "none") })
	if err := elsewhere.finishErasures(t.Context(), time.Now()); err != nil || far.saved[0].Done {
		t.Errorf("who sees no recordings finished it: %v, %v", err, far.saved)
	}
	// One that cannot be finished does not hold up the others.
	far.saved[1].Done = false
	err := s.finishErasures(t.Context(), time.Now())
	if !errors.Is(err, errReadOnly) || strings.Contains(err.Error(), "/proc") || far.saved[0].Done || !far.saved[1].Done || s.unfinished() != 1 {
		t.Errorf("%v, %v, %v left", err, far.saved, s.unfinished())
	}
}

// Nothing outside of the directory is removed, whatever a row or a link says; and nothing that is no file.
func TestErasureStaysWithinTheDirectory(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	put(t, outside, "secret.wav", "secret")
	dir := filepath.Join(outside, "monitor")
	put(t, dir, "kept.wav", voice)
	for name, target := range map[string]string{
		"link.wav": filepath.Join(outside, "secret.wav"), "relative.wav": "../secret.wav", "loop.wav": "loop.wav", "2026": outside,
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, outside, "04/12/away.wav", "secret")
	if err := os.Mkdir(filepath.Join(dir, "directory.wav"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := recorded(1, "")
	for _, file := range []string{"../secret.wav", outside + "/secret.wav", "link.wav", "relative.wav", "loop.wav", "away.wav", "directory.wav", "..", ".", ""} {
		c.Recordingfile = file
		if err := eraseFiles(dir, recordingPaths(&c)); err != nil && strings.Contains(err.Error(), "/") {
			t.Errorf("%s: %v names a path", file, err)
		}
	}
	for _, name := range []string{"secret.wav", "04/12/away.wav", "monitor/kept.wav", "monitor/directory.wav"} {
		if _, err := os.Stat(filepath.Join(outside, name)); err != nil {
			t.Error(err)
		}
	}
	if err := eraseFiles(filepath.Join(outside, "never"), []string{"a"}); err != nil {
		t.Errorf("a directory that does not exist: %v", err)
	}
	if err := eraseFiles(filepath.Join(outside, "secret.wav"), []string{"a"}); err == nil {
		t.Error("what is no directory cannot be looked into")
	}
}
