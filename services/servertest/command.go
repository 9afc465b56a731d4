package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

var built sync.Map // name of the command → func() (string, error)

// command builds services/embedded/cmd/<name> once for all test binaries and returns its path.
func command(ctx context.Context, t testing.TB, name string) string {
	t.Helper()
	path, err := build(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(ctx context.Context, name string) (string, error) {
	once, _ := built.LoadOrStore(name, sync.OnceValues(func() (string, error) { return buildOnce(ctx, name) }))
	return once.(func() (string, error))()
}

func buildOnce(ctx context.Context, name string) (string, error) {
	root, err := embedded.SourceTree()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// One at a time: go build would write the same file from several test binaries. It does nothing when the file is up
	// to date.
	lock, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	path := filepath.Join(dir, name)
	goBuild := exec.CommandContext(ctx, "go", "build", "-o", path, "./embedded/cmd/"+name)
	goBuild.Dir = filepath.Join(root, "services")
	// A test run's own flags, such as -race, are not for the servers.
	goBuild.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0")
	if output, err := goBuild.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command %s: %w\n%s", name, err, output)
	}
	return path, nil
}
