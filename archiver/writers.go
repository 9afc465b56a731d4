package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
)

// fileID names a file whatever it is called and from wherever it is seen.
type fileID struct{ device, inode uint64 }

func idOf(info os.FileInfo) (fileID, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), stat.Ino}, true //nolint:unconvert // Dev has other widths on other machines
}

// writers knows which recordings other processes have open for writing, as far as this process may see that: all of
// them as root on the PBX, none from another machine. It looks again when what it knows is a few seconds old.
type writers struct {
	mu   sync.Mutex
	at   time.Time
	open map[fileID]bool
}

func (w *writers) has(info os.FileInfo) bool {
	id, ok := idOf(info)
	if !ok {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.at) > 3*time.Second {
		w.open, w.at = openForWriting("/proc"), time.Now()
	}
	return w.open[id]
}

// openForWriting goes through the descriptors of all processes. What cannot be read is passed over: processes come and
// go, and those of other users are closed to us.
func openForWriting(proc string) map[fileID]bool {
	open := map[fileID]bool{}
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "[0-9]*"))
	for _, link := range links {
		// The name first, for it is cheap and rules out nearly all. The path is that of the other process's world.
		name, err := os.Readlink(link)
		if err != nil || !minio.Audio(strings.TrimSuffix(name, " (deleted)")) {
			continue
		}
		info, err := os.Stat(link)
		if err != nil || !info.Mode().IsRegular() || !writable(link) {
			continue
		}
		if id, ok := idOf(info); ok {
			open[id] = true
		}
	}
	return open
}

// writable reads how the descriptor was opened: a player that reads a recording does not keep it from being archived.
func writable(link string) bool {
	pid, fd := filepath.Dir(filepath.Dir(link)), filepath.Base(link)
	text, err := os.ReadFile(filepath.Join(pid, "fdinfo", fd))
	if err != nil {
		return true // when in doubt it is being written
	}
	_, flags, ok := strings.Cut(string(text), "flags:")
	fields := strings.Fields(flags)
	if !ok || len(fields) == 0 {
		return true
	}
	mode, err := strconv.ParseUint(fields[0], 8, 64)
	return err != nil || mode&syscall.O_ACCMODE != syscall.O_RDONLY
}
