package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Locate finds one of the two big artefacts, "libchdb.so" or "minio": the configured path when there is one, else the
// file beside the running executable, else bin/ of the source tree that the working directory is in.
func Locate(configured, name string) (string, error) {
	if configured != "" {
		if err := isFile(configured); err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		return filepath.Abs(configured)
	}
	var places []string
	if self, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(self), name))
	}
	if root, err := SourceTree(); err == nil {
		places = append(places, filepath.Join(root, "bin", name))
	}
	for _, place := range places {
		if isFile(place) == nil {
			return place, nil
		}
	}
	return "", fmt.Errorf("find %s: neither of %q exists; `make demo` and `make test` install it", name, places)
}

// SourceTree returns the nearest parent of the working directory that holds go.work.
func SourceTree() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the source tree: %w", err)
	}
	for {
		if isFile(filepath.Join(dir, "go.work")) == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the source tree: no go.work in the working directory or above it")
		}
		dir = parent
	}
}

// program finds an installed program; servers are often outside of a user's PATH.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin"} {
		if path := filepath.Join(dir, name); isFile(path) == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: it is not installed; `make demo` and `make test` install the package mariadb-server", name)
}

func isFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("is a directory")}
	}
	return nil
}

// absolute makes a directory of a server's own; a child may have another working directory.
func absolute(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}
