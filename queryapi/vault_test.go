package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func vaultConfig(b servertest.Bucket) minio.Config {
	return minio.Config{Endpoint: b.Endpoint, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Bucket: b.Name}
}

func newVault(t testing.TB, b servertest.Bucket) *minio.Store {
	t.Helper()
	store, err := minio.Connect(t.Context(), vaultConfig(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func upload(t testing.TB, store *minio.Store, key, content string) {
	t.Helper()
	err := store.Put(t.Context(), minio.Upload{
		Key: key, Content: strings.NewReader(content), Size: int64(len(content)),
		SHA256: sha256.Sum256([]byte(content)), Modified: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStorageAway(t *testing.T) {
	t.Parallel()
	server := servertest.MinIOChild(t)
	vault := newVault(t, server.Bucket)
	upload(t, vault, "pbx/stored.wav", voice)
	s := newSite(t, &fixed{calls: []call.Call{recorded(1, "local.wav"), recorded(2, "stored.wav"), recorded(3, "nowhere.wav")}}, vault, func(c *config) { c.QueryTimeout = 2 * time.Second })
	put(t, s.recordings, "local.wav", voice)
	token := tokenOf(t, "agent", 1)
	recording := func(id int) reply { return s.get(t, token, fmt.Sprintf("/api/v1/calls/%d/recording", id)) }

	away := func(how string) {
		t.Helper()
		if got := recording(1); got.body != voice {
			t.Errorf("%s: what is on the disk: %s %s", how, got.Status, got.body)
		}
		// Whether 3 is missing nobody can tell.
		for id := 2; id <= 3; id++ {
			got := recording(id)
			p := got.wantProblem(t, recordingsUnavailable)
			if got.Header.Get("Retry-After") == "" || strings.Contains(p.Detail, server.Endpoint) {
				t.Errorf("%s: %v %s", how, got.Header, got.body)
			}
		}
	}
	server.Signal(t, syscall.SIGSTOP)
	away("hanging")
	server.Signal(t, syscall.SIGCONT)
	server.Kill()
	away("killed")
	server.Restart(t)
	servertest.Eventually(t, time.Minute, func() bool { return recording(2).body == voice }, "the recording is played again")
	recording(3).wantProblem(t, recordingMissing)
	if log := s.log.String(); !strings.Contains(log, "recordings cannot be read") || !strings.Contains(log, "recordings can be read again") || strings.Contains(log, "stored.wav") {
		t.Errorf("the log lacks the trouble or names files:\n%s", log)
	}

	wrong := vaultConfig(server.Bucket)
	wrong.SecretKey = "not the secret key"
	denied, _, err := openVault(wrong)
	if err != nil {
		t.Fatal(err)
	}
	s = newSite(t, s.history, denied, nil)
	s.get(t, token, "/api/v1/calls/2/recording").wantProblem(t, recordingsUnavailable)
}
