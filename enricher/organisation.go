package main

import (
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
)

// nobody's calls: rows that no rule resolves.
const unresolved = 0

// organisation of a row, by the first rule that knows: account code, DID, trunk, context, extension, channel pattern.
// An organisation is never guessed: what is not resolved belongs to organisation 0, which takes an admin to see.
func (r *rules) organisation(c *call.Call, a, b side) uint32 {
	if c.Accountcode != "" {
		if org, ok := r.accountcodes[c.Accountcode]; ok {
			return org
		}
		// Without a list the account code is the organisation, as the Call Logs API has it.
		if org, err := strconv.ParseUint(c.Accountcode, 10, 32); err == nil && !r.organisations {
			return uint32(org)
		}
	}
	if org, ok := r.dids[c.Dst]; ok && a.place != inside {
		return org
	}
	for _, s := range [...]side{a, b} {
		if org, ok := r.trunkOrgs[s.endpoint]; ok && s.place == outside {
			return org
		}
	}
	if org, ok := r.contextOrgs[c.Dcontext]; ok {
		return org
	}
	for _, s := range [...]side{a, b} {
		if org, ok := r.extensionOrg(s); ok {
			return org
		}
	}
	for _, rule := range r.channels {
		if rule.pattern.MatchString(c.Channel) || (c.Dstchannel != "" && rule.pattern.MatchString(c.Dstchannel)) {
			return rule.org
		}
	}
	return unresolved
}

func (r *rules) extensionOrg(s side) (uint32, bool) {
	if s.place != inside {
		return 0, false
	}
	n, err := strconv.ParseUint(s.endpoint, 10, 63)
	if err != nil {
		return 0, false
	}
	for _, e := range r.extensions {
		if n >= e.low && n <= e.high && len(s.endpoint) == e.length {
			return e.org, true
		}
	}
	return 0, false
}
