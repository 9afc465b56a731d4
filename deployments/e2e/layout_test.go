package e2e

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rules on imports hold for the rooms they name; a room they do not name would be free of them.
func TestServicesHoldsNoOtherRooms(t *testing.T) {
	t.Parallel()
	rooms := append([]string{"services/call", "services/process", "services/embedded", "services/servertest"}, doors...)
	for _, p := range packages(t) {
		if under(p.ImportPath, "services") && !under(p.ImportPath, rooms...) {
			t.Errorf("%s is neither words, nor a door, nor hearth: services/ holds nothing else", p.ImportPath)
		}
	}
}

// vague are names under which anything can be put, so that sooner or later everything is.
var vague = []string{"util", "utils", "common", "helper", "helpers", "shared", "types", "base", "manager", "misc"}

func TestNamesSayWhatIsInside(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for element := range strings.SplitSeq(p.ImportPath, "/") {
			if slices.Contains(vague, element) {
				t.Errorf("package %s: %q says nothing", p.ImportPath, element)
			}
		}
		for _, file := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles, p.IgnoredGoFiles) {
			for word := range strings.SplitSeq(strings.TrimSuffix(file, ".go"), "_") {
				if slices.Contains(vague, word) {
					t.Errorf("%s/%s: %q says nothing", p.ImportPath, file, word)
				}
			}
		}
		for _, file := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			ast.Inspect(parse(t, p, file), func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok && slices.Contains(vague, strings.ToLower(spec.Name.Name)) {
					t.Errorf("%s/%s: type %s says nothing", p.ImportPath, file, spec.Name.Name)
				}
				return true
			})
		}
	}
}

// Settings come from process.Config alone, and only process.Main ends a process: otherwise -check does not see them, and
// deferred closes do not run.
func TestOnlyProcessReadsTheEnvironmentAndExits(t *testing.T) {
	t.Parallel()
	forbidden := []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.Exit", "log.Fatal", "log.Fatalf"}
	for _, p := range packages(t) {
		if !slices.Contains(stages, p.ImportPath) && !slices.Contains(doors, p.ImportPath) && p.ImportPath != "services/call" {
			continue
		}
		for _, file := range p.GoFiles {
			ast.Inspect(parse(t, p, file), func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && slices.Contains(forbidden, x.Name+"."+s.Sel.Name) {
						t.Errorf("%s/%s calls %s.%s, which is for process alone", p.ImportPath, file, x.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// A stage is one flat package main, and its main.go is read in one look.
func TestStagesAreFlatAndMainsShort(t *testing.T) {
	t.Parallel()
	const most = 60
	for _, p := range packages(t) {
		stage, _, nested := strings.Cut(p.ImportPath, "/")
		if !slices.Contains(stages, stage) {
			continue
		}
		if nested || p.Name != "main" {
			t.Errorf("%s is package %s, want a flat package main in each stage", p.ImportPath, p.Name)
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, "main.go"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the compiler asks for a func main
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > most {
			t.Errorf("%s/main.go has %d lines, want at most %d", p.ImportPath, n, most)
		}
	}
}

func parse(t *testing.T, p listed, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
