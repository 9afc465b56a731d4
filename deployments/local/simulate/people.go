package simulate

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

var firstNames = []string{
	"Asha", "Vikram", "Priya", "Anita", "Bala", "Chitra", "Farah", "Ravi", "Meera", "Arjun", "Divya", "Karthik",
	"Lakshmi", "Manoj", "Nisha", "Omar", "Pooja", "Rahul", "Sunita", "Tara", "Uma", "Vijay", "Yusuf", "Zoya",
}

var lastNames = []string{
	"Menon", "Rao", "Nair", "Desai", "Krishnan", "Iyer", "Khan", "Kumar", "Sharma", "Patel", "Reddy", "Joshi", "Verma",
	"Pillai", "Bose", "Kapoor", "Fernandes", "Shetty", "Gupta", "D'Souza",
}

// callerNames are what networks send for a name: some of it breaks programs.
var callerNames = []string{
	`O'Reilly, Media & Co; DROP`,
	`Bob "The Builder" O'Neil`,
	`back\slash <tag>`,
	"मीरा शर्मा",
	"Ravi 😀 Traders",
	"José Ñandú",
	"王小明",
	"=cmd|'/C calc'!A0",
	"Very Long Company Name Private Limited (Head Office, Accounts Receivable) Very Long Indeed",
	"Sri Lakshmi Textiles",
	"City Hospital",
	"WIRELESS CALLER",
	"Müller & Söhne",
	"100% Pure Ltd",
	"null",
}

// caller is somebody outside.
type caller struct {
	number string // src
	name   string
	clid   string
}

// outsider is the person who calls from outside: one in three is somebody who called before.
func (g *Generator) outsider() caller {
	r := g.rand
	if r.IntN(80) == 0 {
		return caller{number: "anonymous", name: "Anonymous", clid: `"Anonymous" <anonymous>`}
	}
	c := caller{}
	if r.IntN(3) == 0 {
		// Squared, so that few call often.
		f := r.Float64()
		c.number = g.regulars[int(f*f*float64(len(g.regulars)))]
	} else {
		c.number = "91" + mobile(r)
	}
	if r.IntN(60) == 0 {
		c.number = "+" + c.number
	}
	switch n := r.IntN(100); {
	case n < 8:
		c.name = callerNames[r.IntN(len(callerNames))]
	case n < 20:
		c.name = firstNames[r.IntN(len(firstNames))] + " " + lastNames[r.IntN(len(lastNames))]
	}
	c.clid = callerID(c.name, c.number)
	return c
}

// mobile is a national number of ten digits.
func mobile(r *rand.Rand) string { return strconv.Itoa(6_000_000_000 + r.IntN(4_000_000_000)) }

// clidBytes is where Asterisk cuts clid, name and number alike.
const clidBytes = 79

// callerID is clid as it reaches the table: quotes and backslashes of the name are escaped twice, once by the channel and
// once more when the parts are merged.
func callerID(name, number string) string {
	for range 2 {
		if strings.ContainsAny(name, `"\`) {
			name = strings.ReplaceAll(name, `\`, `\\`)
			name = strings.ReplaceAll(name, `"`, `\"`)
		}
	}
	clid := `"` + name + `" <` + number + ">"
	if len(clid) > clidBytes {
		// A cut inside of a character loses the row in MariaDB; the long names here are ASCII.
		clid = clid[:clidBytes]
	}
	return clid
}

// digits is what FILTER(0-9,…) leaves of a number.
func digits(number string) string {
	number = strings.TrimPrefix(number, "+")
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return ""
		}
	}
	return number
}
