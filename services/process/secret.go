package process

import (
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

const hidden = "***"

// readFile takes a secret from the file that NAME_FILE names, as Kubernetes mounts it. It reports whether there is
// something left to read: after a mistake with the file, a second complaint that the value is missing would mislead.
func (s *setting) readFile(environ map[string]string, m *Mistakes) bool {
	path := environ[s.name+"_FILE"]
	if s.secret == "" || path == "" {
		return true
	}
	if environ[s.name] != "" {
		m.addf("%s and %s_FILE are both set, want one of them", s.name, s.name)
		return false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		m.addf("%s_FILE cannot be read, want the path of a file that holds %s: %v", s.name, s.name, err)
		return false
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if value == "" && s.required {
		m.addf("%s_FILE names %s, which is empty", s.name, path)
		return false
	}
	environ[s.name] = value
	return true
}

// shown is the value as it may be printed.
func (s *setting) shown() string {
	value := fmt.Sprint(s.value.Interface())
	if s.value.Kind() == reflect.Slice {
		value = strings.Trim(strings.Join(strings.Fields(value), ","), "[]")
	}
	switch {
	case value == "" || s.secret == "":
		return value
	case s.secret == "dsn":
		return Masked(value)
	default:
		return hidden
	}
}

// scrub hides the secret in a message: as it is, as quoting escapes it, and the password by itself.
func (s *setting) scrub(text, value string) string {
	if s.secret == "" {
		return text
	}
	shown := hidden
	if s.secret == "dsn" {
		shown = Masked(value)
	}
	for _, form := range []string{value, strings.Trim(strconv.Quote(value), `"`), passwordOf(value)} {
		if len(form) >= 4 { // a shorter one would blank out words by accident
			text = strings.ReplaceAll(text, form, shown)
		}
		shown = hidden
	}
	return text
}

// Redacted is a configuration that can be printed and logged: secrets are hidden, data source names lose their password.
// Config is a struct or a pointer to one. String gives a line NAME=value for each setting; as a log attribute it is a
// group.
func Redacted(config any) Printable {
	return Printable{config: config}
}

// Printable is what [Redacted] makes.
type Printable struct{ config any }

// String lists the settings, a line each.
func (r Printable) String() string {
	var b strings.Builder
	for _, s := range r.settings() {
		fmt.Fprintf(&b, "%s=%s\n", s.name, s.shown())
	}
	return b.String()
}

// LogValue gives the settings as a group.
func (r Printable) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, s := range r.settings() {
		attrs = append(attrs, slog.String(s.name, s.shown()))
	}
	return slog.GroupValue(attrs...)
}

func (r Printable) settings() []setting {
	v := reflect.ValueOf(r.config)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	return settings(v)
}

var (
	nextURL   = regexp.MustCompile(`,[A-Za-z][A-Za-z0-9+.-]*://`)
	passParam = regexp.MustCompile(`(?i)([?&;](?:pass|passwd|password|pwd|token|secret|jwt|api_?key|access_?key)=)[^&;]*`)
	plain     = regexp.MustCompile(`^[\w.\[\]:-]*(/[\w.-]*)?$`)
)

// Masked hides the password in a data source name or URL: user:***@host. It knows URLs, comma-separated lists of them,
// and the MySQL driver's user:password@tcp(host)/db. When in doubt it hides too much: whatever stands before the last @
// may be part of a password that was not escaped.
func Masked(dsn string) string {
	if at := nextURL.FindStringIndex(dsn); at != nil {
		return Masked(dsn[:at[0]]) + "," + Masked(dsn[at[0]+1:])
	}
	scheme, rest := cutScheme(dsn)
	at := strings.LastIndexByte(rest, '@')
	user, _, withPassword := strings.Cut(rest[:max(at, 0)], ":")
	switch {
	case at >= 0 && withPassword:
		rest = user + ":" + hidden + rest[at:]
	case at >= 0 && scheme != "": // nats://token@host: a lone name may be the secret
		rest = hidden + rest[at:]
	case at < 0 && scheme == "" && !plain.MatchString(rest):
		return hidden // no form that is known
	}
	return scheme + passParam.ReplaceAllString(rest, "${1}"+hidden)
}

// passwordOf gives what stands between the user's name and the last @.
func passwordOf(dsn string) string {
	_, rest := cutScheme(dsn)
	_, password, _ := strings.Cut(rest[:max(strings.LastIndexByte(rest, '@'), 0)], ":")
	return password
}

func cutScheme(dsn string) (scheme, rest string) {
	if i := strings.Index(dsn, "://"); i >= 0 {
		return dsn[:i+3], dsn[i+3:]
	}
	return "", dsn
}
