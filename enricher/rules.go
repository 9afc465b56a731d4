package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rules are what a site says about itself. Compiled at load, so that a mistake stops the load and never a row.
type rules struct {
	revision      uint32
	organisations bool // the file lists organisations: only listed account codes count
	accountcodes  map[string]uint32
	dids          map[string]uint32
	trunkOrgs     map[string]uint32
	contextOrgs   map[string]uint32
	extensions    []extensionRange
	channels      []channelRule
	trunks        []string // shell patterns of endpoint names
	inbound       []string // shell patterns of contexts that calls from outside enter
	internal      []string // shell patterns of contexts that phones use
}

type extensionRange struct {
	low, high uint64
	length    int
	org       uint32
}

type channelRule struct {
	pattern *regexp.Regexp
	org     uint32
}

// rulesFile is the YAML form.
type rulesFile struct {
	Organisations []organisation `yaml:"organisations"`
	Trunks        []string       `yaml:"trunks"`
	Contexts      struct {
		Inbound  []string `yaml:"inbound"`
		Internal []string `yaml:"internal"`
	} `yaml:"contexts"`
}

type organisation struct {
	ID           uint32   `yaml:"id"`
	Name         string   `yaml:"name"`
	AccountCodes []string `yaml:"accountcodes"`
	DIDs         []string `yaml:"dids"`
	Trunks       []string `yaml:"trunks"`
	Contexts     []string `yaml:"contexts"`
	Extensions   []string `yaml:"extensions"`
	Channels     []string `yaml:"channels"`
}

// The contexts of FreePBX, Issabel and the prefix__ convention (reference: asterisk.md 5.5, 5.10); a file adds to them.
var (
	standardInbound  = []string{"from-trunk*", "from-pstn*", "ext-did*", "from-did-direct", "*__incoming_sub", "from-sip-external"}
	standardInternal = []string{"from-internal*", "*__internal", "*__outbound", "macro-dialout-trunk", "outbound*"}
)

// loadRules reads the rules file; no path means no rules beyond the standard ones. A file is refused whole, with every
// mistake in it.
func loadRules(file string) (*rules, error) {
	if file == "" {
		return compileRules(rulesFile{}, 0)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read RULES_FILE: %w", err)
	}
	r, err := parseRules(text)
	if err != nil {
		return nil, fmt.Errorf("RULES_FILE %s: %w", file, err)
	}
	return r, nil
}

// parseRules is strict: an unknown key is a mistake, since a misspelt one would silently show calls to the wrong people.
func parseRules(text []byte) (*rules, error) {
	var f rulesFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return compileRules(f, crc32.ChecksumIEEE(text))
}

func compileRules(f rulesFile, revision uint32) (*rules, error) {
	r := &rules{
		revision: revision, organisations: len(f.Organisations) > 0,
		accountcodes: map[string]uint32{}, dids: map[string]uint32{}, trunkOrgs: map[string]uint32{}, contextOrgs: map[string]uint32{},
		trunks:   f.Trunks,
		inbound:  append(append([]string(nil), f.Contexts.Inbound...), standardInbound...),
		internal: append(append([]string(nil), f.Contexts.Internal...), standardInternal...),
	}
	var mistakes []error
	for _, pattern := range append(append(append([]string(nil), f.Trunks...), f.Contexts.Inbound...), f.Contexts.Internal...) {
		if _, err := path.Match(pattern, ""); err != nil {
			mistakes = append(mistakes, fmt.Errorf("pattern %q is malformed, want a name with * and ?", pattern))
		}
	}
	seen := map[uint32]bool{}
	for i, o := range f.Organisations {
		switch {
		case o.ID == 0:
			mistakes = append(mistakes, fmt.Errorf("organisations[%d] (%s): id is missing or 0, want 1 or more: 0 holds what no rule resolves", i, o.Name))
		case seen[o.ID]:
			mistakes = append(mistakes, fmt.Errorf("organisations[%d] (%s): id %d is used twice", i, o.Name, o.ID))
		}
		seen[o.ID] = true
		mistakes = append(mistakes, r.add(o)...)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return r, nil
}

// add one organisation. What two organisations both claim is a mistake: the file's order must not decide who sees a call.
func (r *rules) add(o organisation) (mistakes []error) {
	claim := func(what string, names []string, owned map[string]uint32) {
		for _, name := range names {
			if other, taken := owned[name]; taken && other != o.ID {
				mistakes = append(mistakes, fmt.Errorf("%s %q is claimed by organisations %d and %d", what, name, other, o.ID))
			}
			owned[name] = o.ID
		}
	}
	claim("account code", o.AccountCodes, r.accountcodes)
	claim("did", o.DIDs, r.dids)
	claim("trunk", o.Trunks, r.trunkOrgs)
	claim("context", o.Contexts, r.contextOrgs)
	r.trunks = append(r.trunks, o.Trunks...)
	for _, text := range o.Extensions {
		e, err := parseRange(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("organisation %d: %w", o.ID, err))
			continue
		}
		e.org = o.ID
		r.extensions = append(r.extensions, e)
	}
	for _, text := range o.Channels {
		pattern, err := regexp.Compile(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("organisation %d: channel pattern %q: %w", o.ID, text, err))
			continue
		}
		r.channels = append(r.channels, channelRule{pattern, o.ID})
	}
	return mistakes
}

// parseRange reads "1001-1099" or "1001"; both ends have the same number of digits.
func parseRange(text string) (extensionRange, error) {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.ParseUint(low, 10, 63)
	to, err2 := strconv.ParseUint(high, 10, 63)
	if err1 != nil || err2 != nil || from > to || len(low) != len(high) {
		return extensionRange{}, fmt.Errorf("extension %q, want 1001 or 1001-1099", text)
	}
	return extensionRange{low: from, high: to, length: len(low)}, nil
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}
