package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestTag = 64 // characters
	mostTags   = 50 // on a call, and in a request
)

// goodTag tells a tag that may be put on a call: letters and digits of any script, and between them spaces, dots, hyphens and
// underscores. What filters, lists and paths are made with, such as commas or a lone dot, is none of it.
func goodTag(tag string) bool {
	if !utf8.ValidString(tag) || utf8.RuneCountInString(tag) > longestTag {
		return false
	}
	within := false // behind a letter or digit, with the marks on it
	for at, r := range tag {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			within = true
		case unicode.IsMark(r) && within:
		case strings.ContainsRune(" .-_", r) && at > 0:
			within = false
		default:
			return false
		}
	}
	return within
}

// knownTag tells a tag that a call may bear at all: the rules and the userfield of the PBX give any text between commas.
func knownTag(tag string) bool {
	return tag != "" && len(tag) <= longestValue && utf8.ValidString(tag) && !strings.Contains(tag, ",") && strings.TrimSpace(tag) == tag
}

// checkTags holds a list of tags against the rules; name is what it is called in the request. What is taken off may be any
// tag that a call bears.
func checkTags(name string, tags []string) error {
	if len(tags) > mostTags {
		return &refusal{parameterInvalid, fmt.Sprintf("%s has %d tags, want at most %d", name, len(tags), mostTags), name}
	}
	good, want := goodTag, fmt.Sprintf("letters, digits, and between them spaces, dots, hyphens and underscores, %d characters at most", longestTag)
	if name == "remove" || name == "tag" {
		good, want = knownTag, fmt.Sprintf("the tag of a call, %d bytes at most", longestValue)
	}
	for _, tag := range tags {
		if !good(tag) {
			return &refusal{parameterInvalid, fmt.Sprintf("%s holds %s, want %s", name, quoted(tag), want), name}
		}
	}
	return nil
}

// changeOf gives the tags that an edit leaves, and what of it changes anything.
func changeOf(tags, add, remove []string) (after, added, removed []string) {
	after = slices.Clone(tags)
	for _, tag := range add {
		if !slices.Contains(after, tag) {
			after, added = append(after, tag), append(added, tag)
		}
	}
	for _, tag := range remove {
		if at := slices.Index(after, tag); at >= 0 {
			after, removed = slices.Delete(after, at, at+1), append(removed, tag)
		}
	}
	return after, added, removed
}
