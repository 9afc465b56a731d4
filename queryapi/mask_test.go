package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestMaskedTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "",
		"1001":                             "1001",
		"123456":                           "123456",
		"1234567":                          "12•••••",
		"919944421125":                     "9199444•••••",
		"+919944421125":                    "+9199444•••••",
		"00919944421125":                   "009199444•••••",
		"9944421125":                       "99444•••••",
		"09944421125":                      "099444•••••",
		"+91 99444 21125":                  "+91 99444 •••••",
		"+91 (99444) - 21125":              "+91 (99444) - •••••",
		"0-1-4-2-6-8-5-3-0-0":              "0-1-4-2-6-•-•-•-•-•",
		"044\u00a0233\u2011445":            "044\u00a02••\u2011•••",
		"99444\u200b21125":                 "99444\u200b•••••",
		"99444\n21125":                     "99444\n•••••",
		"٩١٩٩٤٤٤٢١١٢٥":                     "٩١٩٩٤٤٤•••••",
		"９１９９４４４２１１２５":                     "９１９９４４４•••••",
		"9199444211259180659780":           "91994•••••••••••••••••",
		`"Zoë 📞" <919944421125>`:           `"Zoë 📞" <9199444•••••>`,
		"PJSIP/919944421125@tata,30,T":     "PJSIP/9199444•••••@tata,30,T",
		"PJSIP/1001&PJSIP/1002&PJSIP/1003": "PJSIP/1001&PJSIP/1002&PJSIP/1003",
		"1001-1002":                        "100•-••••", // nothing tells
		"hangupsource=PJSIP/1006-00000012|hangupcause=16":                  "hangupsource=PJSIP/1006-00000012|hangupcause=16",
		"Local/918065978001@from-trunk-00000012;1,Local/1001@q-00000013;2": "Local/9180659•••••@from-trunk-00000012;1,Local/1001@q-00000013;2",
		"SIP/99444211-00000013":                                            "SIP/994•••••-00000013",
		"out/OUT-99444211-1001.wav":                                        "out/OUT-994•••••-1001.wav",
		"Out/a-99444211.wav":                                               "Out/a-994•••••.wav",
		"PJSIP/1001-00000a1c":                                              "PJSIP/1001-00000a1c",
		"20260412-173713-919944421125-1001.wav":                            "202•••••-173713-9199444•••••-1001.wav",
		"20260412-99444 21125.wav":                                         "202•••••-99444 •••••.wav",
		"911234567 and 442071838750":                                       "9112••••• and 4420718•••••",
		"callback=918065978001|reason=busy":                                "callback=9180659•••••|reason=busy",
		"99444x21125":                                                      "99444x21125",
		"12345 1234567":                                                    "12345 12•••••",
		"\xff9944421125\xff":                                               "\xff99444•••••\xff",
		"Zoë":                                                              "Zoë",
	} {
		if got := masked(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	for _, test := range []struct{ name, value, want string }{
		{"src", "919944421125", "9199444•••••"},
		{"uniqueid", "1775995633.41", "1775995633.41"},
		{"conversation_id", "pbx:1775995633.41", "pbx:1775995633.41"},
		{"duration", "12345678", "12345678"},
		{"calldate", "2026-04-12T12:07:13Z", "2026-04-12T12:07:13Z"},
		{"billed_at", "2026-04-12 17:37:13.000001", "2026-04-12 17:37:13.000001"},
		{"billed_at", "2026-04-12 919944421125", "202•-••-•• 9199444•••••"},
		{"calldate", "919944421125", "9199444•••••"},
	} {
		if got := maskText(test.name, test.value); got != test.want {
			t.Errorf("%s %q is shown as %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

func TestMaskedJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"src":"919944421125","id":919944421125,"uniqueid":"1775995633.41"}`:           `{"src":"9199444•••••","id":919944421125,"uniqueid":"1775995633.41"}`,
		`{ "src" : "919944421125" }`:                                                    `{ "src" : "9199444•••••" }`,
		`{"phone":919944421125,"n":-9944421125,"fee":12345.678,"cost":1234567.5}`:       `{"phone":"9199444•••••","n":"-99444•••••","fee":12345.678,"cost":"12•••••"}`,
		`{"phone":9.19944421125e11,"x":1E3}`:                                            `{"phone":"•","x":"•"}`,
		`{"id":1,"list":[919944421125,"919944421125",{"id":1234567},1234567]}`:          `{"id":1,"list":["9199444•••••","9199444•••••",{"id":1234567},"12•••••"]}`,
		`{"id":[{"a":1},1234567],"b":1234567}`:                                          `{"id":[{"a":1},1234567],"b":"12•••••"}`,
		`{"clid":"\"Zoë\" <919944421125>"}`:                                             `{"clid":"\"Zoë\" <9199444•••••>"}`,
		`{"a":"\u0039199444211\u0032\u0035"}`:                                           `{"a":"9199444•••••"}`,
		`{"a":"99444\t21125"}`:                                                          `{"a":"99444\t•••••"}`,
		`{"a":"1001\\","b":"919944421125"}`:                                             `{"a":"1001\\","b":"9199444•••••"}`,
		`{"a":"x\":\"919944421125"}`:                                                    `{"a":"x\":\"9199444•••••"}`,
		`{"invalid_utf8":{"src":"OTE5OTQ0NDIxMTI1"},"src":"a","invalid_utf8x":{"a":1}}`: `{"invalid_utf8":{"src":null},"src":"a","invalid_utf8x":{"a":1}}`,
		`{"uniqueid":{"phone":"919944421125"}}`:                                         `{"uniqueid":{"phone":"9199444•••••"}}`,
		`[true,false,null,"",{},[]]`:                                                    `[true,false,null,"",{},[]]`,
	} {
		got := string(mask([]byte("before"), []byte(text)))
		if got != "before"+want || !json.Valid([]byte(strings.TrimPrefix(got, "before"))) {
			t.Errorf("%s\nbecomes %s\nwant    %s", text, got, want)
		}
	}
}

// Whole numbers of the calls that these tests use, however they are written.
var wholeNumbers = regexp.MustCompile(`4421125|5978001|OTE5OTQ0|12345678`)

// Whatever the API shows of a call to a masked role holds no whole number, and all but the numbers is the same.
func TestMaskedRolesSeeNoNumbers(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	enricher(t, nats.URL, func(context.Context, []byte) ([]byte, error) {
		return []byte(strings.ReplaceAll(explanation, `"value":"Dial"`, `"value":"Dial PJSIP/919944421125@tata"`)), nil
	})
	c := leading(leg(10, 1, spanning, 0), 10, 11)
	s := newSite(t, &fixed{calls: []call.Call{c}, heads: []clickhouse.Head{{Call: c, Settled: true}}}, nil, func(cfg *config) { cfg.MaskNumbers = []string{"agent"} })
	s.connected(t, nats.URL)
	id := url.PathEscape(c.ConversationID())
	for _, path := range []string{"/api/v1/calls", "/api/v1/calls/10", "/api/v1/calls/10/explain", "/api/v1/conversations", "/api/v1/conversations/" + id, "/api/v1/conversations/" + id + "/explain"} {
		plain, hidden := s.get(t, tokenOf(t, "supervisor", 1), path), s.get(t, tokenOf(t, "agent", 1), path)
		if plain.StatusCode != 200 || hidden.StatusCode != 200 {
			t.Fatalf("%s: %s, %s: %s", path, plain.Status, hidden.Status, hidden.body)
		}
		if !wholeNumbers.MatchString(plain.body) {
			t.Errorf("%s shows no numbers to anybody, so this proves nothing: %s", path, plain.body)
		}
		if !strings.Contains(hidden.body, "9199444•••••") || wholeNumbers.MatchString(hidden.body) {
			t.Errorf("%s shows %s", path, hidden.body)
		}
	}
	tagged := missed(20, 1)
	tagged.Tags = []string{"customer 9944421125"}
	of := newSite(t, &fixed{calls: []call.Call{tagged}}, nil, func(cfg *config) { cfg.MaskNumbers = []string{"supervisor"} })
	for _, got := range []reply{
		of.post(t, tokenOf(t, "supervisor", 1), "/api/v1/calls/20/tags", `{"tags":["x"]}`),
		of.send(t, tokenOf(t, "supervisor", 1), http.MethodDelete, "/api/v1/calls/20/tags/never", ""),
	} {
		if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "customer 99444•••••") || wholeNumbers.MatchString(got.body) {
			t.Errorf("an edit of tags answers %s %s", got.Status, got.body)
		}
	}
	for _, path := range []string{"/api/v1/calls", "/api/v1/conversations", "/api/v1/calls/stream"} {
		s.get(t, tokenOf(t, "agent", 1), path+"?from=9199444").wantProblem(t, numberMasked)
	}
	record := c.AppendJSON(nil)
	shown := mask(nil, record)
	if got, want := members(t, shown), members(t, record); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("a masked record has %v, want %v", got, want)
	}
	agent := &holder{hidden: true}
	if got := agent.appendCall([]byte{}, &c); !bytes.Equal(got, shown) {
		t.Errorf("a masked call is %s, want %s", got, shown)
	}
}

func TestMaskedRolesAreNoOracle(t *testing.T) {
	t.Parallel()
	agent, free := &holder{role: "agent", hidden: true}, &holder{role: "admin"}
	for query, parameter := range map[string]string{
		"":                                    "",
		"from=anonymous&to=s&search=Zo%C3%AB": "",
		"number=919944421125":                 "",
		"number=%2B91+99444+21125":            "",
		"number=1001":                         "",
		"extension=1001,1002&queue=5001":      "",
		"sort=duration&order=asc&did=918065978001": "",
		"from=9199444":                     "from",
		"from=919944421125":                "from",
		"to=1":                             "to",
		"search=21125":                     "search",
		"search=%D9%A1%D9%A2":              "search",
		"search=Zo%C3%AB+2":                "search",
		"number=91994442_":                 "number",
		"number=_21125":                    "number",
		"number=919944421125,919944421126": "number",
		"did=_1":                           "did",
		"extension=919944421125":           "extension",
		"agent=1001,PJSIP/919944421125":    "agent",
		"trunk=918065978001":               "trunk",
		"tag=a&tag=919944421125":           "tag",
		"sort=src":                         "sort",
		"sort=-dst":                        "sort",
		"sort=caller":                      "sort",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if err := free.mayAsk(values); err != nil {
			t.Errorf("%s is refused to who sees numbers: %v", query, err)
		}
		err = agent.mayAsk(values)
		if parameter == "" && err == nil {
			continue
		}
		refused, ok := err.(*refusal)
		if !ok || refused.code != numberMasked || refused.parameter != parameter || strings.Contains(refused.detail, "21125") {
			t.Errorf("%s: %v, want a refusal of %q", query, err, parameter)
		}
	}
}

// Whatever stands in a text: nothing but digits is changed, and no run of digits that is a number shows its end. A document
// stays one.
func FuzzMask(f *testing.F) {
	f.Add(explanation)
	c := missed(10, 1)
	f.Add(string(c.AppendJSON(nil)))
	f.Add(`{"a":"\u0039199444211\u0032\u0035","b":[1,{"id":2}]}`)
	f.Add("Local/918065978001@a-00000012;1 +91 (99444) 21125")
	f.Fuzz(func(t *testing.T, text string) {
		shown := mask(nil, []byte(text))
		if json.Valid([]byte(text)) && !json.Valid(shown) {
			t.Errorf("%s becomes %s", text, shown)
		}
		if !utf8.ValidString(text) {
			return
		}
		in, out := []rune(text), []rune(masked(text))
		if len(in) != len(out) {
			t.Fatalf("%q becomes %q", text, string(out))
		}
		run := 0
		for i := range in {
			if in[i] != out[i] && (!unicode.IsDigit(in[i]) || out[i] != '•') {
				t.Errorf("%q becomes %q", text, string(out))
			}
			if run++; !unicode.IsDigit(in[i]) {
				run = 0
			}
			// Longer than the counter of a channel.
			if ends := i+1 == len(in) || !unicode.IsDigit(in[i+1]); ends && run > 8 && strings.Trim(string(out[i-4:i+1]), "•") != "" {
				t.Errorf("%q shows the end of a number: %q", text, string(out))
			}
		}
	})
}

// What an export asked for is in the audit log, and may name a number.
func TestMaskedAuditLog(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	far.entries = []clickhouse.AuditEntry{{Entry: "a", Orgs: []uint32{1}, Role: "admin", Action: "export", Detail: `{"filter":"number=919944421125"}`, Remote: "192.168.100.200"}}
	s := newSite(t, far, nil, func(cfg *config) { cfg.MaskNumbers = []string{"admin"} })
	got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit")
	if !strings.Contains(got.body, `{"filter":"number=9199444•••••"}`) || !strings.Contains(got.body, "192.168.100.200") {
		t.Error(got.body)
	}
}
