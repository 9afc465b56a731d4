package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Who sees no whole numbers (MASK_NUMBERS) sees each number of seven or more digits without its last five: 9199444•••••.
// The last five are what tells one subscriber from another however the number was written: with 0, 00, + or nothing in
// front. Extensions are shorter and stay.
const (
	leastNumber  = 7
	hiddenDigits = 5
	// mostNumber is E.164's length. What is longer holds more than one number, and shows five digits.
	mostNumber = 15
	bullet     = "•"
)

// spared are the fields whose digits are no telephone number: what things are called by, and what was counted or measured.
// Times are told by their form.
var spared = map[string]bool{
	"id": true, "row_id": true, "call_id": true, "org_id": true, "source": true, "conversation_id": true, "uniqueid": true, "linkedid": true,
	"recording_url": true, "rules_revision": true,

	"duration": true, "billsec": true, "wait_time": true, "ring_time": true, "talk_time": true, "ivr_time": true, "queue_wait_time": true,
	"amaflags": true, "sequence": true, "disconnected_confidence": true, "confidence": true, "leg_count": true,
}

// A time, or a day, and nothing else.
var plainTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$`)

// maskText is a value of a field as who sees no whole numbers is shown it.
func maskText(name, value string) string {
	if spared[name] || len(value) > 4 && value[4] == '-' && plainTime.MatchString(value) {
		return value
	}
	return masked(value)
}

// masked hides the numbers in a text. Digits that stand together, or apart by what people put between them, are one
// number; where some of them are long enough by themselves, as in the name of a recording, each of those is one.
func masked(text string) string {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits < leastNumber {
		return text
	}
	var b strings.Builder
	rest := 0
	if !strings.Contains(text, "/") {
		hideNumbers(&b, text)
		return b.String()
	}
	for _, at := range channel.FindAllStringSubmatchIndex(text, -1) {
		hideNumbers(&b, text[rest:at[2]])
		b.WriteString(text[at[2]:at[3]])
		rest = at[3]
	}
	hideNumbers(&b, text[rest:])
	return b.String()
}

// channel finds what Asterisk puts behind the name of each channel, as in PJSIP/1001-00000a1c: a counter, which may look
// like a number.
var channel = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*/[^\s/,|&"<>;]*(-[0-9a-f]{8}(?:;[12])?)(?:$|[\s,|&"<>;])`)

func hideNumbers(b *strings.Builder, text string) {
	for {
		from := strings.IndexFunc(text, unicode.IsDigit)
		if from < 0 {
			b.WriteString(text)
			return
		}
		b.WriteString(text[:from])
		to := groupEnd(text, from)
		hideGroup(b, text[from:to])
		text = text[to:]
	}
}

// groupEnd finds where digits with no more than four separators between them end.
func groupEnd(text string, from int) (end int) {
	apart := 0
	for at, r := range text[from:] {
		switch {
		case unicode.IsDigit(r):
			end, apart = from+at+utf8.RuneLen(r), 0
		case apart < 4 && separates(r):
			apart++
		default:
			return end
		}
	}
	return end
}

// separates tells what stands within a number: spaces, brackets, dots, slashes, all dashes, and what cannot be seen.
func separates(r rune) bool {
	return unicode.In(r, unicode.Zs, unicode.Cc, unicode.Cf, unicode.Pd) || strings.ContainsRune("().[]/", r)
}

// hideGroup hides each run of digits that is a number by itself, and what lies between two of them where that is one.
func hideGroup(b *strings.Builder, group string) {
	between := 0
	for at := 0; at < len(group); {
		run := digitsAt(group[at:])
		if run.count < leastNumber {
			at += max(run.bytes, firstLen(group[at:]))
			continue
		}
		hide(b, group[between:at])
		hide(b, group[at:at+run.bytes])
		at += run.bytes
		between = at
	}
	hide(b, group[between:])
}

// digitRun is a row of digits, in digits and in bytes.
type digitRun struct{ count, bytes int }

func digitsAt(text string) (run digitRun) {
	for _, r := range text {
		if !unicode.IsDigit(r) {
			break
		}
		run.count++
		run.bytes += utf8.RuneLen(r)
	}
	return run
}

func firstLen(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	return size
}

// hide the last digits of a piece that holds enough of them.
func hide(b *strings.Builder, piece string) {
	count := 0
	for _, r := range piece {
		if unicode.IsDigit(r) {
			count++
		}
	}
	show := count
	switch {
	case count > mostNumber:
		show = hiddenDigits
	case count >= leastNumber:
		show = count - hiddenDigits
	}
	for _, r := range piece {
		switch {
		case !unicode.IsDigit(r):
			b.WriteRune(r)
		case show > 0:
			show--
			b.WriteRune(r)
		default:
			b.WriteString(bullet)
		}
	}
}

// maskNumber is a JSON number of a site's column as it is shown: a text where it may be a telephone number.
func maskNumber(dst, number []byte) []byte {
	if bytes.ContainsAny(number, "eE") { // a column of floats says little of a number, and this would say too much
		return append(dst, `"`+bullet+`"`...)
	}
	whole, _, _ := bytes.Cut(number, []byte("."))
	if digitsAt(strings.TrimPrefix(string(whole), "-")).count < leastNumber {
		return append(dst, number...)
	}
	dst = append(append(dst, '"'), masked(string(whole))...)
	return append(dst, '"')
}

// jsonText appends a text as JSON.
func jsonText(dst []byte, text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string: cannot fail
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
