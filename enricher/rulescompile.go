package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // an image has no zones of its own
)

// compiler makes rules of a decoded file. It goes on after a mistake, so that all are named at once.
type compiler struct {
	*rules
	*mistakes
	accountcodesAt map[string]spot
	queuesAt       map[queueKey]spot
	channelsAt     []spot // of rules.channels
}

func newCompiler(m *mistakes) *compiler {
	return &compiler{
		rules: &rules{
			accountcodes: map[string]uint32{},
			didOwners:    newNameTable[uint32](), trunkOwners: newNameTable[uint32](), contextOwners: newNameTable[uint32](),
			trunkNames: newNameTable[bool](), contexts: newNameTable[contextKind](),
			queues: map[string][]holder{}, hours: map[uint32]*hours{},
		},
		mistakes: m, accountcodesAt: map[string]spot{}, queuesAt: map[queueKey]spot{},
	}
}

func compileRules(f *rulesFile, m *mistakes) *rules {
	c := newCompiler(m)
	c.organisations, c.userfieldTags = len(f.Organisations) > 0, bool(f.Userfield.Tags)
	phones := phoneList{}
	c.unassigned(&f.Unassigned, &phones)
	for i := range f.Organisations {
		c.organisation(i, &f.Organisations[i], &phones)
	}
	c.ids(f.Organisations)
	c.parents(f.Organisations)
	c.phones = phones.book(c.mistakes)
	for _, w := range f.Trunks {
		c.trunk(w)
	}
	for kind, list := range f.Contexts.byKind() {
		for _, w := range list {
			c.context(w, kind)
		}
	}
	c.tied("did", c.didOwners)
	c.tied("trunk", c.trunkOwners)
	c.tied("context", c.contextOwners)
	c.contexts.ties(func(a, b *nameEntry[contextKind]) {
		c.addf(b.at, "contexts.%s %q and, in line %d, contexts.%s %q can match the same name and neither says more, want one of them longer", b.value, b.text, a.at.line, a.value, a.text)
	})
	c.numberings = compileNumbering(f.Numbering, c.mistakes)
	c.withheld = withheldWords(f.Withheld)
	c.hangupForms(f.Userfield.Hangup)
	return c.rules
}

func (c *compiler) unassigned(u *unassignedLists, phones *phoneList) {
	c.accounts(u.AccountCodes, unresolved)
	c.claim("did", c.didOwners, u.DIDs, unresolved)
	c.claim("trunk", c.trunkOwners, u.Trunks, unresolved)
	for _, w := range u.Trunks {
		c.trunk(w)
	}
	c.phonesOf(u.Extensions, "unassigned", unresolved, phones)
}

func (c *compiler) organisation(i int, o *organisation, phones *phoneList) {
	org := o.ID.value
	if org == unresolved {
		// Its mistakes are told, but nobody knows whose its claims are.
		c, phones = newCompiler(c.mistakes), new(phoneList)
	}
	c.accounts(o.AccountCodes, org)
	c.claim("did", c.didOwners, o.DIDs, org)
	c.claim("trunk", c.trunkOwners, o.Trunks, org)
	c.claim("context", c.contextOwners, o.Contexts, org)
	for _, w := range o.Trunks {
		c.trunk(w)
	}
	path := fmt.Sprintf("organisations[%d]", i)
	c.phonesOf(o.Extensions, path, org, phones)
	c.queuesOf(o.Queues, path, org)
	for _, w := range o.Channels {
		c.channel(w, org)
	}
	zone := c.zone(o.Zone, path+".zone", "UTC")
	if o.Hours != nil && o.Hours.line > 0 {
		c.hours[org] = compileHours(o.Hours, zone, path+".hours", c)
	}
	c.names = append(c.names, organisationName{ID: org, Name: o.Name.text, Parent: o.Parent.value, Zone: zone.String()})
}

// accounts are exact, since the PBX writes them and not the public.
func (c *compiler) accounts(codes []word, org uint32) {
	for _, w := range codes {
		if other, taken := c.accountcodes[w.text]; taken && other != org {
			c.addf(w.spot, "account code %q is claimed by organisation %d %s", w.text, org, alsoBy(other, c.accountcodesAt[w.text]))
			continue
		}
		c.accountcodes[w.text], c.accountcodesAt[w.text] = org, w.spot
	}
}

