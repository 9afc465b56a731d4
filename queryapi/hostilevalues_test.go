package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// hostileValues are values that a parameter may be given by somebody who means harm, or by a broken program.
var hostileValues = []string{
	"'", `"`, "`", `\`, `\'`, "''", ";", "--", "#", "/*", "*/", "%", "_", "(", ")", "{", "}", "[", "]", "$", "{}", "{p0:String}", "{p1:Array(String)}", "?", "@a", ":x", "$1",
	"' OR '1'='1", "' OR 1=1 --", `" OR ""="`, "1 OR 1=1", "1) OR (1=1", "1; DROP TABLE calls", "'; DROP TABLE calls; --", "x' UNION ALL SELECT * FROM calls --",
	"' UNION ALL SELECT name FROM system.tables FORMAT TSV --", "1 AND sleep(5)", "1 AND sleepEachRow(3)", "' AND BENCHMARK(9999999,MD5(1)) --", "x\\' OR 1=1 --",
	"throwIf(1)", "toString(org_id)", "org_id", "calls.org_id", "calldate,org_id", "calldate desc, id", "-org_id", "rand()", "url('http://127.0.0.1/')", "file('/etc/passwd')",
	"SETTINGS max_threads=99", "FORMAT Native", "INTO OUTFILE '/etc/x'",
	"\x00", "a\x00b", "\n", "a\r\nX-Injected: 1", "\t", "\x1b[31m", "\x7f", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xef\xbb\xbf1",
	"\u202e123", "\u200b", "\u2028", "\ufeff", "١٢٣", "１２", "İ", "ß", "😀", "👨‍👩‍👧‍👦", "e\u0301\u0301\u0301\u0301", "𝟙", "Ω≈ç√∫",
	"../../etc/passwd", "..\\..\\", "....//....//etc/passwd", "file:///etc/passwd", "/etc/passwd", "%2e%2e%2f", "http://169.254.169.254/", "//x", "${jndi:ldap://127.0.0.1/x}", "{{7*7}}", "<%= 7*7 %>", "$(id)", "`id`", "|id",
	"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1-1",
	"", " ", "  ", ",", ",,", "a,", ",a", "a,,b", "null", "NULL", "undefined", "NaN", "Infinity", "-Infinity", "true", "false", "[]", "[1]", "{\"$gt\":0}", "__proto__", "constructor",
	"0", "-0", "-1", "+1", "00", "1.0", "1e3", "1e400", "0x10", "1_000", " 1", "1 ", "2147483648", "4294967296", "9007199254740993", "9223372036854775808", "18446744073709551616", "99999999999999999999999999999999", "-9223372036854775809",
	"1970-01-01", "0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "2026-11-21T25:00:00Z", "2026-11-21T08:30:00", "2026-11-21T08:30:00+99:99", "2026-11-21T08:30:00.000000000000001Z", "-2026-11-21", "now", "now()", "Europe/../../etc/passwd", "../Europe/Paris", "Local", "EST5EDT,M3.2.0,M11.1.0", "+05:30",
	"*", "a*", "(a+)+$", "(?i)x", "[[:alpha:]]{9999}", "\\Q", "^$", ".*.*.*.*.*.*x", "_______", "+++++", "****", "%%%%", "+_", "_+1",
	strings.Repeat("a", 501), strings.Repeat("1", 501), strings.Repeat("'", 501), strings.Repeat("_", 501), strings.Repeat("😀", 130), strings.Repeat("a,", 60), strings.Repeat("9,", 200), strings.Repeat("x", 8_000),
}

