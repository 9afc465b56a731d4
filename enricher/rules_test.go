package main

import (
	"fmt"
	"strings"
	"testing"
)

func site(t *testing.T, text string) *rules {
	t.Helper()
	r, err := parseRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOwners(t *testing.T) {
	t.Parallel()
	r := site(t, `
organisations:
  - id: 1
    accountcodes: [acme]
    dids: ["+91 80 6597 8001", "9180659781*", "91806597820?"]
    trunks: [acme_*]
    contexts: [acme__*]
    extensions: ["1001-1099", {extension: "1001", name: Reception, userfield: "sales, paris"}, {extension: alice, name: Alice}]
    queues: [{queue: "5001", name: Support, userfield: support}]
  - id: 2
    dids: ["918065978100", "91806597811*"]
    trunks: [acme_globex]
    extensions: ["1090-1120", {extension: "2001-2010", userfield: night}, {extension: "2001", name: Ben, userfield: vip}]
    queues: [{queue: "5001"}, {queue: "5002", name: Billing}]
unassigned:
  dids: ["9180659789*", "918065978109"]
  accountcodes: [test]
  extensions: ["1010", "2009-2012"]
  trunks: [old_gateway]
trunks: ["tata_*"]
`)
	for number, want := range map[string]uint32{
		"918065978001": 1, "+918065978001": 1, "918065978002": 0, "91806597": 0, "": 0, "+": 0,
		"918065978100": 2, "918065978199": 1, "918065978110": 2, "918065978119": 2, "918065978205": 1, "9180659782055": 0,
		"918065978900": 0, "918065978109": 0,
	} {
		if org, ok := r.didOrg(number); org != want || ok != (want != 0) {
			t.Errorf("did %q is of organisation %d, %v; want %d", number, org, ok, want)
		}
		if listed := want != 0 || strings.HasPrefix(number, "9180659789") || number == "918065978109"; r.isDID(number) != listed {
			t.Errorf("did %q: listed is %v", number, !listed)
		}
	}
	for name, want := range map[string]uint32{"acme_1": 1, "acme_globex": 2, "tata_1": 0, "old_gateway": 0, "x": 0} {
		if org, ok := r.trunkOrg(name); org != want || ok != (want != 0) {
			t.Errorf("trunk %q is of organisation %d, %v; want %d", name, org, ok, want)
		}
		if r.isTrunk(name) != (name != "x") {
			t.Errorf("%q is a trunk: %v", name, r.isTrunk(name))
		}
	}
	if org, ok := r.contextOrg("acme__internal"); org != 1 || !ok {
		t.Errorf("context: %d %v", org, ok)
	}
	for _, c := range []struct {
		extension string
		org       uint32
		name      string
		tags      string
		ok        bool
		owner     uint32
	}{
		{"1001", 1, "Reception", "sales paris", true, 1},
		{"1001", 2, "Reception", "sales paris", true, 1},
		{"1002", 1, "", "", true, 1},
		{"1095", 1, "", "", true, 0}, // in two organisations
		{"1095", 3, "", "", false, 0},
		{"1100", 1, "", "", true, 2},
		{"2001", 2, "Ben", "night vip", true, 2},
		{"2002", 2, "", "night", true, 2},
		{"alice", 1, "Alice", "", true, 1},
		{"bob", 1, "", "", false, 0},
		{"1010", 1, "", "", true, 0},
		{"2009", 2, "", "", true, 0},
		{"2011", 2, "", "", true, 0},
		{"01001", 1, "", "", false, 0},
		{"", 1, "", "", false, 0},
		{"99999999999999999999", 1, "", "", false, 0},
	} {
		name, tags, ok := r.extension(c.org, c.extension)
		if name != c.name || strings.Join(tags, " ") != c.tags || ok != c.ok {
			t.Errorf("extension %s of organisation %d: %q %q %v, want %q %q %v", c.extension, c.org, name, tags, ok, c.name, c.tags, c.ok)
		}
		if owner, ok := r.extensionOwner(c.extension); owner != c.owner || ok != (c.owner != 0) {
			t.Errorf("extension %s is of organisation %d, %v; want %d", c.extension, owner, ok, c.owner)
		}
	}
	for _, name := range []string{"1001", "1099", "1120", "alice", "1010", "2012"} {
		if !r.isListedExtension(name) {
			t.Errorf("extension %s is not listed", name)
		}
	}
	for _, name := range []string{"1000", "1121", "Alice", "10010", ""} {
		if r.isListedExtension(name) {
			t.Errorf("extension %s is listed", name)
		}
	}
	for _, c := range []struct {
		kind nameKind
		name string
		want bool
	}{
		{didName, "+918065978909", true},
		{didName, "918065978109", true},
		{didName, "918065978001", false},
		{didName, "1", false},
		{accountcodeName, "test", true},
		{accountcodeName, "acme", false},
		{accountcodeName, "none", false},
		{extensionName, "1010", true},
		{extensionName, "2009", true},
		{extensionName, "1001", false},
		{extensionName, "77", false},
		{trunkName, "old_gateway", true},
		{trunkName, "tata_1", false},
	} {
		if got := r.isUnassigned(c.kind, c.name); got != c.want {
			t.Errorf("%q of kind %d is unassigned: %v", c.name, c.kind, got)
		}
	}
	for _, c := range []struct {
		org               uint32
		queue, name, tags string
	}{{1, "5001", "Support", "support"}, {2, "5001", "", ""}, {3, "5001", "", ""}, {1, "5002", "Billing", ""}, {1, "x", "", ""}} {
		if name, tags := r.queue(c.org, c.queue); name != c.name || strings.Join(tags, " ") != c.tags {
			t.Errorf("queue %s of organisation %d: %q %q", c.queue, c.org, name, tags)
		}
	}
}

func TestOrganisationsAreListed(t *testing.T) {
	t.Parallel()
	r := site(t, "organisations: [{id: 7, name: Group, zone: Asia/Kolkata}, {id: 1, name: Acme, parent: 7}]")
	if got := fmt.Sprint(r.list()); got != "[{1 Acme 7 UTC} {7 Group 0 Asia/Kolkata}]" {
		t.Error(got)
	}
	if got := site(t, "").list(); len(got) != 0 {
		t.Error(got)
	}
}

func TestContextKinds(t *testing.T) {
	t.Parallel()
	r := site(t, `contexts: {inbound: ["carrier*"], internal: [phones], outbound: [dial-out], ivr: ["carrier-menu*"], queue: [acd], voicemail: ["*-mail"], blocked: [from-trunk-barred]}`)
	for name, want := range map[string]contextKind{
		"carrier-1": inboundContext, "carrier-menu-2": ivrContext, "phones": internalContext, "dial-out": outboundContext, "acd": queueContext, "de-mail": voicemailContext,
		"from-trunk-barred": blockedContext, "from-trunk-sip-a": inboundContext, "from-internal-xfer": internalContext, "acme__internal": internalContext,
		"acme__outbound": outboundContext, "outbound-allroutes": outboundContext, "acme__queue": queueContext, "ext-queues": queueContext, "ivr-3": ivrContext,
		"vm-intro": voicemailContext, "app-blackhole": blockedContext, "ext-local": noContext, "": noContext, "Phones": noContext,
	} {
		if got := r.contextKind(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestWithheldWords(t *testing.T) {
	t.Parallel()
	r := site(t, "withheld: [Confidentiel, Élysée]")
	for _, text := range []string{"", " ", "Anonymous", "UNKNOWN", "<unknown>", "s", "0", "-", "asterisk", "Private", "CONFIDENTIEL", "élysée", "ÉLYSÉE"} {
		if !r.isWithheldWord(text) {
			t.Errorf("%q is taken for a number", text)
		}
	}
	for _, text := range []string{"918065978001", "1001", "sales", "00", strings.Repeat("a", 100), "anonymous caller"} {
		if r.isWithheldWord(text) {
			t.Errorf("%q is taken for a withheld number", text)
		}
	}
}

func TestNumbering(t *testing.T) {
	t.Parallel()
	r := site(t, `
numbering:
  - {source: pbx2, trunk: "tata_*", country: IN, international: "00", national: "0", access: "9"}
  - {source: pbx2, trunk: airtel, country: FR}
  - {trunk: airtel, country: NO}
  - {source: "pbx[2-4]", country: GB}
  - {country: US}
`)
	for key, want := range map[string]string{
		"pbx2 tata_1": "IN", "pbx1 tata_1": "US", "pbx2 airtel": "FR", "pbx1 airtel": "NO", "pbx3 airtel": "NO", "pbx2 x": "GB", "pbx4 ": "GB", "pbx5 ": "US",
	} {
		source, trunk, _ := strings.Cut(key, " ")
		if got := r.numbering(source, trunk); got.country != want {
			t.Errorf("%s: %+v, want %s", key, got, want)
		}
	}
	if got, want := r.numbering("pbx2", "tata_1"), (numbering{"IN", "00", "0", "9"}); got != want {
		t.Errorf("got %+v", got)
	}
	if got := site(t, "").numbering("a", "b"); got != (numbering{}) {
		t.Errorf("without a list %+v", got)
	}
}

func TestUserfieldForms(t *testing.T) {
	t.Parallel()
	one := site(t, "userfield: {tags: true, hangup: 'src:(?P<source>[^ ]*) q850:(?P<cause>[0-9]+)'}")
	if !one.userfieldTags || len(one.hangupPatterns()) != 1 || one.hangupPatterns()[0].SubexpIndex("cause") != 2 {
		t.Errorf("%v %v", one.userfieldTags, one.hangupPatterns())
	}
	if two := site(t, "userfield: {hangup: ['(?P<source>a)', '(?<cause>b)']}"); two.userfieldTags || len(two.hangupPatterns()) != 2 {
		t.Errorf("%v %v", two.userfieldTags, two.hangupPatterns())
	}
}
