package process

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// house is what every binary is told, beside its own settings.
type house struct {
	// How much is logged: debug, info, warn or error.
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"info" want:"debug, info, warn or error"`
	// How it is logged: json, text, or auto, which is text on a terminal and JSON elsewhere.
	LogFormat string `env:"LOG_FORMAT" envDefault:"auto"`
	// Where /livez, /readyz and /metrics are served, as host:port. Set to nothing (ADMIN_ADDR=) there is no such server.
	AdminAddr string `env:"ADMIN_ADDR" envDefault:":9464" empty:"keep"`
	// Soft limit of the process's memory, such as 100MiB or 1GiB: the garbage collector works harder as it is approached.
	// 0 sets none; Go's own GOMEMLIMIT wins where it is set.
	MemoryLimit Bytes `env:"MEMORY_LIMIT" envDefault:"100MiB" want:"a size such as 100MiB, or 0 for none"`
}

func (h *house) Validate() error {
	var m Mistakes
	switch h.LogFormat {
	case "json", "text", "auto":
	default:
		m.addf("LOG_FORMAT is %q, want json, text or auto", h.LogFormat)
	}
	if h.AdminAddr != "" {
		if _, _, err := net.SplitHostPort(h.AdminAddr); err != nil {
			m.addf("ADMIN_ADDR is %q, want host:port such as :9464", h.AdminAddr)
		}
	}
	// Below this the runtime spends its time collecting and the process crawls.
	if h.MemoryLimit != 0 && h.MemoryLimit < 16<<20 {
		m.addf("MEMORY_LIMIT is %s, want at least 16MiB, or 0 for none", h.MemoryLimit)
	}
	return m.orNil()
}

func (h *house) limitMemory() {
	if h.MemoryLimit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(h.MemoryLimit))
	}
}

// Bytes is a size in a setting: a whole number with the unit B, KiB, MiB or GiB, or none for bytes.
type Bytes int64

var units = []struct {
	name string
	size int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads "512KiB", "100 MiB" or "1048576".
func (b *Bytes) UnmarshalText(text []byte) error {
	number, size := strings.TrimSpace(string(text)), int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, size = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/size {
		return fmt.Errorf("read size %q: want a number with B, KiB, MiB or GiB", text)
	}
	*b = Bytes(n * size)
	return nil
}

// String writes the size in the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range units {
		if n := int64(b); n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return "0"
}
