//go:build !drill

package process

import (
	"path/filepath"
	"testing"
)

func TestPointIsNothingInANormalBuild(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	cmd, stdout, _ := tinyCmd(t, []string{"DRILL_KILL_AT=tiny.reached", "DRILL_MARK=" + mark}, "die")
	if err := cmd.Run(); err != nil {
		t.Errorf("the program died: %v", err)
	}
	contains(t, "standard output", stdout.String(), []string{"reaching 3\n"})
}
