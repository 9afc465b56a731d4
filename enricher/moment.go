package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// parseMoment reads a day or an instant of a flag, in UTC; empty is 0.
func parseMoment(flag, text string) (call.Instant, error) {
	if text == "" {
		return 0, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return call.InstantOf(t), nil
		}
	}
	return 0, fmt.Errorf("%s is %q, want a day (2026-11-21) or an instant (2026-11-21T08:00:00Z), in UTC", flag, text)
}

// parseAge reads how long ago: 30d, 2w or what Go calls a duration, as 36h.
func parseAge(flag, text string) (time.Duration, error) {
	wrong := fmt.Errorf("%s is %q, want for example 30d, 2w or 36h", flag, text)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > 36_500 {
				return 0, wrong
			}
			return time.Duration(n) * length, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age <= 0 {
		return 0, wrong
	}
	return age, nil
}

// moment as a flag takes it, and as people read it.
func moment(at call.Instant) string { return at.Time().Format(time.RFC3339) }