// cursors that no list gave: broken, made up, of another's hand.
func brokenCursors(real []string) []string {
	list := []string{
		"AAAA", "!!!!", "e30", "e30.e30", "W10=", base64.RawURLEncoding.EncodeToString([]byte(`{"org":2,"id":1}`)), base64.RawURLEncoding.EncodeToString([]byte("' OR 1=1 --")),
		base64.StdEncoding.EncodeToString(make([]byte, 64)), strings.Repeat("A", 5000), base64.RawURLEncoding.EncodeToString([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
	}
	for _, cursor := range real {
		list = append(list, cursor[:len(cursor)/2], cursor+cursor, cursor+"A", strings.ToUpper(cursor), " "+cursor, cursor+"=")
		for _, at := range []int{0, len(cursor) / 2, len(cursor) - 1} {
			flipped := []byte(cursor)
			flipped[at] ^= 1
			list = append(list, string(flipped))
		}
	}
	return list
}

// hostileQueries are query strings that are broken as a whole; %s stands for a parameter's name.
var hostileQueries = []string{
	"%s=%%", "%s=%%zz", "%s=%%0", "%s=%%00", "%s=%%C0%%AF", "%s=%%FF%%FE", "%s=a;%s=b", ";%s=1", "%s[]=1", "%s[0]=1", "%s[$ne]=1", "%s.x=1", "%s=1&%s=2", "%s", "=%s", "&&&%s=1&&", "%%25s=1", "%s%%00=1", "%s%%20=1", "+%s=1", "%s=%%u0031",
	"%s=1#%s=2", "?%s=1", "%s==1", "%s=1=2", "%s=+", "%s=%%2B%%2B", "%s=%%252e%%252e", "%s=\xff",
}

// hostileBodies are bodies that no operation takes.
func hostileBodies(schema *openapi3.Schema, foreign uint64) []string {
	list := []string{
		"", " ", "null", "true", "0", `""`, "[]", "{}", "[{}]", "{", "}", `{"`, `{"ids"`, "\xef\xbb\xbf{}", "\x00", "{\x00}", "\xff\xfe{\x00}\x00", "{}{}", "{} x", "{},", "<a/>", "ids=1", `{"ids":[1],}`, `{'ids':[1]}`,
		`{"__proto__":{"x":1}}`, `{"":1}`, `{"` + strings.Repeat("x", 5000) + `":1}`, `{"\u0000":1}`, `{"\ud800":1}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50_000), strings.Repeat(" ", 1<<20), `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, "[" + strings.Repeat("1,", 300_000) + "1]",
	}
	values := []string{
		"null", "true", "-1", "0", "1.5", "1e400", "1e-400", "99999999999999999999999999", "9007199254740993", `"x"`, `""`, `"\u0000"`, `"' OR 1=1 --"`, `"{p0:String}"`, `"../../etc/passwd"`, "[]", "{}", "[null]", "[[]]", "[{}]", `["x"]`, "[true]", "[-1]", "[0]", "[1.5]", "[1e400]",
		`["' OR 1=1 --"]`, `["\u0000"]`, `["\ud800"]`, `["a,b"]`, `["` + strings.Repeat("x", 65) + `"]`, `["` + strings.Repeat("x", 100_000) + `"]`, strings.Repeat("[", 20_000), "[" + strings.Repeat("1,", 2000) + "1]", `["\u202e"]`, `["😀"]`, `["=cmd|' /C calc'!A0"]`, `"2026-99-99T00:00:00Z"`, `"9999-12-31T23:59:59Z"`,
	}
	names := slices.Sorted(maps.Keys(schema.Properties))
	for _, name := range names {
		for _, value := range values {
			// The rest is as it should be, about a call that is another's.
			list = append(list, wellFormed(schema, foreign, name, value))
		}
		good := wellFormed(schema, foreign, "", "")
		list = append(list, strings.TrimSuffix(good, "}")+","+strings.TrimPrefix(good, "{"), strings.Replace(good, `"`+name+`"`, `"`+strings.ToUpper(name)+`x"`, 1))
	}
	return list
}

// wellFormed is a body that has all that the schema knows, but for one property.
func wellFormed(schema *openapi3.Schema, foreign uint64, other, value string) string {
	fields := map[string]json.RawMessage{}
	for name, p := range schema.Properties {
		var good string
		switch s := p.Value; {
		case name == "ids":
			good = fmt.Sprintf("[%d]", foreign)
		case s.Type.Is("integer"):
			good = fmt.Sprint(foreign)
		case s.Type.Is("array"):
			good = `["tag"]`
		default:
			good = `"x"`
		}
		fields[name] = json.RawMessage(good)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text := string(fields[name])
		if name == other {
			text = value
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
