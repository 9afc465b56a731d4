package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// clock turns the PBX's local times into instants. It remembers the last day's offsets, since rows come in the order of
// time and a zone's history is slow to search.
type clock struct {
	zone          *time.Location
	day           int64
	before, after int32 // offsets a day before and a day after, in seconds
}

func newClock(zone *time.Location) *clock { return &clock{zone: zone, day: -1 << 62} }

// instant of a DATETIME as MariaDB writes it. hint, near to which the instant lies, decides which of the two hours of an
// autumn night is meant; NoInstant leaves it at the first. It returns false for what is no point in time: zero dates, a
// 30th of February, years that the store cannot hold.
func (c *clock) instant(text string, hint call.Instant) (at call.Instant, offset int32, ok bool) {
	naive, ok := parseNaive(text)
	if !ok {
		return call.NoInstant, 0, false
	}
	at, offset = c.near(naive, hint)
	return at, offset, true
}

// near is instant of a text that is read already, as if it were UTC.
func (c *clock) near(naive, hint call.Instant) (at call.Instant, offset int32) {
	c.turnTo(naive)
	at = naive - call.Instant(c.before)*1000
	if c.before == c.after {
		return at, c.before
	}
	later := naive - call.Instant(c.after)*1000
	firstIs, laterIs := c.offset(at) == c.before, c.offset(later) == c.after
	switch {
	case !firstIs && laterIs,
		firstIs && laterIs && hint != call.NoInstant && distance(later, hint) < distance(at, hint):
		return later, c.after
	}
	return at, c.before
}

// secondReading of a time that was read in the first of the two hours of an autumn night; false for any other.
func (c *clock) secondReading(at call.Instant, offset int32) (call.Instant, bool) {
	naive := at + call.Instant(offset)*1000
	c.turnTo(naive)
	later := naive - call.Instant(c.after)*1000
	return later, offset == c.before && c.after < c.before && c.offset(at) == c.before && c.offset(later) == c.after
}

// turnTo the day of a local time. The offsets are those well before and well behind it wherever on Earth the day is, not
// those around the time asked first: an earlier hour of the day may be asked next.
func (c *clock) turnTo(naive call.Instant) {
	if day := int64(naive) / 86_400_000; day != c.day {
		c.day = day
		midnight := call.Instant(day * 86_400_000)
		c.before, c.after = c.offset(midnight-86_400_000), c.offset(midnight+2*86_400_000)
	}
}

// began is instant of a row's start, whose channel was made at an epoch: nothing of it began before.
func (c *clock) began(text string, epoch call.Instant) (at call.Instant, offset int32, ok bool) {
	at, offset, ok = c.instant(text, epoch)
	if ok && c.before != c.after && epoch != call.NoInstant && at < epoch-sameSecond {
		if later, may := c.secondReading(at, offset); may {
			return later, c.after, true
		}
	}
	return at, offset, ok
}

func (c *clock) offset(at call.Instant) int32 {
	_, seconds := at.Time().In(c.zone).Zone()
	return int32(seconds)
}

func distance(a, b call.Instant) call.Instant { return max(a-b, b-a) }

// ClickHouse's DateTime64 holds 1900 to 2299.
const firstYear, lastYear = 1900, 2299

// parseNaive reads "2006-01-02 15:04:05" with up to six digits of a fraction, as if it were UTC.
func parseNaive(s string) (call.Instant, bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || (s[10] != ' ' && s[10] != 'T') || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, month, day := digits(s[0:4]), digits(s[5:7]), digits(s[8:10])
	hour, minute, second := digits(s[11:13]), digits(s[14:16]), digits(s[17:19])
	if year < firstYear || year > lastYear || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day || int(t.Month()) != month {
		return 0, false // the 30th of February became March
	}
	at := call.InstantOf(t)
	if len(s) == 19 {
		return at, true
	}
	fraction := s[20:]
	if s[19] != '.' || fraction == "" || digits(fraction) < 0 {
		return 0, false
	}
	return at + call.Instant(digits((fraction + "00")[:3])), true
}

// digits is a number of digits only, -1 for anything else.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// epochOf is the second in which the channel of a uniqueid ([system-]epoch.counter) was created: UTC for free.
func epochOf(uniqueid string) call.Instant {
	whole, _, ok := strings.Cut(uniqueid[strings.LastIndexByte(uniqueid, '-')+1:], ".")
	if !ok {
		return call.NoInstant
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	// Before 2000 there was no Asterisk; after 2200 it is no epoch.
	if err != nil || seconds < 946_684_800 || seconds > 7_258_118_400 {
		return call.NoInstant
	}
	return call.Instant(seconds * 1000)
}