// claim names and patterns for an organisation. What two organisations both claim is a mistake: the file's order must not
// decide who sees a call.
func (c *compiler) claim(what string, table *nameTable[uint32], list []word, org uint32) {
	for _, w := range list {
		text := w.text
		if what == "did" {
			if text = normalNumber(text); text == "" && w.given() {
				c.addf(w.spot, "did %q has no digit, want a number or a pattern, as 91806597*", w.text)
			}
		}
		p, ok := c.pattern(word{text, w.spot})
		if !ok {
			continue
		}
		if e := table.add(text, p, org, w.spot); e != nil {
			c.addf(w.spot, "%s %q is claimed by organisation %d %s", what, w.text, org, alsoBy(e.value, e.at))
		}
	}
}

func (c *compiler) tied(what string, table *nameTable[uint32]) {
	table.ties(func(a, b *nameEntry[uint32]) {
		c.addf(b.at, "%s %q of %s and, in line %d, %q of %s can match the same name and neither says more, want one of them longer",
			what, b.text, ownerName(b.value), a.at.line, a.text, ownerName(a.value))
	})
}

// alsoBy tells the other claim. What is unassigned is read first, so that it is never the one complained of.
func alsoBy(org uint32, at spot) string {
	if org == unresolved {
		return fmt.Sprintf("and, in line %d, stands under unassigned", at.line)
	}
	return fmt.Sprintf("and, in line %d, by organisation %d", at.line, org)
}

func ownerName(org uint32) string {
	if org == unresolved {
		return "what is unassigned"
	}
	return fmt.Sprintf("organisation %d", org)
}

func (c *compiler) trunk(w word) {
	if p, ok := c.pattern(w); ok {
		c.trunkNames.add(w.text, p, true, w.spot)
	}
}

func (c *compiler) context(w word, kind contextKind) {
	p, ok := c.pattern(w)
	if !ok {
		return
	}
	if e := c.contexts.add(w.text, p, kind, w.spot); e != nil {
		c.addf(w.spot, "context %q is listed as %s and, in line %d, as %s", w.text, kind, e.at.line, e.value)
	}
}

func (c *compiler) channel(w word, org uint32) {
	p, err := regexp.Compile(w.text)
	if err != nil {
		c.addf(w.spot, "channel pattern %q is no regular expression: %s", w.text, expressionError(err))
		return
	}
	for i := range c.channels {
		if o := &c.channels[i]; o.org != org && o.pattern.String() == w.text {
			c.addf(w.spot, "channel pattern %q is claimed by organisation %d %s", w.text, org, alsoBy(o.org, c.channelsAt[i]))
			return
		}
	}
	c.channels, c.channelsAt = append(c.channels, channelRule{p, org}), append(c.channelsAt, w.spot)
}

func (c *compiler) zone(w word, path, otherwise string) *time.Location {
	if !w.given() {
		w.text = otherwise
	}
	zone, err := time.LoadLocation(w.text)
	if err != nil || w.text == "Local" {
		c.addf(w.spot, "%s %q is not known, want a name like Europe/Paris", path, w.text)
		return time.UTC
	}
	return zone
}

// hangupForms are regular expressions with named groups.
func (c *compiler) hangupForms(list []word) {
	for _, w := range list {
		p, err := regexp.Compile(w.text)
		if err != nil {
			c.addf(w.spot, "userfield.hangup %q is no regular expression: %s", w.text, expressionError(err))
			continue
		}
		groups := slices.DeleteFunc(slices.Clone(p.SubexpNames()), func(name string) bool { return name == "" })
		for _, g := range groups {
			if g != "source" && g != "cause" {
				c.addf(w.spot, "userfield.hangup %q has the group %q, want source and cause", w.text, g)
			}
		}
		if len(groups) == 0 {
			c.addf(w.spot, "userfield.hangup %q has no named group, want (?P<source>…) or (?P<cause>…) or both", w.text)
		}
		c.hangups = append(c.hangups, p)
	}
}

func expressionError(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

func texts(list []word) []string {
	var all []string
	for _, w := range list {
		all = append(all, w.text)
	}
	return all
}
