package main

import "math"

// Formulas of the statistics. Sums and counts are given, and ratios come last; a ratio of nothing is nil, never 0.

// serviceLevelFormula is one of the five in use. A and B are all that were answered and abandoned, A≤T and B≤T those of them
// within T seconds, s those who left before S seconds.
type serviceLevelFormula struct {
	name, definition string
	of               func(c levelCounts) *float64
}

// levelCounts are the letters of the formulas.
type levelCounts struct {
	answered, answeredInTime   uint64
	abandoned, abandonedInTime uint64
	short                      uint64
}

var serviceLevelFormulas = []serviceLevelFormula{
	{"SL-1", "(A≤T + B≤T) / (A + B)", func(c levelCounts) *float64 {
		return ratio(c.answeredInTime+c.abandonedInTime, c.answered+c.abandoned)
	}},
	{"SL-2", "A≤T / A", func(c levelCounts) *float64 { return ratio(c.answeredInTime, c.answered) }},
	{"SL-3", "A≤T / (A + B)", func(c levelCounts) *float64 { return ratio(c.answeredInTime, c.answered+c.abandoned) }},
	{"SL-4", "A≤T / (A + (B − B≤T))", func(c levelCounts) *float64 {
		return ratio(c.answeredInTime, c.answered+c.abandoned-c.abandonedInTime)
	}},
	{"SL-5", "A≤T / (A + B − s)", func(c levelCounts) *float64 { return ratio(c.answeredInTime, c.answered+c.abandoned-c.short) }},
}

// ratio of two counts, to four places.
func ratio(part, whole uint64) *float64 {
	if whole == 0 {
		return nil
	}
	return places(float64(part)/float64(whole), 4)
}

// average of a sum over a count, to two places.
func average(sum int64, count uint64) *float64 {
	if count == 0 {
		return nil
	}
	return places(float64(sum)/float64(count), 2)
}

func places(v float64, n int) *float64 {
	shift := math.Pow10(n)
	v = math.Round(v*shift) / shift
	return &v
}

// less is a − b, where b is part of a.
func less(a, b uint64) uint64 { return a - min(a, b) }

// erlang is how many lines were busy on average in an hour whose calls lasted so many seconds together.
func erlang(seconds int64) *float64 { return places(float64(seconds)/3600, 2) }
