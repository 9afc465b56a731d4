package clickhouse

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
)

// columnTexts are those of a call that a condition looks through, as the store names them and as Go does.
type columnTexts struct {
	columns []string
	of      func(c *call.Call) []string
}

var (
	callers = columnTexts{[]string{"src", "caller"}, func(c *call.Call) []string { return []string{c.Src, c.Caller} }}
	callees = columnTexts{[]string{"dst", "callee"}, func(c *call.Call) []string { return []string{c.Dst, c.Callee} }}
	dids    = columnTexts{[]string{"did"}, func(c *call.Call) []string { return []string{c.Did} }}
	parties = columnTexts{
		[]string{"src", "dst", "caller", "callee", "did", "rang_extension", "answered_by", "caller_extension"},
		func(c *call.Call) []string {
			return []string{c.Src, c.Dst, c.Caller, c.Callee, c.Did, c.RangExtension, c.AnsweredBy, c.CallerExtension}
		},
	}
	searched = columnTexts{
		[]string{"src", "dst", "caller", "callee", "clid"},
		func(c *call.Call) []string { return []string{c.Src, c.Dst, c.Caller, c.Callee, c.Clid} },
	}
)

// any of the columns meets a condition, which has a place for one.
func (t columnTexts) any(condition func(column string) string) string {
	var list []string
	for _, column := range t.columns {
		list = append(list, condition(column))
	}
	return "(" + strings.Join(list, " OR ") + ")"
}

// holding is a piece of one of the texts, whatever the case of its letters.
func holding(piece string, in columnTexts) condition {
	has := holds(piece)
	return condition{
		sql:     func(q *question) string { return indexed(q, piece, in.any(held(q, piece))) },
		met:     func(c *call.Call) bool { return slices.ContainsFunc(in.of(c), has) },
		indexed: textPattern(piece) != "",
	}
}

// search is a piece of a number, of the caller id, or of the name of somebody who took part, which the head of a
// conversation has.
func search(piece string) condition {
	direct, has := holding(piece, searched), holds(piece)
	return condition{
		sql: func(q *question) string {
			in := held(q, piece)
			return indexed(q, piece, "("+searched.any(in)+" OR conv_detail != '' AND arrayExists(n -> "+in("n")+", "+detailNames+"))")
		},
		met:     func(c *call.Call) bool { return direct.met(c) || slices.ContainsFunc(c.Names(), has) },
		indexed: direct.indexed,
	}
}

// detailNames is call.Call.Names.
const detailNames = `arrayConcat([JSONExtractString(conv_detail, 'source_name'), JSONExtractString(conv_detail, 'requested_name'),
	JSONExtractString(conv_detail, 'destination_name')],
	arrayMap(p -> JSONExtractString(p, 'name'), JSONExtractArrayRaw(conv_detail, 'participants')))`

// indexed puts the keys that the index over all texts finds before the condition. They are found among all versions: with
// FINAL the server reads, for each place that an index finds, all parts that might hold another version, which was nearly
// the whole organisation and took four times as long. A version that is no more is left out by the condition itself.
func indexed(q *question, piece, condition string) string {
	pattern := textPattern(piece)
	if pattern == "" {
		return condition
	}
	return "((org_id, calldate, id) IN (SELECT org_id, calldate, id FROM calls WHERE " + join(q.base, "search_text LIKE "+q.text(pattern)) + ") AND " + condition + ")"
}

// held gives the condition that a piece is in a text. For letters beyond ASCII the server has several ideas of what their
// other case is; regular expressions are the same there and here.
func held(q *question, piece string) func(expression string) string {
	if !ascii(piece) {
		bound := q.text(anyCase(piece))
		return func(expression string) string { return "match(" + expression + ", " + bound + ")" }
	}
	bound := q.text(piece)
	return func(expression string) string {
		return "positionCaseInsensitive(" + expression + ", " + bound + ") > 0"
	}
}

// holds tells the same of a text in hand.
func holds(piece string) func(text string) bool {
	if !ascii(piece) {
		return expression(anyCase(piece)).MatchString
	}
	lower := lowerASCII(piece)
	return func(text string) bool { return strings.Contains(lowerASCII(text), lower) }
}

func anyCase(piece string) string { return "(?i)" + regexp.QuoteMeta(piece) }

// ascii tells so of a piece; one that is not UTF-8 is compared byte by byte likewise.
func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 || !utf8.ValidString(s)
}

func lowerASCII(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// numbered is one of some numbers in one of the texts.
func numbered(numbers []Number, in columnTexts) condition {
	return condition{
		sql: func(q *question) string {
			var list []string
			for _, n := range numbers {
				bound := q.text(n.Pattern)
				matching := in.any(func(column string) string { return fmt.Sprintf("match(%s, %s)", column, bound) })
				list = append(list, indexed(q, n.Core, matching))
			}
			return "(" + strings.Join(list, " OR ") + ")"
		},
		met: func(c *call.Call) bool {
			return slices.ContainsFunc(in.of(c), func(text string) bool {
				return slices.ContainsFunc(numbers, func(n Number) bool { return n.Is(text) })
			})
		},
		indexed: !slices.ContainsFunc(numbers, func(n Number) bool { return textPattern(n.Core) == "" }),
	}
}
