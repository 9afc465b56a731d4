package main

import (
	"strings"
	"time"
)

const minutesOfWeek = 7 * 24 * 60

// hours of an organisation's business, in its own time.
type hours struct {
	zone   *time.Location
	open   [minutesOfWeek/64 + 1]uint64 // a bit a minute, from Sunday 00:00
	closed map[date]bool
	tag    string
}

// date is a day; of every year when year is 0.
type date struct {
	year  int
	month time.Month
	day   int
}

// afterHours is the tag of a call that began outside the hours of its organisation; "" inside, or where the file says no
// hours.
func (r *rules) afterHours(org uint32, at time.Time) (tag string) {
	h := r.hours[org]
	if h == nil || h.isOpen(at) {
		return ""
	}
	return h.tag
}

func (h *hours) isOpen(at time.Time) bool {
	at = at.In(h.zone)
	if len(h.closed) > 0 {
		year, month, day := at.Date()
		if h.closed[date{year, month, day}] || h.closed[date{0, month, day}] {
			return false
		}
	}
	hour, minute, _ := at.Clock()
	i := (int(at.Weekday())*24+hour)*60 + minute
	return h.open[i/64]>>(i%64)&1 == 1
}

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func compileHours(e *hoursEntry, zone *time.Location, path string, c *compiler) *hours {
	h := &hours{zone: c.zone(e.Zone, path+".zone", zone.String()), closed: map[date]bool{}, tag: "after_hours"}
	if e.Tag.given() {
		h.tag = strings.TrimSpace(e.Tag.text)
		if strings.Contains(h.tag, ",") {
			c.addf(e.Tag.spot, "%s.tag %q, want one tag", path, e.Tag.text)
		}
	}
	if len(e.Open) == 0 {
		c.addf(e.spot, `%s has no open, want a list, as ["mon-fri 09:00-18:00"]`, path)
	}
	for _, w := range e.Open {
		if !h.openOn(w.text) {
			c.addf(w.spot, `%s.open %q, want days and hours, as "mon-fri 09:00-18:00" or "sat,sun 22:00-06:00"`, path, w.text)
		}
	}
	for _, w := range e.Closed {
		d, ok := parseDate(w.text)
		if !ok {
			c.addf(w.spot, `%s.closed %q, want a day, as 2026-12-25, or 12-25 for every year`, path, w.text)
		}
		h.closed[d] = true
	}
	return h
}

// openOn adds "mon-fri,sun 09:00-12:00,14:00-18:00". Hours that end before they begin end on the next day.
func (h *hours) openOn(text string) bool {
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) != 2 {
		return false
	}
	var days [7]bool
	for part := range strings.SplitSeq(fields[0], ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, to := weekday(first), weekday(first)
		if isRange {
			to = weekday(last)
		}
		if from < 0 || to < 0 {
			return false
		}
		for d := from; ; d = (d + 1) % 7 {
			days[d] = true
			if d == to {
				break
			}
		}
	}
	for part := range strings.SplitSeq(fields[1], ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, to := minuteOf(first), minuteOf(last)
		if !isRange || from < 0 || to < 0 || from == to || from == 24*60 {
			return false
		}
		if to < from {
			to += 24 * 60
		}
		for d := range days {
			for m := from; days[d] && m < to; m++ {
				i := (d*24*60 + m) % minutesOfWeek
				h.open[i/64] |= 1 << (i % 64)
			}
		}
	}
	return true
}

func weekday(text string) int {
	for i, name := range weekdays {
		if text == name {
			return i
		}
	}
	return -1
}

// minuteOf "09:00", up to 24:00, -1 for anything else.
func minuteOf(text string) int {
	hour, minute, ok := strings.Cut(text, ":")
	h, ok1 := parseDigits(hour)
	m, ok2 := parseDigits(minute)
	if !ok || !ok1 || !ok2 || len(hour) > 2 || len(minute) != 2 || m > 59 || h*60+m > 24*60 {
		return -1
	}
	return int(h*60 + m)
}

func parseDate(text string) (date, bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return date{t.Year(), t.Month(), t.Day()}, true
	}
	// 2024 has a 29th of February.
	if t, err := time.Parse(time.DateOnly, "2024-"+text); err == nil {
		return date{0, t.Month(), t.Day()}, true
	}
	return date{}, false
}
