package main

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// countryPlan is what libphonenumber knows of a country's numbers. Its own parser costs some 10 µs a number, most of a row's
// understanding; for countries with plain prefixes the same is read here at a tenth of that, and it is asked for the rest.
type countryPlan struct {
	region   string
	code     string         // the country code
	exit     string         // the prefix of international calls
	exits    *regexp.Regexp // where there are several
	prefixes []string       // of national calls
	plain    bool           // the prefixes are all that stands in front of a number
	lengths  uint32         // a bit for each possible length of a number without its prefix
	pattern  *regexp.Regexp // of such numbers
}

// planOf a country; nil for none and for one that libphonenumber does not know.
func planOf(country string) *countryPlan {
	if country == "" {
		return nil
	}
	if p, ok := plans.Load(country); ok {
		return p.(*countryPlan)
	}
	var p *countryPlan
	if m := numberingPlans().countries[country]; m != nil {
		p = newPlan(m)
		p.pattern = regexp.MustCompile("^(?:" + m.GetGeneralDesc().GetNationalNumberPattern() + ")$")
		if p.exit = m.GetInternationalPrefix(); !isDigits(p.exit) {
			p.exits = regexp.MustCompile("^(?:" + p.exit + ")")
		}
		plans.Store(country, p)
	}
	return p
}

// plans are the countries that some rule names.
var plans sync.Map

// numberingPlans are all countries, and by country code what is needed to read numbers of abroad.
var numberingPlans = sync.OnceValue(func() (all struct {
	countries map[string]*phonenumbers.PhoneMetadata
	codes     map[string]*countryPlan
},
) {
	all.countries, all.codes = map[string]*phonenumbers.PhoneMetadata{}, map[string]*countryPlan{}
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, m := range metadata.GetMetadata() {
		code := int(m.GetCountryCode())
		if m.GetId() != "001" {
			all.countries[m.GetId()] = m
		}
		// Countries that share a code are told apart by their first; 001 is of codes that belong to no country.
		if phonenumbers.GetRegionCodeForCountryCode(code) == m.GetId() {
			p := newPlan(m)
			all.codes[p.code] = p
		}
	}
	return all
})

func newPlan(m *phonenumbers.PhoneMetadata) *countryPlan {
	p := &countryPlan{region: m.GetId(), code: strconv.Itoa(int(m.GetCountryCode())), plain: m.GetNationalPrefixTransformRule() == ""}
	if parsing := m.GetNationalPrefixForParsing(); parsing != "" {
		p.prefixes = strings.Split(parsing, "|")
	}
	for _, prefix := range p.prefixes {
		p.plain = p.plain && isDigits(prefix)
	}
	if !p.plain {
		p.prefixes = nil // carriers' codes, areas left out: only the library knows
	}
	for _, n := range m.GetGeneralDesc().GetPossibleLength() {
		if n > 0 {
			p.lengths |= 1 << n
		}
	}
	return p
}

// international makes E.164 of digits that begin with a country code; empty if no number of that country can have as many.
func international(digits string) string {
	var p *countryPlan
	var rest string
	for n := 1; n <= 3 && n < len(digits) && p == nil; n++ { // no country code begins with another
		p, rest = numberingPlans().codes[digits[:n]], digits[n:]
	}
	switch {
	case p == nil:
		return ""
	case !p.plain || p.prefixed(rest, "") != rest:
		return parsed("+"+digits, "") // +44 (0)20…
	case !p.possible(rest):
		return ""
	}
	return "+" + digits
}

func parsed(digits, region string) string {
	n, err := phonenumbers.Parse(digits, region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// afterExit is what stands behind the prefix of international calls: the rule's, or else the country's; 00 where there is
// neither.
func (p *countryPlan) afterExit(digits, exit string) (rest string, ok bool) {
	switch {
	case exit != "":
		rest, ok = strings.CutPrefix(digits, exit)
	case p == nil:
		rest, ok = strings.CutPrefix(digits, "00")
	case p.exits == nil:
		rest, ok = strings.CutPrefix(digits, p.exit)
	default:
		if at := p.exits.FindStringIndex(digits); at != nil {
			rest, ok = digits[at[1]:], true
		}
	}
	return rest, ok && rest != "" && rest[0] != '0' // no country code begins with 0
}

// number of the country, written with its national prefix, with its country code without a plus, or bare. national is the
// rule's prefix, empty for the country's own.
func (p *countryPlan) number(digits, national string) string {
	rest := p.prefixed(digits, national)
	if rest != digits && p.fits(rest) {
		return "+" + p.code + rest
	}
	if !p.plain {
		number := parsed(digits, p.region)
		if own, ok := strings.CutPrefix(number, "+"+p.code); ok && !p.fits(own) {
			return ""
		}
		return number
	}
	bare, coded := p.fits(digits), p.coded(digits, national)
	if coded == "" && rest != digits {
		coded = p.coded(rest, national) // 0 91 99444 21125, as some switches put it together
	}
	switch {
	case bare && coded == "":
		return "+" + p.code + digits
	case bare && national == "":
		return "" // two numbers, and nothing says that national ones would have a prefix
	case coded != "":
		return "+" + p.code + coded
	}
	return ""
}

// coded is what follows the country's code, if that makes a number.
func (p *countryPlan) coded(digits, national string) string {
	rest, ok := strings.CutPrefix(digits, p.code)
	if !ok {
		return ""
	}
	if p.fits(rest) {
		return rest
	}
	if own := p.prefixed(rest, national); own != rest && p.fits(own) {
		return own
	}
	return ""
}

// prefixed is what follows the national prefix; the digits themselves where they have none.
func (p *countryPlan) prefixed(digits, national string) string {
	if national != "" {
		return strings.TrimPrefix(digits, national)
	}
	for _, prefix := range p.prefixes {
		if rest, ok := strings.CutPrefix(digits, prefix); ok {
			return rest
		}
	}
	return digits
}

func (p *countryPlan) possible(own string) bool { return len(own) < 32 && p.lengths&(1<<len(own)) != 0 }

func (p *countryPlan) fits(own string) bool { return p.possible(own) && p.pattern.MatchString(own) }
