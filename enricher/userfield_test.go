package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The forms stand in testdata/userfield.txt.
func TestUserfield(t *testing.T) {
	t.Parallel()
	for _, row := range readTable(t, "userfield.txt", 70) {
		var patterns []*regexp.Regexp
		if row["pattern"] != "" {
			patterns = append(patterns, regexp.MustCompile(row["pattern"]))
		}
		a, b := parseHangup(row["userfield"], patterns)
		for name, got := range map[string]string{"=a_source": a.source, "=a_cause": a.cause, "=b_source": b.source, "=b_cause": b.cause} {
			if want := row[name]; got != want {
				t.Errorf("%s (%s): %s of %q is %q, want %q", row["line"], row["what"], name[1:], row["userfield"], got, want)
			}
		}
	}
}

// The first of several patterns that finds something counts.
func TestSeveralHangupPatterns(t *testing.T) {
	t.Parallel()
	patterns := []*regexp.Regexp{regexp.MustCompile(`^X(?P<cause>\d+)$`), regexp.MustCompile(`^Y(?P<cause>\d+)$`)}
	if a, b := parseHangup("Y17", patterns); a != (hangup{cause: "17"}) || b != (hangup{}) {
		t.Errorf("%+v, %+v", a, b)
	}
}

// Whatever stands in userfield: a source stands in it and looks like a channel, a cause is one and stands in it.
func FuzzUserfield(f *testing.F) {
	for _, row := range readTable(f, "userfield.txt", 70) {
		f.Add(row["userfield"])
	}
	own := []*regexp.Regexp{regexp.MustCompile(`(?P<source>\S+)!(?P<cause>\S+)`)}
	f.Fuzz(func(t *testing.T, userfield string) {
		for _, patterns := range [][]*regexp.Regexp{nil, own} {
			a, b := parseHangup(userfield, patterns)
			for _, h := range []hangup{a, b} {
				if n, ok := causeNumber(h.cause); h.cause != "" && (!ok || n > 127 || reason(h.cause) == "" || !strings.Contains(userfield, h.cause)) {
					t.Errorf("%q: cause %q", userfield, h.cause)
				}
				if h.source == "" {
					continue
				}
				if c, ok := parseChannel(h.source); !ok && !c.internal && !strings.Contains(h.source, "/") {
					t.Errorf("%q: source %q", userfield, h.source)
				}
				if !said(userfield, h.source) {
					t.Errorf("%q does not say the source %q", userfield, h.source)
				}
			}
		}
	})
}

// said tells whether a text holds a source as it is, URL-encoded, or escaped as JSON is.
func said(text, source string) bool {
	if strings.Contains(text, source) || strings.ContainsAny(text, `\`) && strings.Contains(text, "{") {
		return true
	}
	decoded, err := url.PathUnescape(text)
	return err != nil || strings.Contains(decoded, source)
}

func BenchmarkUserfield(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if h, _ := parseHangup("hangupsource=PJSIP/tata_gateway-0000002b|hangupcause=16;callee=tata_gateway", nil); h.cause != "16" {
			b.Fatal(h)
		}
	}
}
