package main

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// masked tells whether the holder sees no whole numbers.
func (h *holder) masked() bool { return h.hidden }

// mayAsk refuses what would tell a number digit by digit to who is not shown it: a search for a part of one, several at
// once, and an order by them. One whole number may be asked for.
func (h *holder) mayAsk(values url.Values) error {
	if !h.masked() {
		return nil
	}
	for _, name := range []string{"from", "to", "search"} {
		if strings.ContainsFunc(strings.Join(values[name], ""), unicode.IsDigit) {
			return h.mayNot(name, "%s holds digits, and numbers are masked for the role %s: ask for one whole number with number")
		}
	}
	for _, name := range []string{"number", "did"} {
		if text := strings.Join(values[name], ","); strings.ContainsAny(text, "_,*%?") {
			return h.mayNot(name, "%s is not one whole number, and numbers are masked for the role %s")
		}
	}
	for _, name := range []string{"extension", "agent", "queue", "trunk", "tag"} {
		if text := strings.Join(values[name], ","); masked(text) != text {
			return h.mayNot(name, "%s holds a telephone number, and numbers are masked for the role %s: ask for it with number")
		}
	}
	switch strings.TrimPrefix(values.Get("sort"), "-") {
	case "src", "dst", "from", "to", "caller", "callee", "did", "clid", "number":
		return h.mayNot("sort", "%s orders by numbers, which are masked for the role %s")
	}
	return nil
}

func (h *holder) mayNot(name, why string) error {
	return &refusal{numberMasked, fmt.Sprintf(why, name, h.role), name}
}
