package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
)

// rules are what a site says about itself, compiled from its file (rulesfile.go) at load, so that a mistake stops the load
// and never a row. They do not change afterwards; any number of goroutines may ask them. Asking allocates nothing.
type rules struct {
	revision      uint32
	organisations bool // the file lists organisations: only listed account codes count
	accountcodes  map[string]uint32
	didOwners     *nameTable[uint32] // unassigned ones have the owner 0, here as elsewhere
	trunkOwners   *nameTable[uint32]
	contextOwners *nameTable[uint32]
	channels      []channelRule
	names         []organisationName
	trunkNames    *nameTable[bool]
	contexts      *nameTable[contextKind]
	phones        phoneBook
	queues        map[string][]holder
	hours         map[uint32]*hours
	numberings    numberings
	withheld      map[string]bool
	hangups       []*regexp.Regexp
	userfieldTags bool // the CDR's own userfield holds tags
}

// organisationName is an organisation as reports show it.
type organisationName struct {
	ID     uint32
	Name   string
	Parent uint32 // 0 for none
	Zone   string // IANA, in which its days are counted
}

// nameKind is a kind of name that an organisation can own.
type nameKind uint8

const (
	didName nameKind = iota
	accountcodeName
	extensionName
	trunkName
)

type channelRule struct {
	pattern *regexp.Regexp
	org     uint32
}

// loadRules reads the rules file; no path means no rules beyond the standard ones. A file is refused whole, with every
// mistake in it and its line.
func loadRules(file string) (*rules, error) {
	if file == "" {
		return parseRules(nil)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read RULES_FILE: %w", err)
	}
	r, err := parseRules(text)
	if err != nil {
		return nil, fmt.Errorf("RULES_FILE %s:\n%w", file, err)
	}
	return r, nil
}

func parseRules(text []byte) (*rules, error) {
	var (
		d decoder
		f rulesFile
	)
	d.decodeRules(text, &f)
	// What was decoded is compiled even if there are mistakes already: all are to be named at once.
	r := compileRules(&f, &d.mistakes)
	if err := d.joined(); err != nil {
		return nil, err
	}
	r.revision = crc32.ChecksumIEEE(text)
	return r, nil
}

// list the organisations in the order of their ids.
func (r *rules) list() []organisationName { return r.names }

// listsTrunks tells whether the file says which endpoints are trunks.
func (r *rules) listsTrunks() bool { return len(r.trunkNames.entries) > 0 }

// isTrunk tells an endpoint that the file lists as a trunk, whatever it looks like.
func (r *rules) isTrunk(endpoint string) bool {
	_, ok := r.trunkNames.find(endpoint)
	return ok
}

// isDID tells a number that the file lists, for an organisation or as unassigned. A + in front does not matter.
func (r *rules) isDID(number string) bool {
	_, ok := r.didOwners.find(withoutPlus(number))
	return ok
}

// didOrg is the organisation that a number dialled from outside belongs to.
func (r *rules) didOrg(number string) (org uint32, ok bool) {
	return owner(r.didOwners.find(withoutPlus(number)))
}

// trunkOrg is the organisation that a trunk belongs to.
func (r *rules) trunkOrg(endpoint string) (org uint32, ok bool) {
	return owner(r.trunkOwners.find(endpoint))
}

// contextOrg is the organisation that a context belongs to.
func (r *rules) contextOrg(name string) (org uint32, ok bool) {
	return owner(r.contextOwners.find(name))
}

// isUnassigned tells a name that the file lists as nobody's: its calls belong to organisation 0, and no other rule is to
// guess better.
func (r *rules) isUnassigned(kind nameKind, name string) bool {
	var (
		org uint32
		ok  bool
	)
	switch kind {
	case didName:
		org, ok = r.didOwners.find(withoutPlus(name))
	case accountcodeName:
		org, ok = r.accountcodes[name]
	case trunkName:
		org, ok = r.trunkOwners.find(name)
	case extensionName:
		holders := r.phones.find(name)
		return len(holders) == 1 && holders[0].org == unresolved
	}
	return ok && org == unresolved
}

// hangupPatterns find the hang-up source and cause in a userfield that has a form of the site's own: expressions with the
// groups source and cause, at least one of them.
func (r *rules) hangupPatterns() []*regexp.Regexp { return r.hangups }

func owner(org uint32, listed bool) (uint32, bool) {
	return org, listed && org != unresolved
}

func withoutPlus(number string) string {
	if len(number) > 0 && number[0] == '+' {
		return number[1:]
	}
	return number
}
