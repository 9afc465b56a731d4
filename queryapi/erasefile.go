package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// errReadOnly is a disk that this process may not remove files from.
var errReadOnly = errors.New("no right to write")

// eraseFiles removes files below a directory. What is not there is no error, nor is a directory that does not exist. No name
// and no link leads out of it.
func eraseFiles(dir string, paths []string) error {
	if dir == "" {
		return nil
	}
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open RECORDINGS_DIR: %w", withoutPath(err))
	}
	defer root.Close()
	var troubles error
	for _, name := range paths {
		troubles = errors.Join(troubles, eraseFile(root, name, 8))
	}
	return troubles
}

// eraseFile removes a file, and before it what it links to within the root: that is what would be played.
func eraseFile(root *os.Root, name string, links int) error {
	info, err := root.Lstat(name)
	if err != nil {
		return unreadable(err) // nil where it is not there
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0 && links > 0:
		target, err := root.Readlink(name)
		if err != nil {
			return unreadable(err)
		}
		if !path.IsAbs(target) { // an absolute one leads out of the root, and is not followed
			if err := eraseFile(root, path.Join(path.Dir(name), target), links-1); err != nil {
				return err
			}
		}
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return nil // a directory, a pipe: no recording
	}
	err = root.Remove(name)
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("remove a file from RECORDINGS_DIR: %w: %w", errReadOnly, withoutPath(err))
	}
	return fmt.Errorf("remove a file from RECORDINGS_DIR: %w", withoutPath(err))
}

// withoutPath leaves the reason of an error: a path holds telephone numbers.
func withoutPath(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return errors.New("it leads out of the directory")
}
