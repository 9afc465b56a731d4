package clickhouse

import (
	"errors"
	"regexp"
	"strings"
	"sync"
)

// Number is a telephone number as somebody typed it. It finds a party however the PBX wrote it: a stored number may have
// +, 00 or nothing before the country's prefix, or be national, with or without its 0.
type Number struct {
	Typed   string // as it was typed
	Pattern string // regular expression, in RE2's words, of the numbers that are meant
	Core    string // what each of these has in it
}

// ErrNumber is returned for a text that is no number.
var ErrNumber = errors.New("no telephone number")

const (
	// fewest a number may be that has a national form; a shorter one is an extension or a service, and means itself.
	fewest = 7
	// A country's prefix has one to three digits and begins with none that is 0.
	country = `[1-9][0-9]{0,2}`
	// mostDigits is more than E.164's 15, for site codes that are dialled before a number.
	mostDigits = 32
)

// What people put between digits.
var separators = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "[", "", "]", "", "/", "", "\u00a0", "", "\u2011", "", "\u202f", "")

var dialled = regexp.MustCompile(`^(_?)(\+|00|0|)([0-9*#]+)(_?)$`)

// ParseNumber reads a number typed any way: +33 1 42-68 (53) 00, 0033…, 01…, 331…, 1001, *98. An underscore at an end
// stands for anything. ErrNumber for what is none.
func ParseNumber(text string) (Number, error) {
	plain := separators.Replace(strings.Replace(text, "(0)", "", 1)) // +44 (0) 20 …: the 0 is for callers at home
	m := dialled.FindStringSubmatch(plain)
	if m == nil || len(plain) > mostDigits {
		return Number{}, ErrNumber
	}
	before, prefix, digits, after := m[1] != "", m[2], m[3], m[4] != ""
	if before || after {
		return wild(text, before, prefix, digits, after)
	}
	if len(digits) < fewest && prefix != "+" {
		return Number{text, "^" + regexp.QuoteMeta(prefix+digits) + "$", prefix + digits}, nil
	}
	return whole(text, prefix, digits), nil
}

// whole is the number in all forms that it may be stored in.
func whole(text, prefix, digits string) Number {
	forms := []string{`(\+|00)?` + regexp.QuoteMeta(digits)}
	core := digits
	if prefix != "0" {
		// It begins with a country's prefix, or may: then these are its national forms.
		for cut := 1; cut <= 3 && len(digits)-cut >= fewest; cut++ {
			core = digits[cut:]
			forms = append(forms, "0?"+regexp.QuoteMeta(core))
		}
	}
	if prefix == "0" || prefix == "" {
		forms = append(forms, "0"+regexp.QuoteMeta(digits), `(\+|00)?`+country+regexp.QuoteMeta(digits))
	}
	if prefix == "0" {
		forms[0] = regexp.QuoteMeta(digits) // a national number has no + before it
	}
	return Number{text, "^(" + strings.Join(forms, "|") + ")$", core}
}

// wild is a part of a number.
func wild(text string, before bool, prefix, digits string, after bool) (Number, error) {
	if prefix == "0" {
		prefix, digits = "", "0"+digits // as it stands: nothing tells where the country's prefix would be
	}
	n := Number{Typed: text, Core: digits}
	switch pattern := regexp.QuoteMeta(digits); {
	case before && prefix == "+":
		return Number{}, ErrNumber // nothing can stand before it
	case before:
		n.Core = prefix + digits
		n.Pattern = regexp.QuoteMeta(n.Core)
		if !after {
			n.Pattern += "$"
		}
	default:
		n.Pattern = `^(\+|00)?` + pattern
	}
	return n, nil
}

// Expressions of numbers that were asked for last; the live feed asks the same ones for every call.
var compiled = struct {
	sync.Mutex
	byPattern map[string]*regexp.Regexp
}{byPattern: map[string]*regexp.Regexp{}}

// expression of a pattern, compiled once while it is in use.
func expression(pattern string) *regexp.Regexp {
	compiled.Lock()
	defer compiled.Unlock()
	e, found := compiled.byPattern[pattern]
	if !found {
		if len(compiled.byPattern) >= 1024 {
			clear(compiled.byPattern)
		}
		e = regexp.MustCompile(pattern)
		compiled.byPattern[pattern] = e
	}
	return e
}

// Is tells whether a stored number is meant.
func (n Number) Is(stored string) bool { return expression(n.Pattern).MatchString(stored) }
