package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// kit is the command and the stages beside one another, as `make build` leaves them.
type kit struct {
	t    *testing.T
	dir  string // of the binaries
	data string
	api  string
}

func newKit(t *testing.T) *kit {
	t.Helper()
	root, err := embedded.SourceTree()
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, dir: t.TempDir(), data: filepath.Join(t.TempDir(), "data")}
	k.api, err = embedded.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	for out, packages := range map[string][]string{
		k.dir + "/": {"./poller", "./enricher", "./ticketer", "./queryapi", "./archiver"}, k.dir + "/cdrflow": {"./deployments/local"},
	} {
		build := exec.Command("go", append([]string{"build", "-o", out}, packages...)...)
		build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, text)
		}
	}
	for _, name := range []string{"libchdb.so", "minio"} {
		found, err := embedded.Locate("", name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(k.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func (k *kit) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(k.dir, "cdrflow"), args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin", "HOME=" + k.data, "DATA_DIR=" + k.data, "HTTP_ADDR=" + k.api, "POLL_EVERY=1s"}
	return c
}

// run a command to its end.
func (k *kit) run(args ...string) string {
	k.t.Helper()
	out, err := k.command(args...).CombinedOutput()
	if err != nil {
		k.t.Fatalf("cdrflow %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// up starts the house and gives the function that stops it with Ctrl-C, which must take no more than ten seconds.
func (k *kit) up() (stop func()) {
	k.t.Helper()
	log, err := os.Create(filepath.Join(k.t.TempDir(), "up.log"))
	if err != nil {
		k.t.Fatal(err)
	}
	c := k.command("up")
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	said := func() string { text, _ := os.ReadFile(log.Name()); return string(text) }
	k.t.Cleanup(func() {
		_ = c.Process.Kill()
		log.Close()
		if k.t.Failed() {
			k.t.Logf("cdrflow up said:\n%s", said())
		}
	})
	servertest.Eventually(k.t, time.Minute, func() bool { return strings.Contains(said(), "ready http://"+k.api) }, "the ready line")
	return func() {
		k.t.Helper()
		asked := time.Now()
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			k.t.Fatal(err)
		}
		select {
		case err := <-ended:
			if err != nil {
				k.t.Errorf("Ctrl-C: %v", err)
			}
			k.t.Logf("stopped after %s", time.Since(asked).Round(10*time.Millisecond))
		case <-time.After(15 * time.Second):
			k.t.Fatal("Ctrl-C did not stop the house within 15 seconds")
		}
		if took := time.Since(asked); took > 10*time.Second {
			k.t.Errorf("Ctrl-C took %s, want 10 s at most", took)
		}
	}
}

func (k *kit) total(token string) int {
	h := &house{t: k.t, api: k.api}
	return h.total(token)
}

// The whole house on one machine: it starts, shows calls, tells how it is, stops on Ctrl-C and goes on where it was.
func TestHouseOnOneMachine(t *testing.T) {
	k := newKit(t)
	stop := k.up()
	token := strings.TrimSpace(k.run("token", "--org", "1,2", "--role", "supervisor"))
	k.run("simulate", "-rows", "3000", "-days", "2", "-seed", "3")
	var first int
	servertest.Eventually(t, time.Minute, func() bool { first = k.total(token); return first > 2900 }, "the calls are in the API")
	// The same number twice in a row: everything has arrived.
	servertest.Eventually(t, time.Minute, func() bool {
		before := first
		first = k.total(token)
		return first == before
	}, "no more calls arrive")
	status := k.run("status")
	for _, stage := range []string{"poller", "enricher", "ticketer", "queryapi", "archiver"} {
		if !strings.Contains(status, stage) {
			t.Errorf("status says nothing of the %s:\n%s", stage, status)
		}
	}
	if out, err := k.command("up").CombinedOutput(); err == nil {
		t.Errorf("a second house started on the same data:\n%s", out)
	}
	stop()

	stop = k.up()
	servertest.Eventually(t, time.Minute, func() bool { return k.total(token) == first }, "the same calls after a restart: "+strconv.Itoa(first))
	k.run("simulate", "-rate", "20/s", "-calls", "5", "-speed", "100", "-audio", "1s")
	servertest.Eventually(t, time.Minute, func() bool { return k.total(token) > first }, "live calls arrive")
	stop()
	if left, err := exec.Command("pgrep", "-f", k.dir).CombinedOutput(); err == nil {
		t.Errorf("processes are left: %s", fmt.Sprint(string(left)))
	}
}
