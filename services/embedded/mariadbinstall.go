package embedded

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installMariaDB makes the system tables of a new data directory. It works beside it and renames at the end, so that one
// that was interrupted is begun anew and never taken for a whole one.
func installMariaDB(ctx context.Context, data, tmp string) error {
	if _, err := os.Stat(filepath.Join(data, "mysql")); err == nil {
		return nil
	}
	if err := os.Remove(data); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("%s is neither empty nor MariaDB's: %w", data, err)
	}
	script, err := program("mariadb-install-db")
	if err != nil {
		return err
	}
	fresh := data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	install := exec.CommandContext(ctx, script,
		"--no-defaults",
		"--datadir="+fresh,
		// An account that only root's own processes reach, through the socket; nobody uses it here.
		"--auth-root-authentication-method=socket",
		"--skip-test-db",
		"--innodb-log-file-size=64M",
		// Not --user: with it the script gives a directory of the system's own MariaDB to that user.
	)
	install.Env = append(os.Environ(), "TMPDIR="+tmp)
	if output, err := install.CombinedOutput(); err != nil {
		// After an empty line follows a page of general advice.
		reason, _, _ := strings.Cut(string(output), "\n\n")
		return fmt.Errorf("run %s: %w%s", script, err, indent(reason))
	}
	return os.Rename(fresh, data)
}
