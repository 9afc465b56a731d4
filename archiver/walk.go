package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/cdrflow/cdrflow/services/minio"
)

// Directories are read in pieces: a flat one may hold a million recordings.
const (
	pieceOfDir = 256
	deepest    = 32
)

// walk calls visit with the path of every recording below the root, and trouble with every directory that cannot be
// read; both end the walk by returning false. Symbolic links are not followed: they could lead out of the directory, or
// round in it. Hidden directories are passed over: a file server's .snapshot holds every recording again.
func walk(root *os.Root, visit func(file string) bool, trouble func(dir string, err error) bool) {
	walkDir(root, ".", 0, visit, trouble)
}

func walkDir(root *os.Root, dir string, depth int, visit func(string) bool, trouble func(string, error) bool) bool {
	if depth > deepest {
		return trouble(dir, fmt.Errorf("more than %d directories deep", deepest))
	}
	open, err := root.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && dir != "." {
			return true // it went away meanwhile
		}
		return trouble(dir, err)
	}
	defer func() { _ = open.Close() }()
	for {
		entries, err := open.ReadDir(pieceOfDir)
		for _, entry := range entries {
			name := path.Join(dir, entry.Name())
			switch {
			case entry.IsDir():
				if strings.HasPrefix(entry.Name(), ".") {
					continue
				}
				if !walkDir(root, name, depth+1, visit, trouble) {
					return false
				}
			case entry.Type().IsRegular() && minio.Audio(entry.Name()):
				if !visit(name) {
					return false
				}
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			return trouble(dir, err)
		}
	}
}
