package call

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendTyped appends text as JSON by MariaDB's column type: integers, decimals, floats and bits as numbers with all
// their digits, everything else as a string.
func appendTyped(dst []byte, columnType, text string) []byte {
	base, _, _ := strings.Cut(columnType, "(")
	base, _, _ = strings.Cut(base, " ")
	switch strings.ToLower(base) {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric", "float", "double", "year":
		return appendNumber(dst, text)
	case "bit":
		return appendBits(dst, text)
	}
	return appendString(dst, text)
}

// appendNumber appends text as a JSON number where it is one, after dropping the zeros that ZEROFILL puts in front;
// otherwise as a string: a value is never changed to fit.
func appendNumber(dst []byte, text string) []byte {
	sign, digits := "", text
	if strings.HasPrefix(text, "-") {
		sign, digits = "-", text[1:]
	}
	for len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		digits = digits[1:]
	}
	if !isNumber(digits) {
		return appendString(dst, text)
	}
	return append(append(dst, sign...), digits...)
}

// isNumber holds JSON's grammar (RFC 8259, section 6) for a number without a sign.
func isNumber(s string) bool {
	n := digitsAt(s, 0)
	if n == 0 || (n > 1 && s[0] == '0') {
		return false
	}
	if n < len(s) && s[n] == '.' {
		fraction := digitsAt(s, n+1)
		if fraction == 0 {
			return false
		}
		n += 1 + fraction
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		n++
		if n < len(s) && (s[n] == '+' || s[n] == '-') {
			n++
		}
		exponent := digitsAt(s, n)
		if exponent == 0 {
			return false
		}
		n += exponent
	}
	return n == len(s)
}

func digitsAt(s string, from int) int {
	n := from
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return max(0, n-from)
}

// appendBits appends a BIT(n) column, which MariaDB sends as up to eight big-endian bytes.
func appendBits(dst []byte, text string) []byte {
	if len(text) > 8 {
		return appendString(dst, text)
	}
	var v uint64
	for i := range len(text) {
		v = v<<8 | uint64(text[i])
	}
	return strconv.AppendUint(dst, v, 10)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD: JSON has no other way to say it.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if b < ' ' || b == '"' || b == '\\' || b == 0x7f {
			dst = append(dst, s[start:i]...)
			switch b {
			case '"', '\\':
				dst = append(dst, '\\', b)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
			}
			start = i + 1
		}
		i++
	}
	return append(append(dst, s[start:]...), '"')
}
