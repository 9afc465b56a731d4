package main

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rulesFile is the YAML form, told by docs/rules.md: a field for a key.
type rulesFile struct {
	Organisations []organisation   `yaml:"organisations"`
	Unassigned    unassignedLists  `yaml:"unassigned"`
	Trunks        []word           `yaml:"trunks"`
	Contexts      contextLists     `yaml:"contexts"`
	Numbering     []numberingEntry `yaml:"numbering"`
	Userfield     userfieldEntry   `yaml:"userfield"`
	Withheld      []word           `yaml:"withheld"`
}

type organisation struct {
	spot
	ID           number           `yaml:"id"`
	Name         word             `yaml:"name"`
	Parent       number           `yaml:"parent"`
	Zone         word             `yaml:"zone"`
	AccountCodes []word           `yaml:"accountcodes"`
	DIDs         []word           `yaml:"dids"`
	Trunks       []word           `yaml:"trunks"`
	Contexts     []word           `yaml:"contexts"`
	Extensions   []extensionEntry `yaml:"extensions"`
	Channels     []word           `yaml:"channels"`
	Queues       []queueEntry     `yaml:"queues"`
	Hours        *hoursEntry      `yaml:"hours"`
}

// unassignedLists are what is known to belong to nobody.
type unassignedLists struct {
	DIDs         []word           `yaml:"dids"`
	AccountCodes []word           `yaml:"accountcodes"`
	Extensions   []extensionEntry `yaml:"extensions"`
	Trunks       []word           `yaml:"trunks"`
}

// extensionEntry is written "1001", "1001-1099" or as a mapping.
type extensionEntry struct {
	spot
	Extension word `yaml:"extension"`
	Name      word `yaml:"name"`
	Userfield word `yaml:"userfield"`
	bare      bool
}

type queueEntry struct {
	spot
	Queue     word `yaml:"queue"`
	Name      word `yaml:"name"`
	Userfield word `yaml:"userfield"`
}

type hoursEntry struct {
	spot
	Zone   word   `yaml:"zone"`
	Open   []word `yaml:"open"`
	Closed []word `yaml:"closed"`
	Tag    word   `yaml:"tag"`
}

type contextLists struct {
	Inbound   []word `yaml:"inbound"`
	Internal  []word `yaml:"internal"`
	Outbound  []word `yaml:"outbound"`
	IVR       []word `yaml:"ivr"`
	Queue     []word `yaml:"queue"`
	Voicemail []word `yaml:"voicemail"`
	Blocked   []word `yaml:"blocked"`
}

type numberingEntry struct {
	spot
	Source        word `yaml:"source"`
	Trunk         word `yaml:"trunk"`
	Country       word `yaml:"country"`
	International word `yaml:"international"`
	National      word `yaml:"national"`
	Access        word `yaml:"access"`
}

type userfieldEntry struct {
	Tags   yesOrNo `yaml:"tags"`
	Hangup oneMany `yaml:"hangup"`
}

// oneMany is one text or a list of them.
type oneMany []word

func (s *spot) mark(at spot) { *s = at }

func (e *extensionEntry) read(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode {
		d.regular(n, path, reflect.ValueOf(e).Elem())
		return
	}
	e.bare, e.spot = true, spotOfNode(n)
	e.Extension.read(d, n, path)
}

func (o *oneMany) read(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode {
		d.regular(n, path, reflect.ValueOf((*[]word)(o)).Elem())
		return
	}
	var w word
	w.read(d, n, path)
	*o = oneMany{w}
}

// allKeys of the form, as organisations.hours.open.
func allKeys(form reflect.Type, path string) []string {
	for form.Kind() == reflect.Pointer || form.Kind() == reflect.Slice {
		form = form.Elem()
	}
	if form.Kind() != reflect.Struct {
		return nil
	}
	var all []string
	for i := range form.NumField() {
		if name := form.Field(i).Tag.Get("yaml"); name != "" {
			full := strings.TrimPrefix(path+"."+name, ".")
			all = append(append(all, full), allKeys(form.Field(i).Type, full)...)
		}
	}
	return all
}

// keysNamed so, wherever they stand: a right key in a wrong place.
func keysNamed(name string) []string {
	return slices.DeleteFunc(allKeys(reflect.TypeFor[rulesFile](), ""), func(key string) bool {
		return key != name && !strings.HasSuffix(key, "."+name)
	})
}
