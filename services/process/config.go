package process

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
)

// Config reads the environment into T, starts what depends on it (log level, memory limit, admin address) and returns T.
//
// Fields carry the tags of github.com/caarlos0/env: `env:"BATCH_ROWS" envDefault:"20000"`, `env:"NATS_URL,required"`; an
// empty value counts as none. Three more are known here. `secret:"true"` hides the value wherever a configuration is
// printed and lets NAME_FILE name a file that holds it; `secret:"dsn"` does the same, but hides the password alone.
// `want:"…"` says in messages what would be right, where the type does not say enough. `empty:"keep"` takes NAME= at its
// word, as empty, where there is a default. Structs inside T, such as a door's Config, are read with it.
//
// Then Validate() error is called on every struct of T that has it, and on T: also the place to load what the settings
// point to, such as a rules file, so that -check covers it. All that is wrong comes back as one [Mistakes]: values that
// cannot be read, missing ones, complaints, secret files, and names that are nearly right.
//
// Under -check it prints the result without secrets and returns [ErrChecked].
func Config[T any](p *Process) (T, error) {
	var every house
	var config T
	if err := p.load(&every, &config); err != nil {
		return config, err
	}
	if p.check {
		fmt.Fprintf(p.Out, "%s%s", Redacted(&every), Redacted(&config))
		return config, ErrChecked
	}
	p.logTo(p.logs, every.LogLevel, every.LogFormat)
	every.limitMemory()
	if p.command {
		return config, nil
	}
	p.Log.Info("start", "version", version(p.Name))
	return config, p.startAdmin(every.AdminAddr)
}

// load fills the structs that parts point to and gathers every mistake on the way.
func (p *Process) load(parts ...any) error {
	var m Mistakes
	var all []setting
	environ := maps.Clone(p.environ)
	for _, part := range parts {
		all = append(all, settings(reflect.ValueOf(part).Elem())...)
	}
	for _, s := range all {
		if s.readFile(environ, &m) {
			s.read(environ, &m)
		}
	}
	for _, part := range parts {
		for _, v := range validators(reflect.ValueOf(part).Elem()) {
			for _, line := range lines(v.Validate()) {
				m.add(line)
			}
		}
	}
	for _, line := range nearMisses(slices.Sorted(maps.Keys(p.environ)), names(all), houseNames()) {
		m.add(line)
	}
	// A complaint may quote what it was given, and what it was given may be a password.
	for i := range m.Lines {
		for _, s := range all {
			m.Lines[i] = s.scrub(m.Lines[i], environ[s.name])
		}
	}
	return m.orNil()
}

// read parses one field. The library is given one field at a time since its errors name the Go field, not the variable.
func (s *setting) read(environ map[string]string, m *Mistakes) {
	value, set := environ[s.name]
	switch {
	case value == "" && s.required:
		s.missing(m)
		return
	case set && value == "" && s.field.Tag.Get("empty") == "keep":
		return // the library would take the default
	}
	field := s.field
	field.Index, field.Offset, field.Anonymous = nil, 0, false
	one := reflect.New(reflect.StructOf([]reflect.StructField{field}))
	err := env.ParseWithOptions(one.Interface(), env.Options{Environment: environ, FuncMap: wholeInts})
	if err != nil {
		m.add(s.unreadable(value, err))
		return
	}
	s.value.Set(one.Elem().Field(0))
}

// wholeInts reads an int with all its bits; the library stops at 32.
var wholeInts = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[int](): func(v string) (any, error) { return strconv.Atoi(v) },
}

func (s *setting) missing(m *Mistakes) {
	line := s.name + " is not set"
	if s.want != "" {
		line += ", want " + s.want
	}
	if s.secret != "" {
		line += " (or its path in " + s.name + "_FILE)"
	}
	m.add(line)
}

func (s *setting) unreadable(value string, err error) string {
	if parse := (env.ParseError{}); errors.As(err, &parse) {
		err = parse.Err
	}
	switch {
	case s.want == "":
		return fmt.Sprintf("%s is %s: %v", s.name, s.quote(value), err)
	case errors.Is(err, strconv.ErrRange):
		return fmt.Sprintf("%s is %s, want %s within the range of %s", s.name, s.quote(value), s.want, s.field.Type)
	default:
		return fmt.Sprintf("%s is %s, want %s", s.name, s.quote(value), s.want)
	}
}

// quote shows a value in a message, unless it is secret.
func (s *setting) quote(value string) string {
	if s.secret != "" {
		return "not readable"
	}
	const most = 80
	if len(value) > most {
		cut := most
		for !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut] + "…"
	}
	return strconv.Quote(value)
}

// lines takes a joined error apart; the parts may hold several lines each.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
}

func names(all []setting) []string {
	var list []string
	for _, s := range all {
		list = append(list, s.name)
		if s.secret != "" {
			list = append(list, s.name+"_FILE")
		}
	}
	return list
}
