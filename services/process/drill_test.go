//go:build drill

package process

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestPointKillsOnceForAMark(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at      string
		reached int // how many times the point is reached before the first run dies there; 0: it does not die
	}{
		{"tiny.reached", 1},
		{"tiny.reached:1", 1},
		{"tiny.reached:3", 3},
		{"tiny.reached:4", 0},
		{"tiny.other", 0},
		{"", 0},
	}
	for _, tt := range tests {
		t.Run(tt.at, func(t *testing.T) {
			t.Parallel()
			environ := []string{"DRILL_KILL_AT=" + tt.at, "DRILL_MARK=" + filepath.Join(t.TempDir(), "mark")}
			cmd, stdout, _ := tinyCmd(t, environ, "die")
			err := cmd.Run()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if killed := status.Signaled() && status.Signal() == syscall.SIGKILL; killed != (tt.reached > 0) {
				t.Errorf("killed %v (%v), want %v", killed, err, tt.reached > 0)
			}
			if n := strings.Count(stdout.String(), "reaching"); tt.reached > 0 && n != tt.reached {
				t.Errorf("died the time number %d, want %d", n, tt.reached)
			}

			again, stdout, _ := tinyCmd(t, environ, "die")
			if err := again.Run(); err != nil {
				t.Errorf("with the mark there the process died again: %v", err)
			}
			contains(t, "standard output", stdout.String(), []string{"reaching 3\n"})
		})
	}
}

func TestPointNeedsAMark(t *testing.T) {
	t.Parallel()
	cmd, _, _ := tinyCmd(t, []string{"DRILL_KILL_AT=tiny.reached"}, "die")
	if err := cmd.Run(); err != nil {
		t.Errorf("without DRILL_MARK a restart would die for ever, yet: %v", err)
	}
}
