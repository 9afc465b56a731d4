package embedded

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	tailLines = 20
	lineLimit = 64 << 10
)

// lines passes on whole lines with a prefix, so that the output of several children does not mix within a line, and
// remembers the last of them for error messages.
type lines struct {
	to     io.Writer
	prefix []byte

	mu   sync.Mutex
	part []byte   // a line that has no end yet
	last []string // without prefix, oldest first
}

// Write never fails: a child must not die of SIGPIPE because nobody reads its log any more.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	var out []byte
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		l.part = append(l.part, line...)
		p = rest
		if whole || len(l.part) >= lineLimit {
			out = l.end(out)
		}
	}
	l.pass(out)
	return n, nil
}

func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.pass(l.end(nil))
	}
}

func (l *lines) end(out []byte) []byte {
	out = append(out, l.prefix...)
	out = append(out, l.part...)
	out = append(out, '\n')
	if len(l.last) == tailLines {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, string(l.part))
	l.part = l.part[:0]
	return out
}

func (l *lines) pass(out []byte) {
	if l.to != nil && len(out) > 0 {
		_, _ = l.to.Write(out)
	}
}

func (l *lines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "\n  | " + strings.ReplaceAll(text, "\n", "\n  | ")
}
