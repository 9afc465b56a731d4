package main

import (
	"strings"
	"testing"
)

// The grammar stands in testdata/channels.txt.
func TestChannels(t *testing.T) {
	t.Parallel()
	for _, row := range readTable(t, "channels.txt", 50) {
		c, ok := parseChannel(row["name"])
		kind, half := "none", ""
		switch {
		case ok:
			kind = "party"
		case c.internal:
			kind = "internal"
		}
		if c.half != 0 {
			half = string(c.half)
		}
		for name, got := range map[string]string{
			"=kind": kind, "=tech": c.tech, "=endpoint": c.endpoint, "=context": c.context, "=half": half, "=base": c.base,
		} {
			if want := row[name]; got != want {
				t.Errorf("%s: %s of %q is %q, want %q", row["line"], name[1:], row["name"], got, want)
			}
		}
	}
}

// Whatever stands in a row's channel columns: what is read out of it stands in it, and halves of a pair have one base.
func FuzzChannel(f *testing.F) {
	for _, row := range readTable(f, "channels.txt", 50) {
		f.Add(row["name"])
	}
	f.Fuzz(func(t *testing.T, name string) {
		c, ok := parseChannel(name)
		switch {
		case ok && (c.endpoint == "" || c.tech == "" || c.internal):
			t.Errorf("%q is a party without a name: %+v", name, c)
		case !ok && c.endpoint != "":
			t.Errorf("%q is no party but has the endpoint %q", name, c.endpoint)
		case !strings.Contains(name, c.endpoint) || !strings.Contains(name, c.context) || !strings.Contains(name, c.base):
			t.Errorf("%q does not say %+v", name, c)
		case ok && !strings.HasPrefix(c.base, c.tech+"/"):
			t.Errorf("%q: base %q is not of technology %q", name, c.base, c.tech)
		case strings.HasSuffix(c.base, "<ZOMBIE>"), strings.HasPrefix(c.base, "AsyncGoto/") && ok:
			t.Errorf("%q: base %q still has what was put around it", name, c.base)
		}
		if !ok || c.half != 0 {
			return
		}
		one, _ := parseChannel(c.base + ";1")
		two, _ := parseChannel(c.base + ";2")
		if one.base != c.base || two.base != c.base || one.half != '1' || two.half != '2' || one.endpoint != two.endpoint {
			t.Errorf("the halves of %q are %+v and %+v", c.base, one, two)
		}
	})
}

func BenchmarkChannel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if c, ok := parseChannel("Local/1008@from-queue-00000009;1"); !ok || c.endpoint != "1008" {
			b.Fatal(c)
		}
		if c, ok := parseChannel("PJSIP/tata_gateway-0000002b"); !ok || c.endpoint != "tata_gateway" {
			b.Fatal(c)
		}
	}
}
