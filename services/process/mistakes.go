package process

import (
	"errors"
	"fmt"
	"strings"
)

// ErrChecked ends a run under -check whose configuration is right: [Config] returns it, run passes it on, [Main] exits 0.
var ErrChecked = errors.New("configuration checked")

// Mistakes are all that is wrong with a configuration: a line each, naming the variable and what would be right.
type Mistakes struct {
	Lines []string
}

// Error gives the lines, one under the other.
func (m *Mistakes) Error() string {
	return strings.Join(m.Lines, "\n")
}

func (m *Mistakes) addf(format string, args ...any) {
	m.add(fmt.Sprintf(format, args...))
}

// add drops a line that is there already, and a second one about the same variable when the first is about its form: a
// number that cannot be read is not also below the minimum.
func (m *Mistakes) add(line string) {
	name := about(line)
	for _, l := range m.Lines {
		if l == line || name != "" && name == about(l) {
			return
		}
	}
	m.Lines = append(m.Lines, line)
}

// about is the variable that a line begins with, if it does. A secret and its file are one: when the file cannot be read,
// that the secret is missing goes without saying.
func about(line string) string {
	name, _, _ := strings.Cut(line, " ")
	if name != strings.ToUpper(name) {
		return ""
	}
	return strings.TrimSuffix(name, "_FILE")
}

// orNil avoids the error that is a nil pointer and yet not nil.
func (m *Mistakes) orNil() error {
	if len(m.Lines) == 0 {
		return nil
	}
	return m
}
