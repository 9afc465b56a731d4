package servertest_test

import (
	"net/http"
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMinIOBucketsAreFreshOnOneServer(t *testing.T) {
	t.Parallel()
	a, b := servertest.MinIO(t), servertest.MinIO(t)
	if a.Name == b.Name || a.Endpoint != b.Endpoint {
		t.Fatalf("want two buckets on one server, got %s on %s and %s on %s", a.Name, a.Endpoint, b.Name, b.Endpoint)
	}
	if code, _ := s3(t, a, http.MethodPut, "/"+a.Name, ""); code != http.StatusOK {
		t.Fatalf("make a bucket: status %d", code)
	}
	stranger := a
	stranger.SecretKey = "not the secret"
	if code, _ := s3(t, stranger, http.MethodGet, "/"+a.Name, ""); code != http.StatusForbidden {
		t.Fatalf("a wrong secret key gets status %d, want 403", code)
	}
}

func TestMinIOChildLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	s := servertest.MinIOChild(t)
	object := "/" + s.Name + "/call.wav"
	for _, path := range []string{"/" + s.Name, object} {
		if code, body := s3(t, s.Bucket, http.MethodPut, path, "RIFF"); code != http.StatusOK {
			t.Fatalf("PUT %s: status %d: %s", path, code, body)
		}
	}
	end := []func(){s.Kill, s.Kill, func() { s.Stop(t) }}
	for _, end := range end {
		end()
		s.Restart(t)
		if code, body := s3(t, s.Bucket, http.MethodGet, object, ""); code != http.StatusOK || body != "RIFF" {
			t.Fatalf("after a restart: status %d, %q", code, body)
		}
	}
}
