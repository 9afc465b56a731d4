package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func ruleOf(row map[string]string) numbering {
	return numbering{country: row["country"], international: row["international"], national: row["national"], access: row["access"]}
}

// The forms stand in testdata/numbers.txt.
func TestNumbers(t *testing.T) {
	t.Parallel()
	n := newNumbers()
	for _, row := range readTable(t, "numbers.txt", 70) {
		got, ok := e164(row["number"], ruleOf(row))
		if want := row["=e164"]; got != want || ok != (want != "") {
			t.Errorf("%s (%s): %q is %q, %v; want %q", row["line"], row["what"], row["number"], got, ok, want)
		}
		for range 2 {
			if again := n.e164(row["number"], ruleOf(row)); again != got {
				t.Errorf("%s (%s): remembered as %q, is %q", row["line"], row["what"], again, got)
			}
		}
	}
}

// For every country: its example numbers in all the ways that people write them.
func TestNumbersOfEveryCountry(t *testing.T) {
	t.Parallel()
	read, all := 0, 0
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			want := phonenumbers.Format(example, phonenumbers.E164)
			if example == nil || len(want) <= shortestNumber || want == "+0" {
				continue
			}
			bare := phonenumbers.GetNationalSignificantNumber(example)
			for _, text := range []string{
				want, phonenumbers.Format(example, phonenumbers.INTERNATIONAL), phonenumbers.Format(example, phonenumbers.NATIONAL),
				phonenumbers.Format(example, phonenumbers.RFC3966), want[1:], bare,
			} {
				if len(bare) <= longestService && !strings.Contains(text, "+") {
					continue
				}
				got, ok := e164(text, numbering{country: region})
				all++
				if ok {
					read++
				} else {
					t.Logf("%s of %s (%s) is not read", text, region, want)
				}
				if text == "09 15-2345-6789" {
					continue // libphonenumber's own slip: Argentina writes it 011 15-2345-6789
				}
				if ok && got != want || !ok && strings.Contains(text, "+") {
					t.Errorf("%s of %s is %q, want %s", text, region, got, want)
				}
			}
		}
	}
	if read < all*99/100 {
		t.Errorf("%d of %d numbers read, want 99 of 100", read, all)
	}
	t.Logf("%d of %d numbers read", read, all)
}

// Where our reading and libphonenumber's both find a number, it is the same; ours finds fewer, since it wants the number
// to fit the plan.
func TestNumbersAsLibphonenumberReadsThem(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		p := planOf(region)
		for range 20 {
			digits := strings.Repeat("0", random.IntN(3)) + fmt.Sprint(random.Int64N(1_000_000_000_000))
			switch random.IntN(4) {
			case 0:
				digits = p.code + digits
			case 1:
				digits = phonenumbers.GetNddPrefixForRegion(region, true) + digits
			}
			got, ok := e164(digits, numbering{country: region})
			want := parsed(digits, region)
			// 0 91 99444 21125 is the one form that we read and the library takes for a longer number.
			if ok && want != "" && got != want && !strings.HasPrefix(strings.TrimLeft(want[1+len(p.code):], "0"), p.code) {
				t.Errorf("%s in %s is %s, libphonenumber says %s", digits, region, got, want)
			}
			if got, _ := e164("+"+digits, numbering{}); got != "" && got != parsed("+"+digits, "") {
				t.Errorf("+%s is %s, libphonenumber says %s", digits, got, parsed("+"+digits, ""))
			}
		}
	}
}

func TestNumbersAreForgotten(t *testing.T) {
	t.Parallel()
	n := newNumbers()
	rule := numbering{country: "IN"}
	for i := range 3 * knownNumbers {
		text := fmt.Sprintf("98%08d", i)
		if got := n.e164(text, rule); got != "+91"+text {
			t.Fatalf("%s is %s", text, got)
		}
		// One that is asked for all the time is right whether it is remembered or not.
		if got := n.e164("9944421125", rule); got != "+919944421125" {
			t.Fatal(got)
		}
		if got := n.e164("9944421125", numbering{}); got != "" {
			t.Fatalf("another rule's number: %s", got)
		}
	}
	if len(n.made) != knownNumbers || len(n.order) != knownNumbers {
		t.Errorf("%d numbers remembered, want %d", len(n.made), knownNumbers)
	}
}

// Whatever stands where a number should be: what is made of it has 8 to 15 digits, and they are the text's last ones.
func FuzzNumber(f *testing.F) {
	for _, row := range readTable(f, "numbers.txt", 70) {
		f.Add(row["number"], row["country"], row["international"], row["national"], row["access"])
	}
	n := newNumbers()
	f.Fuzz(func(t *testing.T, text, country, exit, national, access string) {
		rule := numbering{country, exit, national, access}
		number, ok := e164(text, rule)
		if again := n.e164(text, rule); again != number && len(text) <= longestText {
			t.Errorf("%q: remembered as %q, is %q", text, again, number)
		}
		if !ok {
			if number != "" {
				t.Errorf("%q: %q and no number", text, number)
			}
			return
		}
		if len(number) < 9 || len(number) > 16 || number[0] != '+' || !isDigits(number[1:]) || number[1] == '0' {
			t.Fatalf("%q is no E.164 number: %q", text, number)
		}
		var digits strings.Builder
		for i := range len(text) {
			if text[i] >= '0' && text[i] <= '9' {
				digits.WriteByte(text[i])
			}
		}
		if tail := number[len(number)-4:]; !strings.Contains(digits.String(), tail) {
			t.Errorf("%q does not say %s", text, number)
		}
		if country == "" && !strings.Contains(digits.String(), number[1:]) && !strings.Contains(text, "+") {
			t.Errorf("%q does not say %s, and no country is given", text, number)
		}
	})
}

func BenchmarkNumber(b *testing.B) {
	for _, text := range []string{"919944421125", "09944421125", "9944421125", "+919944421125", "01511987654321"} {
		rule := numbering{country: "IN", national: "0"}
		if text == "01511987654321" {
			rule.country = "BR"
		}
		b.Run("new/"+text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e164(text, rule)
			}
		})
		b.Run("known/"+text, func(b *testing.B) {
			b.ReportAllocs()
			n := newNumbers()
			for b.Loop() {
				n.e164(text, rule)
			}
		})
	}
}
