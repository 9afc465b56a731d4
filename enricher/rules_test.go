package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file in testdata/bad holds one mistake, which its name says; its first line is what the message must contain.
func TestRulesNameTheirMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
			if _, err := loadRules(file); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want …%s…", err, want)
			}
		})
	}
	if _, err := loadRules("testdata/none.yaml"); err == nil || !strings.Contains(err.Error(), "read RULES_FILE: open testdata/none.yaml: no such file") {
		t.Errorf("missing file: %v", err)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parseRules([]byte("organisations: [{name: a, extensions: [x]}, {id: 2, channels: ['(']}]"))
	for _, want := range []string{"organisations[0] (a): id is missing", `extension "x", want`, "channel pattern"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
}

func FuzzRules(f *testing.F) {
	text, err := os.ReadFile("testdata/rules.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseRules(text); err == nil && r == nil {
			t.Error("neither rules nor a mistake")
		}
	})
}
