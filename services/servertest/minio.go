package servertest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Bucket is the name for a bucket that nobody else uses, on a MinIO server; to be made by the test or what it tests.
type Bucket struct {
	Endpoint  string // 127.0.0.1:port, without TLS
	AccessKey string
	SecretKey string
	Name      string
}

var sharedMinIO single[Bucket]

// MinIO names a fresh bucket on the MinIO server that the tests of this binary share.
func MinIO(t testing.TB) Bucket {
	t.Helper()
	b := sharedMinIO.get(t, func(ctx context.Context) (Bucket, *embedded.Child, error) {
		dir, err := newDirectory("minio")
		if err != nil {
			return Bucket{}, nil, err
		}
		return startMinIO(ctx, dir)
	})
	b.Name = fresh("test-")
	return b
}

// MinIOProcess is a MinIO server of one test.
type MinIOProcess struct {
	*Process
	Bucket
}

// MinIOChild starts a MinIO server that can be killed.
func MinIOChild(t testing.TB) *MinIOProcess {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	bucket, child, err := startMinIO(ctx, directory(t, "minio"))
	if err != nil {
		t.Fatal(err)
	}
	bucket.Name = fresh("test-")
	return &MinIOProcess{Process: newProcess(t, child), Bucket: bucket}
}

func startMinIO(ctx context.Context, dir string) (Bucket, *embedded.Child, error) {
	path, err := embedded.Locate(os.Getenv("MINIO_BINARY"), "minio")
	if err != nil {
		return Bucket{}, nil, err
	}
	addr, err := embedded.FreeAddr()
	if err != nil {
		return Bucket{}, nil, err
	}
	log, err := output(dir)
	if err != nil {
		return Bucket{}, nil, err
	}
	b := Bucket{Endpoint: addr, AccessKey: fresh("user"), SecretKey: secret()}
	child, err := embedded.StartMinIO(ctx, embedded.MinIOConfig{
		Path:     path,
		Dir:      filepath.Join(dir, "minio"),
		Addr:     addr,
		User:     b.AccessKey,
		Password: b.SecretKey,
		Output:   log,
	})
	return b, child, err
}
