package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// TestKilledBetweenPostAndAcknowledge builds the ticketer with its drill points and has it kill itself there. What it
// posted comes again, with the same keys, and is known.
func TestKilledBetweenPostAndAcknowledge(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), stage)
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags", "drill", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	l := newLogsUpdate(t, nil)
	r := newRoom(t)
	mark := filepath.Join(t.TempDir(), "mark")
	const events = 40
	for id := uint64(1); id <= events; id++ {
		r.tell(fresh(id))
	}
	ticketer := func() *exec.Cmd {
		c := exec.CommandContext(t.Context(), binary)
		c.Env = []string{
			"NATS_URL=" + r.url, "LOGSUPDATE_URL=" + l.URL, "LOGSUPDATE_TIMEOUT=1s", "ADMIN_ADDR=",
			"DRILL_KILL_AT=ticketer.posted", "DRILL_MARK=" + mark,
		}
		return c
	}
	var exit *exec.ExitError
	output, err := ticketer().CombinedOutput()
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it did not kill itself: %v\n%s", err, output)
	}
	posted := l.count()
	if _, err := os.Stat(mark); err != nil || posted == 0 {
		t.Fatalf("it posted %d calls before it died; mark: %v", posted, err)
	}

	second := ticketer()
	var said strings.Builder
	second.Stdout, second.Stderr = &said, &said
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	servertest.Eventually(t, 2*time.Minute, func() bool {
		again := 0
		for id := uint64(1); id <= events; id++ {
			if l.askedFor("call-"+text(id)) > 1 {
				again++
			}
		}
		return l.count() == events && again >= posted
	}, "every call has its ticket, and what was posted was posted again")
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the second run ended with %v\n%s", err, said.String())
	}
	l.check(t)
}
