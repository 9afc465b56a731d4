package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder fills the form of a rules file (rulesfile.go) from YAML nodes rather than by the YAML package's own way, so that
// every mistake is found and has its line. It is strict: an unknown key is a mistake, since a misspelt one would silently
// show calls to the wrong people.
type decoder struct {
	mistakes
	seen map[string]bool // every key that stands in the file, as organisations.hours.open
}

// irregular is a value that may be written in more than one way and reads itself.
type irregular interface {
	read(d *decoder, n *yaml.Node, path string)
}

// decodeRules reads the first document, which should be the only one, into f.
func (d *decoder) decodeRules(text []byte, f *rulesFile) {
	d.seen = map[string]bool{}
	reader := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	switch err := reader.Decode(&document); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		d.list = append(d.list, notYAML(text, err))
		return
	}
	d.value(document.Content[0], "", reflect.ValueOf(f).Elem())
	switch err := reader.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.list = append(d.list, notYAML(text, err))
	case !isNull(second.Content[0]):
		d.addf(spotOfNode(second.Content[0]), "a second document begins here, want one: take the line --- out")
	}
}

func (d *decoder) value(n *yaml.Node, path string, into reflect.Value) {
	if n = named(n); isNull(n) {
		return // a key with nothing behind it is as good as none
	}
	if v, ok := into.Addr().Interface().(irregular); ok {
		v.read(d, n, path)
		return
	}
	d.regular(n, path, into)
}

func (d *decoder) regular(n *yaml.Node, path string, into reflect.Value) {
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, path, into.Elem())
	case reflect.Slice:
		d.items(n, path, into)
	case reflect.Struct:
		d.keys(n, path, into)
	default:
		panic("rulesFile has a field of kind " + into.Kind().String())
	}
}

func (d *decoder) items(n *yaml.Node, path string, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.addf(spotOfNode(n), "%s is %s, want a list: [a, b], or lines that begin with a dash", path, kindOf(n))
		return
	}
	for i, item := range n.Content {
		if isNull(named(item)) {
			d.addf(spotOfNode(item), "%s[%d] is empty, take it out", path, i)
			continue
		}
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(item, fmt.Sprintf("%s[%d]", path, i), v)
		if w, ok := v.Addr().Interface().(*word); ok && !w.given() {
			if w.line > 0 {
				d.addf(w.spot, "%s[%d] is empty, take it out", path, i)
			}
			continue
		}
		into.Set(reflect.Append(into, v))
	}
}

// keys of a mapping, each into the field that bears its name.
func (d *decoder) keys(n *yaml.Node, path string, into reflect.Value) {
	fields, names := fieldsOf(into)
	if n.Kind != yaml.MappingNode {
		d.addf(spotOfNode(n), "%s is %s, want the keys %s", orFile(path), kindOf(n), strings.Join(names, ", "))
		return
	}
	if m, ok := into.Addr().Interface().(interface{ mark(spot) }); ok {
		m.mark(spotOfNode(n))
	}
	first := map[string]spot{}
	for _, p := range d.pairs(n, path) {
		name := p.key.Value
		full := strings.TrimPrefix(path+"."+name, ".")
		field, known := fields[name]
		switch at, twice := first[name]; {
		case p.key.Kind != yaml.ScalarNode:
			d.addf(spotOfNode(p.key), "a key of %s is %s, want one of %s", orFile(path), kindOf(p.key), strings.Join(names, ", "))
		case twice && p.merged:
			// What stands in the mapping itself counts for more than what is merged into it.
		case twice:
			d.addf(spotOfNode(p.key), "%s is given twice, first in line %d", full, at.line)
		case known:
			first[name] = spotOfNode(p.key)
			d.seen[withoutIndexes(full)] = true
			d.value(p.value, full, field)
		case nearest(name, names) != "":
			d.addf(spotOfNode(p.key), "%s is not a key, did you mean %s?", full, nearest(name, names))
		case len(keysNamed(name)) > 0:
			d.addf(spotOfNode(p.key), "%s is not a key, but %s is", full, strings.Join(keysNamed(name), " or "))
		default:
			d.addf(spotOfNode(p.key), "%s is not a key, want one of %s", full, strings.Join(names, ", "))
		}
	}
}

type pair struct {
	key, value *yaml.Node
	merged     bool
}

// pairs of a mapping, its own first, then those that << merges into it.
func (d *decoder) pairs(n *yaml.Node, path string) []pair {
	var own, merged []pair
	met := map[*yaml.Node]bool{n: true}
	var merge func(n *yaml.Node)
	merge = func(n *yaml.Node) {
		n = named(n)
		switch {
		case met[n]:
			return
		case n.Kind == yaml.SequenceNode:
			met[n] = true
			for _, item := range n.Content {
				merge(item)
			}
			return
		case n.Kind != yaml.MappingNode:
			d.addf(spotOfNode(n), "%s merges %s with <<, want the anchor of a mapping", orFile(path), kindOf(n))
			return
		}
		met[n] = true
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() != "!!merge" {
				merged = append(merged, pair{n.Content[i], n.Content[i+1], true})
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() == "!!merge" {
				merge(n.Content[i+1])
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.ShortTag() == "!!merge" {
			merge(n.Content[i+1])
		} else {
			own = append(own, pair{key, n.Content[i+1], false})
		}
	}
	return append(own, merged...)
}

// fieldsOf a struct of the form, by key, and the keys in their order.
func fieldsOf(v reflect.Value) (map[string]reflect.Value, []string) {
	fields, names := map[string]reflect.Value{}, []string(nil)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name], names = v.Field(i), append(names, name)
		}
	}
	return fields, names
}

func withoutIndexes(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, "[") {
		if _, rest, ok := strings.Cut(part, "]"); ok {
			part = rest
		}
		b.WriteString(part)
	}
	return b.String()
}
