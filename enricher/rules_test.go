package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each file in testdata/bad holds one mistake, which its name says; its first line is the whole message.
func TestRulesNameTheirMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := fmt.Sprintf("RULES_FILE %s:\n%s", file, strings.TrimPrefix(first, "# "))
			if _, err := loadRules(file); err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
	if _, err := loadRules("testdata/none.yaml"); err == nil || !strings.Contains(err.Error(), "read RULES_FILE: open testdata/none.yaml: no such file") {
		t.Errorf("missing file: %v", err)
	}
}

func TestAllMistakesAtOnceInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	_, err := parseRules([]byte(`withheld: {}
trunks: ["line["]
organisations:
  - name: a
    extensions: [x, "7-6"]
    nmae: b
  - id: 2
    channels: ["("]
    hours: {opne: []}
    parent: 9
contexts: {inbuond: [a]}
numbering: [{country: x}]
`))
	if err == nil {
		t.Fatal("no mistake")
	}
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		where, _, _ := strings.Cut(line, ", column")
		lines = append(lines, strings.TrimPrefix(where, "line "))
	}
	if got, want := strings.Join(lines, " "), "1 2 4 5 5 6 8 9 9 10 11 12"; got != want {
		t.Errorf("mistakes in the lines %s, want %s:\n%v", got, want, err)
	}
}

// One mistake is told once: what follows from it is not.
func TestMistakesThatFollowAreNotTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"organisations: [{name: a, dids: ['1'], extensions: ['7']}, {id: 2, dids: ['1']}, {id: 3, extensions: ['7']}]":       1,
		"organisations: [{id: a, accountcodes: [x], channels: [y]}, {id: 2, accountcodes: [x], channels: [y]}]":              1,
		"organisations: [{id: 0, queues: [{queue: q}]}, {id: 2, queues: [{queue: q}]}]\nunassigned: {dids: ['1']}":           1,
		"organisations: [{id: 1, zone: x, hours: {open: ['mon 09:00-10:00']}}]":                                              1,
		"organisations: [{id: 1, parent: 9}, {id: 2, parent: 1}]":                                                            1,
		"organisations: [[a], {id: 1, extensions: [[1], {name: x}], queues: [1], hours: 1}]\nuserfield: {hangup: [[a], {}]}": 7,
		"numbering: [{source: '[', country: IN}, {source: '[', trunk: x, country: IN}, {source: a}, 7]":                      4,
	} {
		if _, err := parseRules([]byte(text)); err == nil || strings.Count(err.Error(), "\n")+1 != want {
			t.Errorf("%s: want %d mistakes, got\n%v", text, want, err)
		}
	}
}

// What was a rules file once is one today.
func TestOldFilesStayValid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "# nothing\n", "---\n", "{}", "organisations:\n", "trunks: []\ncontexts:\n",
		"organisations: [{id: 1, accountcodes: [1, acme], dids: [918065978001], name: }]",
		"organisations: [{id: 1, extensions: [1001, 1001-1099, '1001']}, {id: 2, extensions: [1050-2000, 1001]}]",
		"organisations: [{id: 1, accountcodes: [a, a], trunks: ['t_*'], name: ''}]\ntrunks: ['t_*', 't_*']",
		"organisations: [&a {id: 1, dids: ['1']}, {<<: *a, id: 2, dids: ['2']}]",
	} {
		if _, err := parseRules([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

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

func TestHours(t *testing.T) {
	t.Parallel()
	r := site(t, `
organisations:
  - id: 1
    zone: Europe/Paris
    hours: {open: ["mon-fri 09:00-12:00,14:00-18:00", "sat 22:00-06:00"], closed: ["2026-12-25", "05-01"]}
  - id: 2
    zone: Europe/Paris
    hours: {zone: Asia/Kolkata, open: ["fri-mon 00:00-24:00"], tag: closed}
  - id: 3
`)
	for _, c := range []struct {
		org      uint32
		at, want string
	}{
		{1, "2026-11-23T09:00:00+01:00", ""}, // a Monday
		{1, "2026-11-23T08:59:59+01:00", "after_hours"},
		{1, "2026-11-23T11:59:59+01:00", ""},
		{1, "2026-11-23T12:00:00+01:00", "after_hours"},
		{1, "2026-11-23T17:59:59+01:00", ""},
		{1, "2026-11-23T18:00:00+01:00", "after_hours"},
		{1, "2026-07-06T09:00:00+02:00", ""}, // the same in summer
		{1, "2026-07-06T08:59:59+02:00", "after_hours"},
		{1, "2026-11-28T22:00:00+01:00", ""},            // Saturday night
		{1, "2026-11-29T05:59:59+01:00", ""},            // and Sunday morning
		{1, "2026-11-28T05:59:59+01:00", "after_hours"}, // but not Saturday morning
		{1, "2026-11-29T06:00:00+01:00", "after_hours"},
		{1, "2026-12-25T10:00:00+01:00", "after_hours"},
		{1, "2025-12-25T10:00:00+01:00", ""},            // another year
		{1, "2026-05-01T10:00:00+02:00", "after_hours"}, // every year
		{1, "2028-05-01T10:00:00+02:00", "after_hours"},
		{2, "2026-11-27T00:00:00+05:30", ""},
		{2, "2026-11-26T23:59:59+05:30", "closed"}, // a Thursday
		{2, "2026-11-30T23:59:59+05:30", ""},
		{2, "2026-12-01T00:00:00+05:30", "closed"},
		{3, "2026-12-01T00:00:00Z", ""},
		{0, "2026-12-01T00:00:00Z", ""},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.afterHours(c.org, at.UTC()); got != c.want {
			t.Errorf("organisation %d at %s: %q, want %q", c.org, c.at, got, c.want)
		}
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
