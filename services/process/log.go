package process

import (
	"io"
	"log/slog"
	"os"
)

// logTo gives the process its logger: JSON, or text when out is a terminal or format says so.
func (p *Process) logTo(out io.Writer, level slog.Level, format string) {
	p.logs = out
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: readable}
	var handler slog.Handler = slog.NewJSONHandler(out, opts)
	if format == "text" || format == "auto" && terminal(out) {
		handler = slog.NewTextHandler(out, opts)
	}
	p.Log = slog.New(handler).With("stage", p.Name)
	p.log.Store(p.Log) // for the goroutine of the signals, which runs while Config replaces Log
}

// readable prints a duration as 41ms: slog's JSON would give nanoseconds, which nobody reads.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
