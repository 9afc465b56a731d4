package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCallerNames(t *testing.T) {
	t.Parallel()
	for clid, want := range map[string][2]string{
		`"Asha Menon" <1001>`:           {"Asha Menon", "1001"},
		`"" <919944421125>`:             {"", "919944421125"},
		`Asha Menon <1001>`:             {"Asha Menon", "1001"},
		`<1001>`:                        {"", "1001"},
		`1001`:                          {"", "1001"},
		`+91 99444-21125`:               {"", "+91 99444-21125"},
		`Asha Menon`:                    {"Asha Menon", ""},
		``:                              {"", ""},
		`"Asha Menon" <>`:               {"Asha Menon", ""},
		`"Asha Menon"<1001>`:            {"Asha Menon", "1001"},
		`"919944421125" <919944421125>`: {"919944421125", "919944421125"},
		`"मीरा शर्मा" <919944421125>`:                                {"मीरा शर्मा", "919944421125"},
		`"O'Reilly, Media & Co; DROP" <917358012399>`:                {"O'Reilly, Media & Co; DROP", "917358012399"},
		`"=cmd|'/c calc'!A1" <1001>`:                                 {"=cmd|'/c calc'!A1", "1001"},
		`"📞 Support" <1001>`:                                         {"📞 Support", "1001"},
		`"Bob \\\"The Builder\\\" O'Neil" <918041234567>`:            {`Bob "The Builder" O'Neil`, "918041234567"},
		`"back\\\\slash <tag>" <919944421125>`:                       {`back\slash <tag>`, "919944421125"},
		`"Bob \"The Builder\" O'Neil" <918041234567>`:                {`Bob "The Builder" O'Neil`, "918041234567"},
		`"Bob "The Builder" O'Neil" <918041234567>`:                  {`Bob "The Builder" O'Neil`, "918041234567"},
		`"C:\dir" <1001>`:                                            {`C:\dir`, "1001"},
		`"Very Long Company Name Private Limited (Head Office) Very`: {"Very Long Company Name Private Limited (Head Office) Very", ""},
		`"Very Long <Head Office> Very`:                              {"Very Long <Head Office> Very", ""},
		`"Very Long <Head Office>`:                                   {"Very Long <Head Office>", ""},
		"\"Long मी\xe0\xa4":                                          {"Long मी", ""},
		"\"Ren\xe9 Dupont\" <1001>":                                  {"Ren\ufffd Dupont", "1001"},
		"\"Two\nlines\" <1001>":                                      {"Two lines", "1001"},
		`"`:                                                          {"", ""},
		`"\`:                                                         {`\`, ""},
		`""`:                                                         {"", ""},
		`>`:                                                          {">", ""},
	} {
		if got := callerName(clid); got != want[0] {
			t.Errorf("name in %q is %q, want %q", clid, got, want[0])
		}
		if _, got := splitCallerID(clid); got != want[1] {
			t.Errorf("number in %q is %q, want %q", clid, got, want[1])
		}
	}
}

func isTestWord(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "anonymous", "unknown", "restricted", "private", "0", "-", "s":
		return true
	}
	return false
}

func TestWithheldNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src, clid string
		want      bool
	}{
		{"anonymous", `"Anonymous" <anonymous>`, true},
		{"unknown", `"" <unknown>`, true},
		{"", "", true},
		{"", `"" <>`, true},
		{"-", "", true},
		{"0", `"Private" <0>`, true},
		{"anonymous@anonymous.invalid", `"Anonymous" <sip:anonymous@anonymous.invalid>`, true},
		{"tata_gateway", `"Anonymous" <tata_gateway>`, true},
		{"", `"Asha Menon" <>`, true},
		{"919944421125", `"Anonymous" <919944421125>`, false},
		{"919944421125", `"" <919944421125>`, false},
		{"anonymous", `"" <919944421125>`, false},
		{"919944421125", `"Very Long Company Name Private Limited`, false},
		{"1001", `"Unknown" <1001>`, false},
		{"bob", `"Bob" <bob>`, false},
		{"bob", "", false},
		{"tata_gateway", `"" <tata_gateway>`, false},
	} {
		if got := withheldNumber(c.src, c.clid, isTestWord); got != c.want {
			t.Errorf("src %q, clid %q: withheld is %v", c.src, c.clid, got)
		}
	}
}

// Whatever stands in clid: the name is UTF-8 without line breaks and not longer than the text, the number stands in it.
func FuzzClid(f *testing.F) {
	for _, seed := range []string{
		`"Asha Menon" <1001>`, `"" <9198>`, `"Bob \\\"The Builder\\\" O'Neil" <9180>`, `"back\\\\slash <tag>" <91>`, `"cut <`, "\"\xe0\xa4", "1001", `Bob <1>`, `"A" <b>" <9>`,
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, src, clid string) {
		name := callerName(clid)
		if !utf8.ValidString(name) || strings.ContainsAny(name, "\n\r\t\x00") || utf8.RuneCountInString(name) > len(clid) {
			t.Errorf("%q: name %q", clid, name)
		}
		if _, number := splitCallerID(clid); !strings.Contains(clid, number) {
			t.Errorf("%q does not say the number %q", clid, number)
		}
		if withheldNumber(src, clid, isTestWord) && strings.ContainsAny(src, "123456789") && !strings.ContainsAny(src, "@:") {
			t.Errorf("src %q, clid %q: a number is there and withheld", src, clid)
		}
	})
}

func BenchmarkCallerName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if callerName(`"Chitra Iyer" <919944421125>`) != "Chitra Iyer" || withheldNumber("919944421125", `"Chitra Iyer" <919944421125>`, isTestWord) {
			b.Fatal()
		}
	}
}
