package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
)

var messageForm = regexp.MustCompile(`^line [1-9][0-9]*(, column [1-9][0-9]*)?: .`)

// Whatever is loaded can be used, and whatever is refused says where.
func FuzzRules(f *testing.F) {
	for _, pattern := range []string{"testdata/rules.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add(documentedRules(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 20_000 {
			t.Skip()
		}
		r, err := parseRules(text)
		switch {
		case err != nil && r != nil:
			t.Error("rules and mistakes")
		case err != nil && !messageForm.MatchString(err.Error()):
			t.Errorf("a mistake without its line: %v", err)
		case err == nil:
			useAll(t, r, text)
		}
	})
}

func useAll(t *testing.T, r *rules, text []byte) {
	parents := map[uint32]uint32{}
	for i, o := range r.list() {
		if o.ID == 0 || i > 0 && r.list()[i-1].ID >= o.ID {
			t.Errorf("ids are 0, doubled or out of order: %v", r.list())
		}
		if _, err := time.LoadLocation(o.Zone); err != nil {
			t.Errorf("zone %q: %v", o.Zone, err)
		}
		parents[o.ID] = o.Parent
	}
	for id := range parents {
		steps := 0
		for p := parents[id]; p != 0; p = parents[p] {
			if _, ok := parents[p]; !ok {
				t.Fatalf("parent %d of %d does not exist", p, id)
			}
			if steps++; steps > len(parents) {
				t.Fatalf("the parents of %d run in a circle", id)
			}
		}
	}
	names := append(strings.FieldsFunc(string(text), func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(`"'[]{},:`, c) }), "", "1001", "+918065978001")
	for _, name := range names[max(0, len(names)-100):] {
		ask(t, r, name)
	}
	for _, o := range r.list() {
		for hour := range 24 * 8 {
			r.afterHours(o.ID, time.Date(2026, 3, 25, hour, 17, 0, 0, time.UTC))
		}
	}
}

// ask everything about a name, and compare what must agree.
func ask(t *testing.T, r *rules, name string) {
	if org, ok := r.didOrg(name); ok && (!r.isDID(name) || org == 0 || r.isUnassigned(didName, name)) {
		t.Errorf("did %q is of organisation %d and is not listed, or is unassigned", name, org)
	}
	if r.isUnassigned(didName, name) && !r.isDID(name) {
		t.Errorf("did %q is unassigned and not listed", name)
	}
	if org, ok := r.trunkOrg(name); ok && (!r.isTrunk(name) || org == 0 || r.isUnassigned(trunkName, name)) {
		t.Errorf("trunk %q is of organisation %d and is not listed, or is unassigned", name, org)
	}
	if org, ok := r.extensionOwner(name); ok {
		if _, _, known := r.extension(org, name); !known || !r.isListedExtension(name) || r.isUnassigned(extensionName, name) {
			t.Errorf("extension %q is of organisation %d, which does not know it", name, org)
		}
	}
	if r.isUnassigned(extensionName, name) && !r.isListedExtension(name) {
		t.Errorf("extension %q is unassigned and not listed", name)
	}
	if org, ok := r.contextOrg(name); ok && org == 0 {
		t.Errorf("context %q is of organisation 0", name)
	}
	_ = r.contextKind(name).String()
	r.isUnassigned(accountcodeName, name)
	r.isWithheldWord(name)
	r.numbering(name, name)
	r.queue(1, name)
	for _, p := range r.hangupPatterns() {
		p.FindStringSubmatch(name)
		if p.SubexpIndex("source") < 0 && p.SubexpIndex("cause") < 0 {
			t.Errorf("%s has neither group", p)
		}
	}
}
