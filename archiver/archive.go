package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/process"
)

// recording is one file below RECORDINGS_DIR.
type recording struct {
	root *os.Root
	path string // below the root, with slashes
	file *os.File
	info os.FileInfo
	sum  [32]byte
}

// archive takes one recording as far as it can go: into the store, and, when it has been there for KEEP_LOCAL, off the
// disk. Dying between any two steps is harmless: the next sweep finds in the store how far this one came.
func (s *sweeper) archive(ctx context.Context, r *recording) (what outcome, removed bool, err error) {
	// 1 is it finished?
	if what, err = s.examine(r); r.file != nil {
		defer func() { _ = r.file.Close() }()
	}
	switch {
	case err != nil, what == unfinished, what == gone:
		return what, false, err
	case what == empty:
		// Its file may belong to a call that has not begun to speak, so it is given the longer of both times.
		if time.Since(r.info.ModTime()) < max(s.KeepLocal, s.tornFor) {
			return empty, false, nil
		}
		removed, err = r.remove()
		return empty, removed, err
	}
	key := minio.Key(s.Source, r.path)
	if key == "" {
		return failed, false, errors.New("its name cannot be a name in the store: control characters, or not UTF-8")
	}
	for range 2 {
		what, removed, err = s.settle(ctx, r, key)
		if !errors.Is(err, minio.ErrChanged) {
			break
		} // somebody else wrote the object, or our own answer was lost: look again
	}
	return what, removed, err
}

// examine opens the file and tells whether it is finished (known, for now), unfinished, empty or gone.
func (s *sweeper) examine(r *recording) (outcome, error) {
	var err error
	// Without O_NONBLOCK a pipe with a recording's name would hold this worker for ever.
	r.file, err = r.root.OpenFile(r.path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return gone, nil
	}
	if err != nil {
		return failed, err
	}
	if r.info, err = r.file.Stat(); err != nil {
		return failed, err
	}
	rest := time.Since(r.info.ModTime())
	if !r.info.Mode().IsRegular() {
		return gone, nil
	}
	if rest < s.Settle || s.writers.has(r.info) {
		return unfinished, nil
	}
	shape, err := shapeOf(r.path, r.file, r.info.Size())
	switch {
	case err != nil:
		return failed, err
	case shape == hollow:
		return empty, nil
	case shape == torn && rest < s.tornFor:
		return unfinished, nil
	}
	return known, nil
}

// settle compares the file with the object of its key, and does what is missing.
func (s *sweeper) settle(ctx context.Context, r *recording, key string) (what outcome, removed bool, err error) {
	// 2 what does the store have?
	object, err := s.store.Stat(ctx, key)
	missing := errors.Is(err, minio.ErrNotFound)
	if err != nil && !missing {
		return failed, false, err
	}
	if missing {
		if is, removed, err := s.wasErased(ctx, r, key); is || err != nil {
			return orFailed(erased, err), removed, err
		}
	}
	due := !missing && time.Since(object.Stored) >= s.KeepLocal
	if !missing && !due && r.is(object) {
		return known, false, nil // nothing to do, and nothing to read: most recordings of most sweeps
	}
	if err := s.hash(ctx, r); err != nil {
		return failed, false, err
	}
	if !missing && object.SHA256 == "" {
		// It came here by other means than ours, with rclone for instance, and may well be the same.
		if object.SHA256, err = s.readBack(ctx, key); err != nil {
			return failed, false, err
		}
	}
	same := !missing && object.SHA256 == hex.EncodeToString(r.sum[:])
	switch {
	case same && !due:
		return known, false, nil
	case same:
		removed, err = s.release(ctx, r, key)
		return known, removed, err
	case !missing && object.Origin != r.origin():
		// Two files of one name: neither may take the other's place in silence.
		return failed, false, fmt.Errorf("another recording from directory %q has this name in the store; rename one of them",
			withoutNumbers(object.Origin))
	}
	// 3 copy it; the server checks the sum
	if err := s.upload(ctx, r, key, object.ETag); err != nil {
		if errors.Is(err, minio.ErrChecksum) {
			return unfinished, false, nil // it changed while it was read
		}
		return failed, false, err
	}
	process.Point("archiver.uploaded")
	if is, removed, err := s.erasedMeanwhile(ctx, r, key); is || err != nil {
		return orFailed(erased, err), removed, err
	}
	// 4 does the store say the same?
	if object, err = s.store.Stat(ctx, key); err != nil {
		return failed, false, err
	}
	if object.SHA256 != hex.EncodeToString(r.sum[:]) || object.Size != r.info.Size() {
		return failed, false, fmt.Errorf("the store has %d bytes of it, with another checksum, want %d", object.Size, r.info.Size())
	}
	if s.KeepLocal == 0 {
		removed, err = s.release(ctx, r, key)
	}
	return moved, removed, err
}

