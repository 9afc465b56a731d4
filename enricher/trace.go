package main

import (
	"fmt"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// rule decides one field of a leg, or leaves it to the next. Rules of a field stand in order of the strength of their
// evidence; they read legs and do no I/O.
type rule[T comparable] struct {
	name       string // what decided, as an explanation shows it
	uses       string // the columns that it reads of the leg, separated by spaces
	confidence uint8  // percent; 0 where the field has none
	find       func(*scene, *leg) (T, bool)
}

// choose the first rule's answer. While an explanation is made the others are asked as well, so that it can name what
// was rejected: the trace is the rules themselves.
func choose[T comparable](s *scene, l *leg, field string, rules []rule[T], otherwise T) (T, uint8) {
	if s.trace == nil {
		for i := range rules {
			if v, ok := rules[i].find(s, l); ok {
				return v, rules[i].confidence
			}
		}
		return otherwise, 0
	}
	return chooseTraced(s, l, field, rules, otherwise)
}

func chooseTraced[T comparable](s *scene, l *leg, field string, rules []rule[T], otherwise T) (T, uint8) {
	d := decision{Field: field, leg: l, Used: []use{}, Rejected: []alternative{}}
	value, confidence, decided := otherwise, uint8(0), false
	for i := range rules {
		r := &rules[i]
		s.trace.others = s.trace.others[:0]
		v, ok := r.find(s, l)
		switch {
		case !ok:
			continue
		case !decided:
			value, confidence, decided = v, r.confidence, true
			d.Value, d.Rule, d.Confidence = textOf(v), r.name, float64(r.confidence)/100
			d.Used = evidence(l, r.uses, s.trace.others)
			d.Why = because(d.Used)
		case v == value:
			d.Rejected = append(d.Rejected, alternative{textOf(v), r.name, "agrees, but weaker evidence"})
		default:
			d.Rejected = append(d.Rejected, alternative{textOf(v), r.name, "weaker evidence than: " + d.Rule})
		}
	}
	if !decided {
		d.Value, d.Rule = textOf(otherwise), nothingDecided
		for i := range rules {
			d.Used = append(d.Used, evidence(l, rules[i].uses, nil)...)
		}
		d.Used = unique(d.Used)
	}
	s.trace.decisions = append(s.trace.decisions, d)
	return value, confidence
}

const (
	// nothingDecided stands for a rule where none had an answer: then a field is null, or unknown.
	nothingDecided = "no rule decided"
	// wholePrefix marks decisions about the conversation rather than a leg.
	wholePrefix = "conversation "
)

// trace is what an explanation is made of. It is nil while rows are stored.
type trace struct {
	decisions []decision
	others    []use // what the rule at work has read of other legs
}

// decision on one field of one leg.
type decision struct {
	leg        *leg
	Field      string        `json:"field"`
	Value      any           `json:"value"`
	Rule       string        `json:"rule"`
	Confidence float64       `json:"confidence,omitempty"` // 0 to 1
	Why        string        `json:"why"`
	Used       []use         `json:"used"`
	Rejected   []alternative `json:"rejected"`
}

// use of a column by a rule.
type use struct {
	ID     uint64 `json:"id"`
	Column string `json:"column"`
	Value  any    `json:"value"`
}

type alternative struct {
	Value any    `json:"value"`
	Rule  string `json:"rule"`
	Why   string `json:"why"`
}

// used notes columns of another leg that the rule at work relies on.
func (s *scene) used(l *leg, columns string) {
	if s.trace != nil && l != nil {
		s.trace.others = append(s.trace.others, evidence(l, columns, nil)...)
	}
}

// because says in one line what the rule saw.
func because(list []use) string {
	var b strings.Builder
	for i, u := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s of row %d is ", u.Column, u.ID)
		if u.Value == nil {
			b.WriteString("NULL")
		} else {
			fmt.Fprintf(&b, "%q", u.Value)
		}
	}
	return b.String()
}

func evidence(l *leg, columns string, others []use) []use {
	var list []use
	for name := range strings.FieldsSeq(columns) {
		list = append(list, use{l.ID, name, columnOf(l.Call, name)})
	}
	return unique(append(list, others...))
}

func unique(list []use) []use {
	var kept []use
	seen := map[use]bool{}
	for _, u := range list {
		key := use{ID: u.ID, Column: u.Column}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, u)
		}
	}
	return kept
}

// columnOf a call, as the PBX wrote it; nil for NULL and for a column that the table lacks.
func columnOf(c *call.Call, name string) any {
	if c.Table == nil {
		return nil
	}
	i := c.Table.Place(name)
	if i < 0 {
		return nil
	}
	v := c.Raw(i)
	if !v.Valid {
		return nil
	}
	return v.Text
}

// textOf a value that rules decide on; nil where it is empty.
func textOf(v any) any {
	switch v := v.(type) {
	case call.Direction:
		return orNil(string(v))
	case call.AnsweredType:
		return orNil(string(v))
	case call.DisconnectedBy:
		return orNil(string(v))
	case call.Outcome:
		return orNil(string(v))
	case call.LegKind:
		return orNil(string(v))
	case string:
		return orNil(v)
	case int64:
		if v == call.NoSeconds {
			return nil
		}
	}
	return v
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}
