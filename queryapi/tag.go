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
// underscores. What filters and lists are made with, such as commas, is none of it.
func goodTag(tag string) bool {
	if tag == "" || !utf8.ValidString(tag) || utf8.RuneCountInString(tag) > longestTag {
		return false
	}
	for _, r := range tag {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .-_", r) {
			return false
		}
	}
	return strings.TrimSpace(tag) == tag
}

// checkTags holds a list of tags against the rules; name is what it is called in the request.
func checkTags(name string, tags []string) error {
	if len(tags) > mostTags {
		return &refusal{parameterInvalid, fmt.Sprintf("%s has %d tags, want at most %d", name, len(tags), mostTags), name}
	}
	for _, tag := range tags {
		if !goodTag(tag) {
			return &refusal{parameterInvalid, fmt.Sprintf("%s holds %s, want letters, digits, and between them spaces, dots, hyphens and underscores, %d characters at most",
				name, quoted(tag), longestTag), name}
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
