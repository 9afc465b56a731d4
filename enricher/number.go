package main

import (
	"net/netip"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const (
	// longestService digits make an extension, a service code or an emergency number, which no country code belongs to.
	longestService = 6
	// E.164 allows 15 digits; with fewer than 8 of them no country has numbers worth a guess.
	shortestNumber, longestNumber = 8, 15
)

// e164 makes +919944421125 of a number as a trunk or phone wrote it. It returns false where the text is no number (words,
// feature codes, extensions) and where nothing says for sure what number it is: an empty answer is better than somebody
// else's number.
//
// What names its country (+, or the prefix of international calls) must be possible there, that is of a right length.
// Numbers of the rule's own country must fit its numbering plan as well: with digits alone a length fits too easily.
func e164(text string, rule numbering) (number string, ok bool) {
	digits, plus, ok := dialled(text)
	if !ok {
		return "", false
	}
	if plus {
		number = international(digits)
	} else {
		number = dialledNumber(digits, rule)
		if rest, cut := strings.CutPrefix(digits, rule.access); cut && rule.access != "" {
			number = likelier(number, dialledNumber(rest, rule))
		}
	}
	if n := len(number) - 1; n < shortestNumber || n > longestNumber {
		return "", false
	}
	return number, true
}

// dialledNumber reads digits as somebody in the rule's country dials them.
func dialledNumber(digits string, rule numbering) string {
	if len(digits) <= longestService {
		return ""
	}
	p := planOf(rule.country)
	if rest, ok := p.afterExit(digits, rule.international); ok {
		return international(rest)
	}
	if p == nil {
		return ""
	}
	return p.number(digits, rule.national)
}

// likelier of two readings of the same digits: Indian mobile numbers begin with the 9 that is dialled for a line. Where
// both are numbers, the one in a range that is in use counts, and where both are that, nothing does.
func likelier(one, other string) string {
	if one == "" || other == "" {
		return one + other
	}
	switch a, b := inUse(one), inUse(other); {
	case a && !b:
		return one
	case b && !a:
		return other
	}
	return ""
}

func inUse(number string) bool {
	n, err := phonenumbers.Parse(number, "")
	return err == nil && phonenumbers.IsValidNumber(n)
}

// dialled takes the digits out of a text: 080-6597 8002, tel:+91…, sip:…@host, <…>, with or without parameters. Letters,
// * and # make it something else than a number. It returns false also for what is too short or too long to be one.
func dialled(text string) (digits string, plus, ok bool) {
	text = strings.TrimSpace(text)
	if isDigits(text) {
		return text, false, len(text) > longestService && len(text) <= longestDialled
	}
	if inner, ok := strings.CutPrefix(text, "<"); ok {
		text = strings.TrimSuffix(inner, ">")
	}
	text = withoutScheme(text)
	text, parameters, _ := strings.Cut(text, ";")
	text, _, _ = strings.Cut(text, "@")
	if _, context, ok := strings.Cut(parameters, "phone-context=+"); ok {
		context, _, _ = strings.Cut(context, ";")
		text = "+" + context + text
	}
	if strings.Count(text, ".") == 3 {
		if _, err := netip.ParseAddr(text); err == nil {
			return "", false, false
		}
	}
	text, plus = strings.CutPrefix(text, "+")
	var found [longestDialled]byte
	n := 0
	for i := range len(text) {
		switch b := text[i]; {
		case b >= '0' && b <= '9':
			if n == len(found) {
				return "", false, false
			}
			found[n] = b
			n++
		case i == 0 && b != '(' || strings.IndexByte(" ()-./", b) < 0:
			return "", false, false
		}
	}
	return string(found[:n]), plus, n > longestService
}

// longestDialled is a number with an access prefix, an international one and a carrier's code.
const longestDialled = 24

func withoutScheme(text string) string {
	for _, scheme := range [...]string{"tel:", "sip:", "sips:"} {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return text[len(scheme):]
		}
	}
	return text
}
