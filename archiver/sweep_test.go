package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// TestRealRecordings takes recordings that Asterisk made through their whole life.
func TestRealRecordings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 24*time.Hour)
	const (
		one    = "20261121-023415-1795228455.2086-919944421125-918065978001.wav"
		two    = "20261121-023046-1795228246.702-1001-1004.wav"
		silent = "20261121-023053-1795228253.731-919944421125-918065978001.wav"
	)
	content := map[string][]byte{}
	for _, name := range []string{one, two, silent} {
		var err error
		if content[name], err = os.ReadFile(filepath.Join("testdata", name)); err != nil {
			t.Fatal(err)
		}
	}
	h.write("2026/11/21/"+one, content[one], time.Hour)
	h.write(two, content[two], time.Hour) // a flat layout beside it
	h.write("2026/11/21/"+silent, content[silent], time.Hour)
	h.write("2026/11/21/readme.txt", []byte("no recording"), time.Hour)

	h.sweeps(map[outcome]int{moved: 2, empty: 1}, 0)
	h.archived("2026/11/21/"+one, content[one], true)
	h.archived(two, content[two], true)
	h.untouched("2026/11/21/" + silent)
	before, err := h.store.Stat(t.Context(), "pbx/"+one)
	if err != nil {
		t.Fatal(err)
	}

	// The second sweep changes nothing.
	h.sweeps(map[outcome]int{known: 2, empty: 1}, 0)
	if after, err := h.store.Stat(t.Context(), "pbx/"+one); err != nil || after != before {
		t.Errorf("the object changed from %+v to %+v, err %v", before, after, err)
	}

	// The local copies have been kept for long enough; the silent one must be older than a call can be quiet, too.
	h.KeepLocal = time.Nanosecond
	h.sweeps(map[outcome]int{known: 2, empty: 1}, 2)
	h.archived("2026/11/21/"+one, content[one], false)
	h.archived(two, content[two], false)
	h.untouched("2026/11/21/" + silent)
	h.age("2026/11/21/"+silent, 7*time.Hour)
	h.sweeps(map[outcome]int{empty: 1}, 1)
	h.sweeps(map[outcome]int{}, 0)
	if !h.local("2026/11/21/readme.txt") {
		t.Error("a file that is no recording is gone")
	}
	if strings.Contains(h.logged.String(), "919944421125") {
		t.Errorf("a telephone number is in the log:\n%s", h.logged)
	}
}

func TestKeepNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.write("a.wav", wav(5000, 5000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 1)
	h.archived("a.wav", wav(5000, 5000), false)
}

// TestUnfinished holds every way in which a recording is not finished, and what time makes of them.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.write("just written.wav", wav(5000, 5000), 5*time.Second)
	h.write("paused.wav", wav(0, 5000), time.Hour)
	h.write("cut.wav", wav(5000, 3000), 5*time.Hour)
	h.write("of tomorrow.wav", wav(5000, 5000), -24*time.Hour)
	h.write("open.wav", wav(5000, 5000), time.Hour)
	h.write("open.mp3", bytes.Repeat([]byte("x"), 5000), time.Hour)
	h.write("played.wav", wav(5000, 5000), time.Hour)
	release := holdOpen(t, ">>", filepath.Join(h.Dir, "open.wav"))
	releaseToo := holdOpen(t, "<>", filepath.Join(h.Dir, "open.mp3"))
	holdOpen(t, "<", filepath.Join(h.Dir, "played.wav"))

	h.sweeps(map[outcome]int{unfinished: 6, moved: 1}, 1)
	for _, name := range []string{"just written.wav", "paused.wav", "cut.wav", "of tomorrow.wav", "open.wav", "open.mp3"} {
		h.untouched(name)
	}

	release()
	releaseToo()
	h.writers.at = time.Time{} // what it knows of open files may be three seconds old
	h.age("just written.wav", 2*time.Minute)
	h.age("paused.wav", 7*time.Hour)
	h.age("cut.wav", 7*time.Hour)
	h.sweeps(map[outcome]int{unfinished: 1, moved: 5}, 5)
	h.archived("paused.wav", wav(0, 5000), false)
	h.archived("cut.wav", wav(5000, 3000), false)
	h.archived("open.wav", wav(5000, 5000), false)
	h.untouched("of tomorrow.wav")
}

