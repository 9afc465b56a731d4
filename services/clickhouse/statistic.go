package clickhouse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// Statistic is one kind of statistics: which rows count, for whom, and what is counted of them. Every count is a condition
// of a single row, so that the same condition, put into a Filter, lists the rows behind the number.
type Statistic struct {
	Name    string
	Heads   bool // rows are the heads of conversations, and a filter is about the conversation
	Counts  []Count
	Lengths []Length

	rows   test
	groups map[string]grouping // by what Of says; "" where there is one way only, none where all count together
}

// Count is a number of rows.
type Count struct {
	Name string
	of   test
}

// NeedsLevel tells whether the count depends on the threshold of the service level.
func (c *Count) NeedsLevel() bool { return strings.Contains(c.of.sql, "$T") }

// NeedsShort tells whether it depends on what a short abandon is.
func (c *Count) NeedsShort() bool { return strings.Contains(c.of.sql, "$S") }

// Length is a time of which the sum, the longest and percentiles are told, of the rows that know it.
type Length struct {
	Name, expression string // seconds, below 0 where they are unknown
	of               test
}

// Thresholds that some counts need, in seconds.
type Thresholds struct {
	Level int64 // T of the service level: a wait of T is within it
	Short int64 // S: who left before it is a short abandon
}

// test is a condition of a row, in SQL, where $T and $S stand for the thresholds, and in Go.
type test struct {
	sql string
	met func(c *call.Call, t Thresholds) bool
}

func (x test) in(t Thresholds) string {
	return strings.NewReplacer("$T", strconv.FormatInt(t.Level, 10), "$S", strconv.FormatInt(t.Short, 10)).Replace(x.sql)
}

// grouping is what rows are counted for.
type grouping struct {
	sql string
	of  func(c *call.Call) string
}

// all tests must be met.
func all(tests ...test) test {
	texts := make([]string, len(tests))
	for i, x := range tests {
		texts[i] = "(" + x.sql + ")"
	}
	return test{strings.Join(texts, " AND "), func(c *call.Call, t Thresholds) bool {
		return !slices.ContainsFunc(tests, func(x test) bool { return !x.met(c, t) })
	}}
}

// plainly is a test without thresholds.
func plainly(sql string, met func(c *call.Call) bool) test {
	return test{sql, func(c *call.Call, _ Thresholds) bool { return met(c) }}
}

// among is a column that has one of the words.
func among[T ~string](column string, field func(c *call.Call) T, words ...T) test {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = literal(string(word))
	}
	return plainly(column+" IN ("+strings.Join(quoted, ", ")+")", func(c *call.Call) bool { return slices.Contains(words, field(c)) })
}

var every = plainly("1", func(*call.Call) bool { return true })

// StatisticOf a name; nil where there is none.
func StatisticOf(name string) *Statistic {
	for _, s := range statistics {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Groups tells the ways in which the statistic is grouped: one that is "", several that Of chooses from, or none.
func (s *Statistic) Groups() []string {
	var names []string
	for name := range s.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Count by its name.
func (s *Statistic) Count(name string) *Count {
	for i := range s.Counts {
		if s.Counts[i].Name == name {
			return &s.Counts[i]
		}
	}
	return nil
}

// condition of the rows that know the length.
func (l *Length) condition(t Thresholds) string {
	return "(" + l.of.in(t) + ") AND " + l.expression + " >= 0"
}
