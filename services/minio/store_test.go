package minio_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func config(b servertest.Bucket) minio.Config {
	return minio.Config{Endpoint: b.Endpoint, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Bucket: b.Name}
}

func connect(t *testing.T, cfg minio.Config) *minio.Store {
	t.Helper()
	store, err := minio.Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func upload(key string, content []byte) minio.Upload {
	return minio.Upload{
		Key: key, Content: bytes.NewReader(content), Size: int64(len(content)), SHA256: sha256.Sum256(content),
		Origin: "2026/11/21", Modified: time.Date(2026, 11, 21, 2, 29, 8, 123456789, time.UTC),
	}
}

func random(t *testing.T, size int) []byte {
	t.Helper()
	b := make([]byte, size)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPutStatGetRemove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := connect(t, config(servertest.MinIO(t)))
	for _, key := range []string{
		"pbx/a.wav", "pbx/with space & 'quotes\" %2F ?#+;=.wav", "pbx/ünï-日本語-😀.mp3", `pbx/back\slash.wav`, "pbx/..wav",
		"pbx/ leading and trailing ", "pbx/" + strings.Repeat("x", 251) + ".wav",
	} {
		content := random(t, 20_000)
		u := upload(key, content)
		sent := 0
		u.Moved = func() { sent++ }
		if err := store.Put(ctx, u); err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if sent == 0 {
			t.Errorf("%q: no progress was told", key)
		}
		info, err := store.Stat(ctx, key)
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if info.SHA256 != hex.EncodeToString(u.SHA256[:]) || info.Size != u.Size || info.Origin != u.Origin ||
			!info.Modified.Equal(u.Modified) || info.ContentType != minio.ContentType(key) || time.Since(info.Stored).Abs() > time.Hour {
			t.Errorf("%q: stat gives %+v", key, info)
		}
		object, err := store.Get(ctx, key)
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		got, err := io.ReadAll(object)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%q: read %d bytes, err %v", key, len(got), err)
		}
		if err := object.Close(); err != nil {
			t.Error(err)
		}
		for range 2 { // the second time it is gone already
			if err := store.Remove(ctx, key); err != nil {
				t.Errorf("%q: %v", key, err)
			}
		}
		if _, err := store.Stat(ctx, key); !errors.Is(err, minio.ErrNotFound) {
			t.Errorf("%q: stat after remove: %v", key, err)
		}
		if _, err := store.Get(ctx, key); !errors.Is(err, minio.ErrNotFound) {
			t.Errorf("%q: get after remove: %v", key, err)
		}
	}
}

func TestPutIsConditional(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := connect(t, config(servertest.MinIO(t)))
	first, second := upload("pbx/a.wav", []byte("first")), upload("pbx/a.wav", []byte("second"))
	if err := store.Put(ctx, first); err != nil {
		t.Fatal(err)
	}
	if err := store.Put(ctx, second); !errors.Is(err, minio.ErrChanged) {
		t.Errorf("put over an object: %v", err)
	}
	second.Replaces = "00000000000000000000000000000000"
	if err := store.Put(ctx, second); !errors.Is(err, minio.ErrChanged) {
		t.Errorf("put over another object: %v", err)
	}
	info, err := store.Stat(ctx, "pbx/a.wav")
	if err != nil || info.Size != 5 {
		t.Fatalf("the first is gone: %+v %v", info, err)
	}
	second.Replaces = info.ETag
	if err := store.Put(ctx, second); err != nil {
		t.Errorf("put over the named object: %v", err)
	}
	if info, err = store.Stat(ctx, "pbx/a.wav"); err != nil || info.Size != 6 {
		t.Errorf("after the replacement: %+v %v", info, err)
	}
}

func TestPutRefusesOtherContent(t *testing.T) {
	t.Parallel()
	store := connect(t, config(servertest.MinIO(t)))
	u := upload("pbx/a.wav", []byte("what was hashed"))
	u.Content = strings.NewReader("what was sent!!")
	if err := store.Put(t.Context(), u); !errors.Is(err, minio.ErrChecksum) {
		t.Errorf("put of other content: %v", err)
	}
	if _, err := store.Stat(t.Context(), "pbx/a.wav"); !errors.Is(err, minio.ErrNotFound) {
		t.Errorf("it was stored all the same: %v", err)
	}
}

func TestEmptyObject(t *testing.T) {
	t.Parallel()
	store := connect(t, config(servertest.MinIO(t)))
	if err := store.Put(t.Context(), upload("pbx/a.wav", nil)); err != nil {
		t.Fatal(err)
	}
	object, err := store.Get(t.Context(), "pbx/a.wav")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	if got, err := io.ReadAll(object); err != nil || len(got) != 0 {
		t.Errorf("read %d bytes, err %v", len(got), err)
	}
}

