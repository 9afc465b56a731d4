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
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

const buildTime = 10 * time.Minute

var built sync.Map // name of the command → func() (string, error)

// command builds services/embedded/cmd/<name> once for all test binaries and returns its path.
func command(t testing.TB, name string) string {
	t.Helper()
	once, _ := built.LoadOrStore(name, sync.OnceValues(func() (string, error) { return build(name) }))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(name string) (string, error) {
	// Not the context of the test that is the first: the result is for all. A cold build of nats-server is slow.
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
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
