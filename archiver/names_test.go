package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestWithoutNumbers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"20261121-022908-1795228148.63-919840012345-918065978001.wav":   "20261121-022908-1795228148.63-…45-…01.wav",
		"2026/11/21/out-00498912345678-3201-20250327-092517-1743042.12": "2026/11/21/out-…78-3201-20250327-092517-1743042.12",
		"support-5001.wav": "support-5001.wav",
	} {
		if got := withoutNumbers(name); got != want {
			t.Errorf("withoutNumbers(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestWithoutPath(t *testing.T) {
	t.Parallel()
	path := "2026/919840012345.wav"
	for _, err := range []error{
		&fs.PathError{Op: "openat", Path: path, Err: fs.ErrPermission},
		fmt.Errorf("remove the local copy: %w", &fs.PathError{Op: "unlinkat", Path: path, Err: fs.ErrPermission}),
		&os.LinkError{Op: "renameat", Old: path, New: path, Err: fs.ErrPermission},
		errors.New("permission denied"),
	} {
		if got := withoutPath(err).Error(); strings.Contains(got, "919840012345") || !strings.Contains(got, "permission denied") {
			t.Errorf("%v became %q", err, got)
		}
	}
}
