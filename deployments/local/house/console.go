package house

import (
	"fmt"
	"io"
	"os"
)

// Console is what everybody in the house writes to: lines with the writer's name before them, in its colour.
type Console struct {
	out    io.Writer
	colour bool
}

// NewConsole writes to out, which must take whole lines from many goroutines, as an *os.File does. There is colour on a
// terminal alone, and not where NO_COLOR says so.
func NewConsole(out io.Writer, noColour bool) *Console {
	return &Console{out: out, colour: !noColour && terminal(out)}
}

func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colours of those who speak: the house itself bold, servers dim, each stage its own.
var colours = map[string]string{
	"cdrflow": "1", "nats": "90", "clickhouse": "90", "mariadb": "90", "minio": "90", "logsupdate": "90",
	"poller": "36", "enricher": "32", "ticketer": "33", "queryapi": "34", "archiver": "35", "simulate": "95",
}

// Prefix is what stands before each line of name.
func (c *Console) Prefix(name string) string {
	text := fmt.Sprintf("%-10s | ", name)
	if colour := colours[name]; c.colour && colour != "" {
		return "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	return text
}

// Say writes a line of the house's own.
func (c *Console) Say(format string, args ...any) {
	fmt.Fprintf(c.out, "%s%s\n", c.Prefix("cdrflow"), fmt.Sprintf(format, args...))
}

// Writer is for somebody in this process who writes whole lines.
func (c *Console) Writer(name string) io.Writer { return prefixed{c, c.Prefix(name)} }

type prefixed struct {
	console *Console
	prefix  string
}

func (p prefixed) Write(line []byte) (int, error) {
	_, err := fmt.Fprintf(p.console.out, "%s%s", p.prefix, line)
	return len(line), err
}
