package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// TestStoreKilledDuringSweep kills the store in the middle of a sweep that removes what it has verified: every recording
// is on the disk or in the store at all times, and the sweep after the restart ends the work.
func TestStoreKilledDuringSweep(t *testing.T) {
	t.Parallel()
	server := servertest.MinIOChild(t)
	h := newHouse(t, server.Bucket, 0)
	const files = 200
	for i := range files {
		h.write(name(i), wav(20_000+i, 20_000+i), time.Hour)
	}
	done := make(chan error, 1)
	go func() {
		_, err := h.sweep(t.Context())
		done <- err
	}()
	servertest.Eventually(t, time.Minute, func() bool { return h.counted()[moved] >= 10 }, "ten recordings are moved")
	server.Kill()
	err := <-done
	if err == nil || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("sweep with the store killed: %v", err)
	}
	var local int
	for i := range files {
		if h.local(name(i)) {
			local++
		}
	}
	if local == 0 {
		t.Error("the sweep was over before the store was killed")
	}

	// While it is away nothing happens to the disk.
	if _, err := h.sweep(t.Context()); err == nil {
		t.Error("sweep without a store: no error")
	}
	server.Restart(t)
	if _, err := h.sweep(t.Context()); err != nil {
		t.Errorf("sweep after the restart: %v; log:\n%s", err, h.logged)
	}
	for i := range files {
		h.archived(name(i), wav(20_000+i, 20_000+i), false)
	}
}

// TestStopWhileStoreHangs stops the stage while the store neither answers nor refuses.
func TestStopWhileStoreHangs(t *testing.T) {
	t.Parallel()
	server := servertest.MinIOChild(t)
	h := newHouse(t, server.Bucket, 0)
	h.Every = time.Hour
	h.write("a.wav", wav(5000, 5000), time.Hour)
	server.Signal(t, syscall.SIGSTOP)
	defer server.Signal(t, syscall.SIGCONT)
	p := process.New("archiver", nil, io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	turned := make(chan struct{}, 100)
	h.turned = func() { turned <- struct{}{} }
	go func() { done <- h.run(ctx, p) }()
	<-turned // the sweep has begun
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stopped with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not stop")
	}
	if !h.local("a.wav") {
		t.Error("the recording is gone")
	}
}

// TestRunSweepsAgain holds that a sweep that broke off is followed by another one soon.
func TestRunSweepsAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 0)
	h.Every = time.Second
	missing := h.Dir
	h.Dir = filepath.Join(missing, "later")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.run(ctx, process.New("archiver", nil, io.Discard)) }()
	servertest.Eventually(t, 30*time.Second, func() bool {
		return strings.Contains(h.logged.String(), "sweep broke off")
	}, "the missing directory is told")
	if err := os.Rename(makeDir(t, missing), filepath.Join(missing, "later")); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, 30*time.Second, func() bool { return h.counted()[moved] == 1 }, "the recording is moved")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// makeDir makes a directory with a finished recording in it.
