package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// holder is an organisation that has an extension or a queue, and what it calls it.
type holder struct {
	org  uint32
	name string
	tags []string
}

// phoneBook knows whose an extension is. The same number may be an extension of several organisations.
type phoneBook struct {
	single map[string][]holder
	spans  map[int][]span // by the number of digits; ascending, no two overlap
}

type span struct {
	low, high uint64
	holders   []holder
}

// extensionRange is "1001-1099" or "1001": numbers of so many digits.
type extensionRange struct {
	low, high uint64
	length    int
}

func (b *phoneBook) find(extension string) []holder {
	if h, ok := b.single[extension]; ok {
		return h
	}
	spans := b.spans[len(extension)]
	if len(spans) == 0 {
		return nil
	}
	n, ok := parseDigits(extension)
	if !ok {
		return nil
	}
	i, exact := slices.BinarySearchFunc(spans, n, func(s span, n uint64) int {
		switch {
		case s.high < n:
			return -1
		case s.low > n:
			return 1
		}
		return 0
	})
	if !exact {
		return nil
	}
	return spans[i].holders
}

// isListedExtension tells an endpoint that the file lists as an extension, of an organisation or of nobody.
func (r *rules) isListedExtension(endpoint string) bool {
	return len(r.phones.find(endpoint)) > 0
}

// extension as org knows it, else as the only organisation does that has this number.
func (r *rules) extension(org uint32, extension string) (name string, tags []string, ok bool) {
	return r.known(r.phones.find(extension), org)
}

// extensionOwner is the organisation that has this extension, if it is one alone.
func (r *rules) extensionOwner(extension string) (org uint32, ok bool) {
	if holders := r.phones.find(extension); len(holders) == 1 {
		return owner(holders[0].org, true)
	}
	return 0, false
}

// queue as org knows it, else as the only organisation does that has it: its shown name, "" where it has none, and tags.
func (r *rules) queue(org uint32, queue string) (name string, tags []string) {
	name, tags, _ = r.known(r.queues[queue], org)
	return name, tags
}

func (r *rules) known(holders []holder, org uint32) (name string, tags []string, ok bool) {
	for i := range holders {
		if h := &holders[i]; h.org == org || len(holders) == 1 {
			return h.name, h.tags, true
		}
	}
	return "", nil, false
}

// parseRange reads "1001-1099" or "1001"; both ends have the same number of digits.
func parseRange(text string) (extensionRange, bool) {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	from, ok1 := parseDigits(low)
	to, ok2 := parseDigits(high)
	if !ok1 || !ok2 || from > to || len(low) != len(high) {
		return extensionRange{}, false
	}
	return extensionRange{low: from, high: to, length: len(low)}, true
}

// parseDigits reads up to 18 digits.
func parseDigits(text string) (uint64, bool) {
	if len(text) > 18 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(text, 10, 63)
	return n, err == nil
}

// phonesOf adds an organisation's extensions to the list.
func (c *compiler) phonesOf(list []extensionEntry, path string, org uint32, phones *phoneList) {
	for i := range list {
		e := &list[i]
		at := fmt.Sprintf("%s.extensions[%d]", path, i)
		text := strings.TrimSpace(e.Extension.text)
		p := phone{of: holder{org, e.Name.text, c.tags(e.Userfield, at+".userfield")}, text: text, at: e.spot, bare: e.bare}
		var ok bool
		p.extensionRange, ok = parseRange(text)
		p.number = ok
		switch {
		case e.line == 0: // no extension at all, which was said where it was read
		case !e.Extension.given() && e.bare:
			c.addf(e.spot, "%s is empty, take it out", at)
		case !e.Extension.given():
			c.addf(e.spot, "%s has no extension, want extension: 1001", at)
		case !ok && looksLikeRange(text):
			c.addf(e.Extension.spot, "extension %q, want 1001 or 1001-1099: the lower number first, both with as many digits, 18 at most", text)
		case !ok && e.bare:
			c.addf(e.Extension.spot, "extension %q is no number, want 1001, 1001-1099 or {extension: %q}", text, text)
		case ok && e.Name.given() && p.low != p.high:
			c.addf(e.Name.spot, "%s.name %q is for all of %s, want an entry for each extension that has a name", at, e.Name.text, text)
		default:
			phones.all = append(phones.all, p)
		}
	}
}

// looksLikeRange tells 1099-1001 from front-desk.
func looksLikeRange(text string) bool {
	return strings.Trim(text, "0123456789-") == ""
}

func (c *compiler) queuesOf(list []queueEntry, path string, org uint32) {
	for i := range list {
		e := &list[i]
		at := fmt.Sprintf("%s.queues[%d]", path, i)
		tags := c.tags(e.Userfield, at+".userfield")
		if e.line == 0 {
			continue // no queue at all, which was said where it was read
		}
		if !e.Queue.given() {
			c.addf(e.spot, "%s has no queue, want queue: with the name that Queue() has in the dialplan", at)
			continue
		}
		if first, twice := c.queuesAt[queueKey{org, e.Queue.text}]; twice {
			c.addf(e.Queue.spot, "%s.queue %q is given twice, first in line %d", at, e.Queue.text, first.line)
			continue
		}
		c.queuesAt[queueKey{org, e.Queue.text}] = e.Queue.spot
		c.queues[e.Queue.text] = append(c.queues[e.Queue.text], holder{org, e.Name.text, tags})
	}
}

type queueKey struct {
	org   uint32
	queue string
}

// tags of a userfield as the file has it: "sales,paris".
func (c *compiler) tags(w word, path string) []string {
	if !w.given() {
		return nil
	}
	var tags []string
	for tag := range strings.SplitSeq(w.text, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "" {
			c.addf(w.spot, "%s %q has a comma with no tag beside it, want sales,paris", path, w.text)
		} else if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}
