package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/process"
)

// vault keeps the recordings that have left the local disk.
type vault interface {
	Get(ctx context.Context, key string) (*minio.Object, error)
	Erase(ctx context.Context, key string) error
}

// openVault does not wait for MinIO: the history answers without it, so neither does /readyz.
func openVault(cfg minio.Config) (v vault, hangUp func(), err error) {
	if !cfg.Configured() {
		return nil, func() {}, nil
	}
	store, err := minio.Open(cfg)
	if err != nil {
		return nil, nil, err
	}
	return store, store.Close, nil
}

// errVaultAway means that a recording may exist, but nobody can tell now.
var errVaultAway = errors.New("recordings cannot be reached")

// audio is an open recording.
type audio struct {
	io.ReadSeekCloser
	name     string // for its ending
	tag      string // ETag
	modified time.Time
}

// recording answers GET /api/v1/calls/{id}/recording: what lies on the local disk, else what MinIO has.
func (a *api) recording(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery, "token"); err != nil {
		return err
	}
	c, err := a.find(r, h.scope)
	if err != nil {
		return err
	}
	if c.RecordingErased() {
		return refuse(recordingErased, "the recording of this call was erased")
	}
	if !c.HasRecording() {
		return refuse(recordingNotFound, "this call has no recording")
	}
	found, err := a.open(r.Context(), &c)
	if err != nil {
		return err
	}
	defer found.Close()
	if err := a.auditListening(r, h, &c); err != nil {
		return err
	}
	return a.play(w, r, c.ID, found)
}

// open looks in both places. What cannot be looked into is remembered: only when every place answered no is the recording
// missing.
func (a *api) open(ctx context.Context, c *call.Call) (*audio, error) {
	found, diskErr := a.onDisk(c)
	a.note(&a.diskTrouble, "disk", diskErr)
	if found != nil {
		return found, nil
	}
	found, vaultErr := a.inVault(ctx, c)
	if ctx.Err() != nil && found == nil {
		return nil, ctx.Err() // the caller left
	}
	a.note(&a.vaultTrouble, "minio", vaultErr)
	if found != nil {
		return found, nil
	}
	if err := errors.Join(diskErr, vaultErr); err != nil {
		return nil, fmt.Errorf("%w: %w", errVaultAway, err)
	}
	return nil, refuse(recordingMissing, "the recording of this call is neither on the local disk nor in the storage")
}

func (a *api) note(trouble *process.Trouble, place string, err error) {
	if err != nil {
		trouble.Report(a.log, "recordings cannot be read", err, "place", place)
		return
	}
	trouble.Over(a.log, "recordings can be read again", "place", place)
}

// onDisk opens the recording below RECORDINGS_DIR; nil without an error where it is not there.
func (a *api) onDisk(c *call.Call) (*audio, error) {
	if a.recordings == "" || a.recordingsSource != "" && c.Source != a.recordingsSource {
		return nil, nil
	}
	// Opened anew each time, for a disk that is mounted later. Within a root no name and no link leads out of it.
	root, err := os.OpenRoot(a.recordings)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("open RECORDINGS_DIR: %w", err)
	}
	defer root.Close()
	var troubles error
	for _, name := range recordingPaths(c) {
		// Without O_NONBLOCK a pipe in the directory would hold the request for ever.
		file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			troubles = errors.Join(troubles, unreadable(err))
			continue
		}
		info, err := file.Stat()
		// A file of nothing is one that was planned, or that was moved away and left its name.
		if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			tag := fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano())
			return &audio{file, name, tag, info.ModTime()}, nil
		}
		_ = file.Close()
	}
	return nil, troubles
}

// unreadable tells a disk in trouble from a file that is not there. It drops the path, which holds telephone numbers.
func unreadable(err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return nil // a link that leads out of the directory: nothing that may be served
	}
	switch number {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG:
		return nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("read RECORDINGS_DIR: %w: this process's user needs the right to read it", number)
	}
	return fmt.Errorf("read RECORDINGS_DIR: %w", number)
}

// inVault opens the recording in MinIO; nil without an error where it is not there.
func (a *api) inVault(ctx context.Context, c *call.Call) (*audio, error) {
	key := minio.Key(c.Source, c.Recordingfile)
	if a.vault == nil || key == "" {
		return nil, nil
	}
	// The context holds for all of the reading, so only the wait for the beginning is bounded by a timer.
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(a.queryTimeout, func() { cancel(errSlow) })
	object, err := a.vault.Get(ctx, key)
	late.Stop()
	if err != nil {
		cancel(nil)
		if errors.Is(err, minio.ErrNotFound) {
			err = nil
		}
		return nil, err
	}
	return &audio{held{object, cancel}, key, strconv.Quote(strings.Trim(object.ETag, `"`)), object.Stored}, nil
}

// held ends its context when it is closed.
type held struct {
	*minio.Object
	cancel context.CancelCauseFunc
}

func (h held) Close() error {
	defer h.cancel(nil)
	return h.Object.Close()
}
