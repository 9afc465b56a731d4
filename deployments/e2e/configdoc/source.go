package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/cdrflow/cdrflow/"

// setting is one field with an env tag.
type setting struct {
	name, fallback, doc string
	required, secret    bool
}

// source reads packages without building them: a comment is all that is wanted, and reflection has none.
type source struct {
	root     string
	packages map[string]*pkg
}

// pkg is one folder: its struct types, and for each the file's imports by local name.
type pkg struct {
	dir     string
	structs map[string]*ast.StructType
	imports map[string]map[string]string
}

func newSource(root string) *source {
	return &source{root: root, packages: map[string]*pkg{}}
}

// settings lists the settings of the struct in dir, those of nested structs where they stand. Without a name it takes
// every struct there that no other one holds, the one called config first: a binary's commands may have their own. A
// folder that does not exist has no settings.
func (s *source) settings(dir, name string) ([]setting, error) {
	p, err := s.load(dir)
	if err != nil {
		return nil, err
	}
	roots := []string{name}
	if name == "" {
		roots = p.roots()
	}
	var list []setting
	var errs []error
	for _, r := range roots {
		found, err := s.walk(p, r)
		errs = append(errs, err)
		for _, f := range found {
			if !slices.ContainsFunc(list, func(l setting) bool { return l.name == f.name }) {
				list = append(list, f)
			}
		}
	}
	return list, errors.Join(errs...)
}

func (s *source) load(dir string) (*pkg, error) {
	if p := s.packages[dir]; p != nil {
		return p, nil
	}
	p := &pkg{dir: dir, structs: map[string]*ast.StructType{}, imports: map[string]map[string]string{}}
	entries, err := os.ReadDir(filepath.Join(s.root, dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(s.root, dir, e.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.add(file)
	}
	s.packages[dir] = p
	return p, nil
}

func (p *pkg) add(file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		target, _ := strconv.Unquote(i.Path.Value)
		local := path.Base(target)
		if i.Name != nil {
			local = i.Name.Name
		}
		imports[local] = target
	}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok {
				if body, ok := t.Type.(*ast.StructType); ok {
					p.structs[t.Name.Name], p.imports[t.Name.Name] = body, imports
				}
			}
		}
	}
}

// roots are the structs that no other struct of the package holds, config first.
func (p *pkg) roots() []string {
	held := map[string]bool{}
	for _, body := range p.structs {
		for _, f := range body.Fields.List {
			if id, ok := f.Type.(*ast.Ident); ok {
				held[id.Name] = true
			}
		}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p.structs)) {
		if !held[name] && name != "config" && p.configures(name) {
			list = append(list, name)
		}
	}
	if p.structs["config"] != nil {
		list = slices.Insert(list, 0, "config")
	}
	return list
}

// configures reports whether a struct other than config is one: it has an env tag of its own.
func (p *pkg) configures(name string) bool {
	return slices.ContainsFunc(p.structs[name].Fields.List, func(f *ast.Field) bool {
		return tagOf(f).Get("env") != ""
	})
}

// walk lists the settings of one struct.
func (s *source) walk(p *pkg, name string) ([]setting, error) {
	body := p.structs[name]
	if body == nil {
		return nil, nil
	}
	var list []setting
	var errs []error
	for _, f := range body.Fields.List {
		if tag := tagOf(f); tag.Get("env") != "" {
			one, err := p.leaf(f, tag)
			list, errs = append(list, one), append(errs, err)
			continue
		}
		nested, err := s.nested(p, name, f.Type)
		list, errs = append(list, nested...), append(errs, err)
	}
	return list, errors.Join(errs...)
}

// nested follows a field into a struct of the same package or of another one of ours.
func (s *source) nested(p *pkg, holder string, t ast.Expr) ([]setting, error) {
	switch t := t.(type) {
	case *ast.Ident:
		return s.walk(p, t.Name)
	case *ast.SelectorExpr:
		local, ok := t.X.(*ast.Ident)
		if !ok {
			return nil, nil
		}
		dir, ours := strings.CutPrefix(p.imports[holder][local.Name], module)
		if !ours {
			return nil, nil
		}
		other, err := s.load(dir)
		if err != nil {
			return nil, err
		}
		return s.walk(other, t.Sel.Name)
	}
	return nil, nil
}

func (p *pkg) leaf(f *ast.Field, tag reflect.StructTag) (setting, error) {
	name, options, _ := strings.Cut(tag.Get("env"), ",")
	one := setting{
		name:     name,
		fallback: tag.Get("envDefault"),
		doc:      strings.Join(strings.Fields(f.Doc.Text()), " "),
		required: strings.Contains(options, "required") || strings.Contains(options, "notEmpty"),
		secret:   tag.Get("secret") != "",
	}
	if !strings.HasSuffix(one.doc, ".") {
		return one, fmt.Errorf("%s: the field of %s has no comment of whole sentences above it; it is the documentation", p.dir, name)
	}
	return one, nil
}

func tagOf(f *ast.Field) reflect.StructTag {
	if f.Tag == nil {
		return ""
	}
	text, _ := strconv.Unquote(f.Tag.Value)
	return reflect.StructTag(text)
}