// holdOpen has another process hold the file open until it is released.
func holdOpen(t *testing.T, how, path string) (release func()) {
	t.Helper()
	holder := exec.CommandContext(t.Context(), "sh", "-c", `exec 3`+how+`"$1"; echo; read -r _`, "sh", path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	release = func() { _ = in.Close(); _ = holder.Wait() }
	t.Cleanup(release)
	return release
}

// TestGrowing follows a recording while it is made: nothing of it may come into the store before its end.
func TestGrowing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 24*time.Hour)
	for sound := 0; sound < 3000; sound += 1000 {
		h.write("a.wav", wav(0, sound), 2*time.Minute) // at rest for longer than Settle, as on hold
		h.sweeps(map[outcome]int{map[bool]outcome{true: empty, false: unfinished}[sound == 0]: 1}, 0)
		h.untouched("a.wav")
	}
	h.write("a.wav", wav(3000, 3000), 2*time.Minute)
	h.sweeps(map[outcome]int{moved: 1}, 0)
	h.archived("a.wav", wav(3000, 3000), true)
}

// TestWrittenWhileRead has a file change between its examination and its upload.
func TestWrittenWhileRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.write("a.wav", wav(5000, 5000), time.Hour)
	root, err := os.OpenRoot(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	r := recording{root: root, path: "a.wav"}
	if what, err := h.examine(&r); what != known || err != nil {
		t.Fatalf("examine: %q %v", what, err)
	}
	defer func() { _ = r.file.Close() }()
	if err := h.hash(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	h.write("a.wav", wav(5000, 5001), 0)
	file, err := os.OpenFile(filepath.Join(h.Dir, "a.wav"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("other"), 100); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.upload(t.Context(), &r, "pbx/a.wav", ""); !errors.Is(err, minio.ErrChecksum) {
		t.Errorf("upload of a file that changed: %v", err)
	}
	if removed, err := r.remove(); removed || err != nil {
		t.Errorf("a file that changed was removed: %v, err %v", removed, err)
	}
	h.untouched("a.wav")
}

// TestChangedAfterUpload has a recording processed again, with the same length and then with another.
func TestChangedAfterUpload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 24*time.Hour)
	h.write("2026/a.wav", wav(5000, 5000), 3*time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 0)
	louder := wav(5000, 5000)
	louder[3000] ^= 0xff
	h.write("2026/a.wav", louder, 2*time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 0)
	h.archived("2026/a.wav", louder, true)
	h.write("2026/a.wav", wav(2000, 2000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 0)
	h.archived("2026/a.wav", wav(2000, 2000), true)

	// Only its time changed: nothing to copy.
	h.age("2026/a.wav", 30*time.Minute)
	h.sweeps(map[outcome]int{known: 1}, 0)

	// Changed without a trace in size and time, and due: what is on the disk must not be lost.
	info, err := os.Stat(filepath.Join(h.Dir, "2026/a.wav"))
	if err != nil {
		t.Fatal(err)
	}
	quiet := wav(2000, 2000)
	quiet[1000] ^= 0xff
	h.write("2026/a.wav", quiet, time.Since(info.ModTime()))
	if err := os.Chtimes(filepath.Join(h.Dir, "2026/a.wav"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	h.KeepLocal = 0
	h.sweeps(map[outcome]int{moved: 1}, 1)
	h.archived("2026/a.wav", quiet, false)
}

// TestNameTwice holds that of two recordings with one name none takes the other's place.
func TestNameTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.KeepLocal = 24 * time.Hour
	h.write("2026/11/20/a.wav", wav(5000, 5000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 0)
	h.write("2026/11/21/a.wav", wav(6000, 6000), time.Hour)
	h.KeepLocal = 0
	h.sweeps(map[outcome]int{known: 1, failed: 1}, 1)
	h.archived("2026/11/20/a.wav", wav(5000, 5000), false)
	h.sweeps(map[outcome]int{failed: 1}, 0)
	if !h.local("2026/11/21/a.wav") || !strings.Contains(h.logged.String(), "has this name in the store") {
		t.Errorf("the second recording of the name: on the disk %v; log:\n%s", h.local("2026/11/21/a.wav"), h.logged)
	}

	// Both at once: one is archived, the other stays.
	h.write("x/b.wav", wav(5000, 5000), time.Hour)
	h.write("y/b.wav", wav(6000, 6000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1, failed: 2}, 1)
	if h.local("x/b.wav") == h.local("y/b.wav") {
		t.Error("not one of the two is on the disk")
	}

	// The same recording in two places is one.
	h.write("x/c.wav", wav(5000, 5000), time.Hour)
	h.write("y/c.wav", wav(5000, 5000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1, known: 1, failed: 2}, 2)
	h.archived("x/c.wav", wav(5000, 5000), false)
	h.archived("y/c.wav", wav(5000, 5000), false)
}

// TestOfOtherMeans finds objects that something else put there.
func TestOfOtherMeans(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.write("a.wav", wav(5000, 5000), time.Hour)
	h.sweeps(map[outcome]int{moved: 1}, 1)
	// The same content again, under another directory, without a trace of where it came from.
	h.write("elsewhere/a.wav", wav(5000, 5000), time.Hour)
	h.sweeps(map[outcome]int{known: 1}, 1)
	h.archived("elsewhere/a.wav", wav(5000, 5000), false)
}

func TestOddNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	good := []string{
		"with space & 'quotes\" %2F ?#+;=,.wav", "ünï-日本語-😀.WAV", `back\slash.mp3`, "2026/..wav", ".hidden.wav", "-rf.wav",
		strings.Repeat("x", 251) + ".wav", "ä/ö ü/%41.wav", strings.Repeat(strings.Repeat("d", 200)+"/", 8) + "deep.wav", " .wav",
	}
	bad := []string{"line\nbreak.wav", "not\xffutf8.wav", "bell\a.mp3"}
	content := func(name string) []byte { return wav(1000+len(name), 1000+len(name)) }
	for _, name := range append(append([]string{}, good...), bad...) {
		h.write(name, content(name), 7*time.Hour)
	}
	h.write(".snapshot/a.wav", content("hidden"), 7*time.Hour)
	h.sweeps(map[outcome]int{moved: len(good), failed: len(bad)}, len(good))
	for _, name := range good {
		h.archived(name, content(name), false)
	}
	for _, name := range bad {
		if !h.local(name) {
			t.Errorf("%q is gone", name)
		}
	}
}

// TestWayOut holds that no link leads out of the directory, and that no pipe stops a sweep.
func TestWayOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.wav")
	if err := os.WriteFile(secret, wav(5000, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(secret, old, old); err != nil {
		t.Fatal(err)
	}
	h.write("inside.wav", wav(5000, 5000), time.Hour)
	for name, to := range map[string]string{
		"file.wav": secret, "dir": outside, "up": "..", "round": ".", "near.wav": "inside.wav", "nowhere.wav": "/nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(h.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(h.Dir, "pipe.wav"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(h.Dir, "directory.wav"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.sweeps(map[outcome]int{moved: 1}, 1)
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("the file outside: %v", err)
	}
	for _, name := range []string{"file.wav", "near.wav", "secret.wav"} {
		if h.stored(name) != nil {
			t.Errorf("%s is in the store", name)
		}
	}

	// What the walk did not see may come between it and the opening.
	root, err := os.OpenRoot(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for _, name := range []string{"file.wav", "dir/secret.wav", "pipe.wav"} {
		what, removed, err := h.archive(t.Context(), &recording{root: root, path: name})
		if removed || what == moved || what == known {
			t.Errorf("%s: %q, removed %v, err %v", name, what, removed, err)
		}
	}
}

func TestNoDirectory(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.Dir = filepath.Join(h.Dir, "missing")
	if _, err := h.sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "open RECORDINGS_DIR, which should be") {
		t.Errorf("sweep without a directory: %v", err)
	}
}

// TestTwoArchivers lets two work on the same directory, as after a failed update.
func TestTwoArchivers(t *testing.T) {
	t.Parallel()
	bucket := servertest.MinIO(t)
	one, two := newHouse(t, bucket, 0), newHouse(t, bucket, 0)
	two.Dir = one.Dir
	const files = 60
	for i := range files {
		one.write(name(i), wav(5000+i, 5000+i), time.Hour)
	}
	done := make(chan error, 2)
	for _, h := range []*house{one, two} {
		go func() {
			_, err := h.sweep(context.WithoutCancel(t.Context()))
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("sweep: %v; logs:\n%s\n%s", err, one.logged, two.logged)
		}
	}
	for i := range files {
		one.archived(name(i), wav(5000+i, 5000+i), false)
	}
}

func name(i int) string {
	return "2026/11/21/rec-" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + ".wav"
}
