package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

var (
	namedFile  = regexp.MustCompile("`([a-z][a-z0-9_.-]*/[A-Za-z0-9_./-]+)`")
	linkedFile = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

// Documents name the files that do what they describe; a file that moved takes its documents with it.
func TestDocumentsNameFilesThatExist(t *testing.T) {
	t.Parallel()
	root, err := embedded.SourceTree()
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "services/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	checked := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		exists := func(name, path string) {
			checked++
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s names %s, which does not exist", filepath.Base(document), name)
			}
		}
		for _, m := range namedFile.FindAllStringSubmatch(string(text), -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if info, err := os.Stat(filepath.Join(root, first)); err == nil && info.IsDir() {
				exists(m[1], filepath.Join(root, m[1]))
			}
		}
		for _, m := range linkedFile.FindAllStringSubmatch(string(text), -1) {
			exists(m[1], filepath.Join(filepath.Dir(document), m[1]))
		}
	}
	if checked < 40 {
		t.Errorf("%d names checked, want 40 at least: the patterns see too little", checked)
	}
}
