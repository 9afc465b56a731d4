package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// named is the node itself, or the one that an alias names.
func named(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func spotOfNode(n *yaml.Node) spot { return spot{n.Line, n.Column} }

// kindOf a node, as a message names it.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return n.Value
	}
	return fmt.Sprintf("the text %q", n.Value)
}

// word is a scalar as it stands in the file, so that 0018 stays 0018 and NO stays Norway.
type word struct {
	text string
	spot
}

func (w *word) read(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode {
		d.addf(spotOfNode(n), "%s is %s, want a text", path, kindOf(n))
		return
	}
	w.text, w.spot = n.Value, spotOfNode(n)
}

func (w *word) given() bool { return strings.TrimSpace(w.text) != "" }

// number is the id of an organisation: 1 or more, since 0 holds what no rule resolves.
type number struct {
	value uint32
	spot
}

func (v *number) read(d *decoder, n *yaml.Node, path string) {
	v.spot = spotOfNode(n)
	parsed, err := strconv.ParseUint(strings.TrimPrefix(n.Value, "+"), 0, 32)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || parsed == 0 {
		d.addf(v.spot, "%s is %s, want a number from 1 to %d; 0 holds what no rule resolves", path, kindOf(n), uint32(math.MaxUint32))
		return
	}
	v.value = uint32(parsed)
}

// given tells a number that stands in the file, right or wrong.
func (v *number) given() bool { return v.line > 0 }

// yesOrNo is true or false.
type yesOrNo bool

func (v *yesOrNo) read(d *decoder, n *yaml.Node, path string) {
	var b bool
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&b) != nil {
		d.addf(spotOfNode(n), "%s is %s, want true or false", path, kindOf(n))
		return
	}
	*v = yesOrNo(b)
}
