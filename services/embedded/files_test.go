package embedded_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

func TestSecretsStayTheSame(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first, err := embedded.LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := embedded.LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Fatal("a second start has other secrets")
	}
	path := filepath.Join(dir, "secrets.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("secrets.json has mode %o, want 600", mode)
	}
	if len(first.JWT) != 64 {
		t.Errorf("the token key has %d characters, want 64", len(first.JWT))
	}
	if text := fmt.Sprint(first.LogValue()); strings.Contains(text, first.JWT) {
		t.Error("secrets show in logs")
	}

	// A file from a version that knew fewer accounts is completed, its own kept.
	if err := os.WriteFile(path, []byte(`{"jwt":"mine"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	third, err := embedded.LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if third.JWT != "mine" || third.MinIOPassword == "" || third.MinIOPassword == first.MinIOPassword {
		t.Error("the file was not completed with what it lacks")
	}

	if err := os.WriteFile(path, []byte(`{"jwt":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.LoadSecrets(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("half a file: %v", err)
	}
}

func TestLockDirIsForOneAtATime(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	unlock, err := embedded.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.LockDir(dir); !errors.Is(err, embedded.ErrLocked) {
		t.Fatalf("a second lock: %v", err)
	}
	unlock()
	again, err := embedded.LockDir(dir)
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	again()
}

func TestFreePortsAreFreeAndDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 50 {
		port, err := embedded.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] {
			t.Fatalf("port %d twice", port)
		}
		seen[port] = true
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := embedded.Locate(mine, "minio"); err != nil || got != mine {
		t.Errorf("a configured path gives %q, %v", got, err)
	}
	if _, err := embedded.Locate(mine+"x", "minio"); err == nil {
		t.Error("a configured path that does not exist is taken")
	}
	root, err := embedded.SourceTree()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := embedded.Locate("", "minio"); err != nil || got != filepath.Join(root, "bin", "minio") {
		t.Errorf("the source tree gives %q, %v", got, err)
	}
	if _, err := embedded.Locate("", "nothing"); err == nil || !strings.Contains(err.Error(), "make test") {
		t.Errorf("a missing file: %v", err)
	}
}
