//go:build drill

package process

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// drill reads the environment itself, once: these two names exist only in drill builds, so no configuration knows them.
var drill = sync.OnceValue(func() *order {
	o := &order{point: os.Getenv("DRILL_KILL_AT"), mark: os.Getenv("DRILL_MARK"), at: 1}
	if name, times, ok := cutLast(o.point, ":"); ok {
		if n, err := strconv.ParseInt(times, 10, 64); err == nil {
			o.point, o.at = name, n
		}
	}
	return o
})

type order struct {
	point, mark string
	at          int64
	reached     atomic.Int64
}

// Point kills the process at the point that DRILL_KILL_AT names ("name", or "name:3" for the third time it is reached),
// unless the file DRILL_MARK exists, which is created just before dying. See the normal build for the whole story.
func Point(name string) {
	o := drill()
	if name != o.point || o.mark == "" || o.reached.Add(1) < o.at {
		return
	}
	// The exclusive create lets one of several workers die for the point, and none once it has been done.
	f, err := os.OpenFile(o.mark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(name + "\n")
	_ = f.Close()
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way; nothing after the point may happen
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
