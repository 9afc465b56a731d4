package minio

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	driver "github.com/minio/minio-go/v7"

	"github.com/cdrflow/cdrflow/services/servertest"
)

func open(t *testing.T) *Store {
	t.Helper()
	b := servertest.MinIO(t)
	store, err := Connect(t.Context(), Config{Endpoint: b.Endpoint, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Bucket: b.Name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func put(t *testing.T, s *Store, key, content string) {
	t.Helper()
	was, err := s.Stat(t.Context(), key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	err = s.Put(t.Context(), Upload{
		Key: key, Content: bytes.NewReader([]byte(content)), Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)),
		Modified: time.Now(), Replaces: was.ETag,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// versions counts what a bucket holds under a key, older versions and marks of removal included.
func versions(t *testing.T, s *Store, key string) (n int) {
	t.Helper()
	for o := range s.client.ListObjectsIter(t.Context(), s.bucket, driver.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		if o.Key == key {
			n++
		}
	}
	return n
}

// Nothing of a recording stays, be its bucket versioned or not; others with longer names do.
func TestErase(t *testing.T) {
	t.Parallel()
	for _, versioned := range []bool{false, true} {
		s := open(t)
		if versioned {
			if err := s.client.EnableVersioning(t.Context(), s.bucket); err != nil {
				t.Fatal(err)
			}
		}
		const key = "pbx/it's ünï 100%.wav"
		put(t, s, key, "first")
		put(t, s, key, "second")
		put(t, s, key+".mp3", "another")
		if versioned {
			if err := s.Remove(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			put(t, s, key, "third")
			if n := versions(t, s, key); n != 4 {
				t.Fatalf("%d versions before, want 4", n)
			}
		}
		if erased, err := s.Erased(t.Context(), key); erased || err != nil {
			t.Errorf("erased before: %v, %v", erased, err)
		}
		for range 2 {
			if err := s.Erase(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if n := versions(t, s, key); n != 0 {
				t.Errorf("versioned %v: %d versions are left", versioned, n)
			}
			if erased, err := s.Erased(t.Context(), key); !erased || err != nil {
				t.Errorf("not erased: %v, %v", erased, err)
			}
		}
		if _, err := s.Stat(t.Context(), key+".mp3"); err != nil {
			t.Errorf("another recording: %v", err)
		}
		if err := s.Erase(t.Context(), "pbx/never.wav"); err != nil {
			t.Errorf("one that never was: %v", err)
		}
	}
}

func TestEraseWithoutABucket(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.client.RemoveBucket(t.Context(), s.bucket); err != nil {
		t.Fatal(err)
	}
	if erased, err := s.Erased(t.Context(), "pbx/a.wav"); erased || err != nil {
		t.Errorf("%v, %v", erased, err)
	}
	if err := s.Erase(t.Context(), "pbx/a.wav"); err != nil {
		t.Error(err)
	}
	if erased, err := s.Erased(t.Context(), "pbx/a.wav"); !erased || err != nil {
		t.Errorf("%v, %v", erased, err)
	}
}

func TestEraseAtAServerThatIsAway(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{Endpoint: "127.0.0.1:1", AccessKey: "a", SecretKey: "b", Bucket: "recordings", Region: "x"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Erase(t.Context(), "pbx/a.wav"); err == nil {
		t.Error("nothing was said")
	}
}
