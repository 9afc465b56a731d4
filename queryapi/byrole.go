package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// byRole reads a setting that has a value for each role, as in agent=20/s,admin=50/s. A role that is not named has none.
func byRole[T any](name, text, want string, read func(string) (T, bool)) (map[string]T, error) {
	values := map[string]T{}
	var errs []error
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		role, value, _ := strings.Cut(part, "=")
		v, ok := read(strings.TrimSpace(value))
		if _, known := roles[role]; !known || !ok {
			errs = append(errs, fmt.Errorf("%s holds %q, want a role (agent, supervisor or admin), = and %s", name, part, want))
			continue
		}
		values[role] = v
	}
	return values, errors.Join(errs...)
}

// rateLimit is how often something may be done: so many times a second in the long run, and so many at once.
type rateLimit struct {
	perSecond float64
	burst     int
}

// burstOf is how many seconds' worth may come at once, where a limit does not say.
const burstOf = 3

// readRate reads 20/s or 300/m, and the burst behind a colon: 20/s:100.
func readRate(text string) (rateLimit, bool) {
	text, burst, hasBurst := strings.Cut(text, ":")
	number, unit, _ := strings.Cut(text, "/")
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n == 0 || seconds == 0 {
		return rateLimit{}, false
	}
	limit := rateLimit{perSecond: float64(n) / seconds}
	limit.burst = max(1, int(limit.perSecond*burstOf))
	if hasBurst {
		b, err := strconv.ParseUint(burst, 10, 31)
		if err != nil || b == 0 {
			return rateLimit{}, false
		}
		limit.burst = int(b)
	}
	return limit, true
}

// readCount reads 1000000, 1M or 2G.
func readCount(text string) (uint64, bool) {
	times := uint64(1)
	for unit, size := range map[string]uint64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if number, has := strings.CutSuffix(text, unit); has {
			text, times = number, size
			break
		}
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return n * times, err == nil && n > 0
}

func readTimeout(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 100*time.Millisecond && d <= 5*time.Minute
}
