package main

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// Q.850 gives these numbers no meaning, and neither does Asterisk.
var unassigned = " 10 11 12 13 15 32 33 35 36 37 48 51 56 59 60 61 64 67 68 71 72 73 74 75 76 77 78 80 89 92 93 94" +
	" 104 105 106 107 108 109 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 "

func TestEveryCauseHasAName(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for n := range 128 {
		cause := strconv.Itoa(n)
		name := reason(cause)
		if free := strings.Contains(unassigned, " "+cause+" "); free != (name == "Unassigned Cause "+cause) || name == "" {
			t.Errorf("cause %d is %q", n, name)
		}
		for _, word := range strings.Fields(name) {
			if first := rune(strings.TrimLeft(word, "(")[0]); unicode.IsLower(first) {
				t.Errorf("cause %d: %q is not written like Normal Clearing", n, name)
			}
		}
		if other, twice := seen[name]; twice && n != 45 {
			t.Errorf("causes %d and %d are both %q", other, n, name)
		}
		seen[name] = n
		if strings.Contains(unassigned, " "+cause+" ") && causeHint(cause) != noHint {
			t.Errorf("cause %d hints at something", n)
		}
	}
	for _, none := range []string{"", "128", "-1", "x", "1 6", "0016", "99999999999999999999"} {
		if name := reason(none); name != "" || causeHint(none) != noHint {
			t.Errorf("%q is %q", none, name)
		}
	}
	if reason("16") != "Normal Clearing" {
		t.Errorf("16 is %q, want what the Call Logs API shows", reason("16"))
	}
}

func TestCauseHints(t *testing.T) {
	t.Parallel()
	for want, causes := range map[hint]string{
		noHint:          "0 7 16 23 30 31",
		networkHint:     "2 4 14 22 24 25 27 29 34 38 41 43 44 47 50 102",
		systemHint:      "3 6 8 9 42 45 52 54 57 58 65 66 69 81 88 95 96 97 98 99 100 101 103 111",
		wrongNumberHint: "1 5 28",
		offlineHint:     "20", busyHint: "17", rejectedHint: "21", timeoutHint: "18 19", cancelledHint: "127", elsewhereHint: "26",
	} {
		for _, cause := range strings.Fields(causes) {
			if got := causeHint(cause); got != want {
				t.Errorf("cause %s (%s) hints at %d, want %d", cause, reason(cause), got, want)
			}
		}
	}
}