// TestServeContent goes through every way in which a player asks.
func TestServeContent(t *testing.T) {
	t.Parallel()
	store := connect(t, config(servertest.MinIO(t)))
	content := random(t, 3<<20+17)
	if err := store.Put(t.Context(), upload("pbx/a.wav", content)); err != nil {
		t.Fatal(err)
	}
	player := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		object, err := store.Get(r.Context(), "pbx/a.wav")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = object.Close() }()
		w.Header().Set("Content-Type", object.ContentType)
		http.ServeContent(w, r, "", object.Modified, object)
	}))
	defer player.Close()
	defer player.Client().CloseIdleConnections()
	size := len(content)
	for _, test := range []struct {
		ask    string
		status int
		want   []byte
	}{
		{"", 200, content},
		{"bytes=0-2", 206, content[:3]},
		{"bytes=0-0", 206, content[:1]},
		{"bytes=70000-", 206, content[70000:]},
		{"bytes=65530-65545", 206, content[65530:65546]},
		{"bytes=-12", 206, content[size-12:]},
		{"bytes=1000000-2999999", 206, content[1000000:3000000]},
		{"bytes=9999999-", 416, nil},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, player.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.ask != "" {
			request.Header.Set("Range", test.ask)
		}
		response, err := player.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != test.status || test.want != nil && !bytes.Equal(got, test.want) {
			t.Errorf("%q: status %d, %d bytes, err %v", test.ask, response.StatusCode, len(got), err)
		}
	}
}

func TestReplacedWhileRead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := connect(t, config(servertest.MinIO(t)))
	if err := store.Put(ctx, upload("pbx/a.wav", random(t, 300_000))); err != nil {
		t.Fatal(err)
	}
	object, err := store.Get(ctx, "pbx/a.wav")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	if _, err := io.ReadFull(object, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	u := upload("pbx/a.wav", random(t, 300_000))
	u.Replaces = object.ETag
	if err := store.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, object); !errors.Is(err, minio.ErrChanged) {
		t.Errorf("reading on: %v", err)
	}
}

// TestServerKilled reads across a restart of the server, and asks while it is away.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.MinIOChild(t)
	store := connect(t, config(server.Bucket))
	content := random(t, 1<<20)
	if err := store.Put(ctx, upload("pbx/a.wav", content)); err != nil {
		t.Fatal(err)
	}
	object, err := store.Get(ctx, "pbx/a.wav")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	got := make([]byte, 100_000)
	if _, err := io.ReadFull(object, got); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := store.Ping(ctx); err == nil || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("ping a dead server: %v", err)
	}
	if err := store.Put(ctx, upload("pbx/b.wav", content)); err == nil {
		t.Error("put to a dead server: no error")
	}
	server.Restart(t)
	rest, err := io.ReadAll(object)
	if err != nil || !bytes.Equal(append(got, rest...), content) {
		t.Errorf("read %d bytes across the restart, err %v", len(got)+len(rest), err)
	}
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := config(servertest.MinIO(t))
	denies := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>`)
	}))
	t.Cleanup(denies.Close)
	secured := httptest.NewUnstartedServer(http.NotFoundHandler())
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	t.Cleanup(secured.Close)
	for _, test := range []struct {
		name   string
		change func(*minio.Config)
		want   string
	}{
		{"unreachable", func(c *minio.Config) { c.Endpoint = "127.0.0.1:1" }, "is it running, and is MINIO_ENDPOINT its address?"},
		{"no such host", func(c *minio.Config) { c.Endpoint = "minio.invalid:9000" }, "is MINIO_ENDPOINT its address?"},
		{"wrong access key", func(c *minio.Config) { c.AccessKey = "nobody" }, "does not know this MINIO_ACCESS_KEY"},
		{"wrong secret key", func(c *minio.Config) { c.SecretKey = "wrong-secret" }, "MINIO_SECRET_KEY does not belong"},
		{"tls to plain", func(c *minio.Config) { c.Endpoint = "https://" + c.Endpoint }, "MINIO_ENDPOINT begins with http://"},
		{"plain to tls", func(c *minio.Config) { c.Endpoint = secured.Listener.Addr().String() }, "MINIO_ENDPOINT begins with https://"},
		{"no permission", func(c *minio.Config) { c.Endpoint = denies.URL }, "needs the right to do this in bucket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			test.change(&cfg)
			_, err := minio.Connect(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant %q in it", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), cfg.SecretKey) {
				t.Errorf("the secret key is in the message: %v", err)
			}
		})
	}
}

// TestOpenAsksNothing holds that a stage can start while the store is away.
func TestOpenAsksNothing(t *testing.T) {
	t.Parallel()
	store, err := minio.Open(minio.Config{Endpoint: "127.0.0.1:1", AccessKey: "a", SecretKey: "secret", Bucket: "recordings"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := store.Get(ctx, "pbx/a.wav"); err == nil || errors.Is(err, minio.ErrNotFound) {
		t.Errorf("get from an unreachable store: %v, want an error that is not ErrNotFound", err)
	}
}