func makeDir(t *testing.T, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		t.Fatal(err)
	}
	file, old := filepath.Join(dir, "a.wav"), time.Now().Add(-time.Hour)
	if err := errors.Join(os.WriteFile(file, wav(5000, 5000), 0o600), os.Chtimes(file, old, old)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDiskRefuses has files and directories that cannot be read, and one whose files cannot be removed. It needs an
// account that file modes hold for, so as root it runs itself again without root's privileges over files.
func TestDiskRefuses(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 && os.Getenv("ARCHIVER_TEST_PLAIN_ROOT") == "" {
		again := exec.CommandContext(t.Context(), "setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner",
			os.Args[0], "-test.run=^TestDiskRefuses$", "-test.v")
		again.Env = append(os.Environ(), "ARCHIVER_TEST_PLAIN_ROOT=1")
		if output, err := again.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS: TestDiskRefuses") {
			t.Fatalf("%v\n%s", err, output)
		}
		return
	}
	h := newHouse(t, servertest.MinIO(t), 0)
	for _, name := range []string{"a.wav", "closed.wav", "shut/b.wav", "fixed/c.wav", "z.wav"} {
		h.write(name, wav(5000+len(name), 5000+len(name)), time.Hour)
	}
	for name, mode := range map[string]os.FileMode{"closed.wav": 0, "shut": 0, "fixed": 0o555} {
		path := filepath.Join(h.Dir, name)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	for i, want := range []map[outcome]int{
		{moved: 2, failed: 2}, // one cannot be read; one was copied and cannot be removed
		{failed: 2},
	} {
		got, err := h.sweep(t.Context())
		if err == nil || !strings.Contains(err.Error(), "1 directories below it are closed") {
			t.Errorf("sweep %d: %v", i, err)
		}
		for o, n := range want {
			if got.by[o] != n {
				t.Errorf("sweep %d: %d %s, want %d; log:\n%s", i, got.by[o], o, n, h.logged)
			}
		}
	}
	h.archived("a.wav", wav(5005, 5005), false)
	h.archived("z.wav", wav(5005, 5005), false)
	h.archived("fixed/c.wav", wav(5011, 5011), true)
}

// TestKilledBetweenSteps builds the archiver with its drill points and has it kill itself at each of them.
func TestKilledBetweenSteps(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "archiver")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags", "drill", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	for _, point := range []string{"archiver.uploaded", "archiver.verified"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			bucket := servertest.MinIO(t)
			h := newHouse(t, bucket, 0)
			for i := range 12 {
				h.write(name(i), wav(9000+i, 9000+i), time.Hour)
			}
			mark := filepath.Join(t.TempDir(), "mark")
			archiver := func() *exec.Cmd {
				c := exec.CommandContext(t.Context(), binary)
				c.Env = append(environ(bucket, h.Dir), "KEEP_LOCAL=0s", "DRILL_KILL_AT="+point+":4", "DRILL_MARK="+mark)
				return c
			}
			var exit *exec.ExitError
			output, err := archiver().CombinedOutput()
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it did not kill itself: %v\n%s", err, output)
			}
			if _, err := os.Stat(mark); err != nil {
				t.Fatal(err)
			}
			var both int
			for i := range 12 {
				content := h.stored(name(i))
				if !h.local(name(i)) && len(content) != 44+9000+i {
					t.Errorf("%s is neither on the disk nor whole in the store", name(i))
				}
				if h.local(name(i)) && content != nil {
					both++
				}
			}
			if both == 0 {
				t.Error("it died between no two steps: nothing is in both places")
			}
			if output, err := archiver().CombinedOutput(); err != nil {
				t.Fatalf("the second run: %v\n%s", err, output)
			}
			for i := range 12 {
				h.archived(name(i), wav(9000+i, 9000+i), false)
			}
		})
	}
	t.Run("says what is wrong", func(t *testing.T) {
		t.Parallel()
		bucket := servertest.MinIO(t)
		wrong := bucket
		wrong.SecretKey = "geheim-und-falsch"
		away := bucket
		away.Endpoint = "127.0.0.1:1"
		for _, test := range []struct {
			environ []string
			want    string
		}{
			{[]string{"ADMIN_ADDR="}, "MINIO_ENDPOINT is not set"},
			{environ(wrong, t.TempDir()), "MINIO_SECRET_KEY does not belong to MINIO_ACCESS_KEY"},
			{environ(away, t.TempDir()), "is it running, and is MINIO_ENDPOINT its address?"},
			{environ(bucket, "/nowhere"), "open RECORDINGS_DIR, which should be where the PBX writes its recordings"},
		} {
			c := exec.CommandContext(t.Context(), binary)
			c.Env = test.environ
			output, err := c.CombinedOutput()
			if err == nil || !strings.Contains(string(output), test.want) || strings.Contains(string(output), "geheim") {
				t.Errorf("exit %v, want %q in the output:\n%s", err, test.want, output)
			}
		}
	})
}

// environ is that of an archiver that sweeps once.
func environ(b servertest.Bucket, dir string) []string {
	cfg := storeConfig(b)
	return []string{
		"MINIO_ENDPOINT=" + cfg.Endpoint, "MINIO_ACCESS_KEY=" + cfg.AccessKey, "MINIO_SECRET_KEY=" + cfg.SecretKey,
		"MINIO_BUCKET=" + cfg.Bucket, "RECORDINGS_DIR=" + dir, "ARCHIVE_EVERY=0", "SETTLE=1s", "ADMIN_ADDR=",
	}
}
