package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// A poller that is killed leaves its lease behind; the one that stands by takes over within seconds, and no row is lost or
// doubled.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "poller")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the poller: %v\n%s", err, out)
	}
	s := newSite(t, asteriskDDL)
	s.insert(100)
	log := s.read()
	first := exec.CommandContext(t.Context(), binary)
	first.Env = s.environ("LOOK_BACK=0s")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	log.wants(call.KindPage, span(1, 100))
	standby := s.poll("LOOK_BACK=0s")
	s.insert(50)
	log.wants(call.KindPage, span(1, 150))
	if standby.metric("poller_polling") != 0 {
		t.Fatal("both poll")
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	killed := time.Now()
	s.insert(50)
	log.wants(call.KindPage, span(1, 200))
	if took := time.Since(killed); took > 20*time.Second {
		t.Errorf("it took over after %s", took)
	}
	servertest.Eventually(t, soon, func() bool { return standby.metric("poller_polling") == 1 }, "the standby polls")
}