// release removes the local copy, but only after every byte was read back from the store: the server may have lost since
// what it once confirmed.
func (s *sweeper) release(ctx context.Context, r *recording, key string) (removed bool, err error) {
	// Asked first, for a disk that is mounted read-only would have everything read back in every sweep.
	const write = 2
	if err := syscall.Access(filepath.Join(s.Dir, path.Dir(r.path)), write); err != nil {
		return false, fmt.Errorf("remove the local copy: its directory: %w", err)
	}
	sum, err := s.readBack(ctx, key)
	if err != nil {
		return false, err
	}
	if sum != hex.EncodeToString(r.sum[:]) {
		return false, errors.New("the store gives back something else than was stored; the local copy stays")
	}
	process.Point("archiver.verified")
	return r.remove()
}

// readBack reads all of an object and gives its SHA-256 in hex.
func (s *sweeper) readBack(ctx context.Context, key string) (string, error) {
	object, err := s.store.Get(ctx, key)
	if err != nil {
		return "", err
	}
	defer func() { _ = object.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, s.alive(ctx, object)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (s *sweeper) upload(ctx context.Context, r *recording, key, replaces string) error {
	err := s.store.Put(ctx, minio.Upload{
		Key: key, Content: r.file, Size: r.info.Size(), SHA256: r.sum,
		Origin: r.origin(), Modified: r.info.ModTime(), Replaces: replaces, Moved: s.turned,
	})
	if err == nil {
		s.metrics.bytes.Add(float64(r.info.Size()))
	}
	return err
}

// hash reads the file. One that is not the size it was is being written: its sum will not fit, and the store refuses it.
func (s *sweeper) hash(ctx context.Context, r *recording) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, s.alive(ctx, io.NewSectionReader(r.file, 0, r.info.Size()))); err != nil {
		return err
	}
	r.sum = [32]byte(sum.Sum(nil))
	return nil
}

// remove takes the file off the disk if it is still the one that was looked at.
func (r *recording) remove() (bool, error) {
	now, err := r.root.Lstat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !os.SameFile(now, r.info) || now.Size() != r.info.Size() || !now.ModTime().Equal(r.info.ModTime()) {
		return false, nil // the next sweep looks at it anew
	}
	switch err := r.root.Remove(r.path); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil // another archiver was faster
	case err != nil:
		return false, fmt.Errorf("remove the local copy: %w", err)
	}
	return true, nil
}

// is tells without reading the file whether the object was made from it as it is.
func (r *recording) is(object minio.Info) bool {
	return object.SHA256 != "" && object.Origin == r.origin() && object.Size == r.info.Size() &&
		object.Modified.Equal(r.info.ModTime())
}

// origin is the file's directory as the object's metadata has it: ASCII, and short enough for a header.
func (r *recording) origin() string {
	const longest = 512
	dir := strings.ReplaceAll(url.PathEscape(path.Dir(r.path)), "%2F", "/")
	if len(dir) > longest {
		sum := sha256.Sum256([]byte(dir))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return dir
}

// alive reads on and shows life meanwhile; it ends with the context.
func (s *sweeper) alive(ctx context.Context, from io.Reader) io.Reader {
	return reader(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		s.turned()
		return from.Read(p)
	})
}

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }
