package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// offset of a row's start from the scenario's, in seconds; rows have whole ones.
func (sc *scenario) offset(c *call.Call) float64 {
	return float64(c.Calldate)/1000 + 0.5 - sc.Start
}

func (sc *scenario) end() float64 {
	end := 0.0
	for _, p := range sc.Phones {
		end = max(end, p.Ended)
	}
	return end
}

func (sc *scenario) firstAnswer() (answer, end float64) {
	answer = -1
	for i := range sc.Phones {
		p := &sc.Phones[i]
		if sc.isPerson(p) && (answer < 0 || *p.Answered < answer) && !sc.isAgent(p) {
			answer = *p.Answered
		}
	}
	return answer, sc.end()
}

// phonesThat are so, without the trunks.
func (sc *scenario) phonesThat(s *scores, are func(*played) bool) string {
	var list []string
	for i := range sc.Phones {
		if p := &sc.Phones[i]; are(p) && !s.trunks[p.Phone] && !slices.Contains(list, p.Phone) && !sc.isAgent(p) {
			list = append(list, p.Phone)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// ringing is for how long phones rang before the answer, several at once counted once; false where none did.
func (sc *scenario) ringing(until float64) (float64, bool) {
	total, covered, rang := 0.0, 0.0, false
	phones := slices.Clone(sc.Phones)
	slices.SortFunc(phones, func(a, b played) int { return cmp.Compare(a.Invite, b.Invite) })
	for i := range phones {
		p := &phones[i]
		if p.Role != "called" || p.Ringing == nil || sc.isAgent(p) || *p.Ringing > until {
			continue
		}
		to := p.Ended
		if p.Answered != nil {
			to = *p.Answered
		}
		rang = true
		from := max(*p.Ringing, covered)
		if to = min(to, until); to > from {
			total, covered = total+to-from, to
		}
	}
	return total, rang
}

// talking is for how long the caller talked with people.
func (sc *scenario) talking() float64 {
	total, covered := 0.0, 0.0
	phones := slices.Clone(sc.Phones)
	slices.SortFunc(phones, func(a, b played) int { return cmp.Compare(a.Invite, b.Invite) })
	for i := range phones {
		p := &phones[i]
		if !sc.isPerson(p) || sc.isAgent(p) {
			continue
		}
		if from := max(*p.Answered, covered); p.Ended > from {
			total, covered = total+p.Ended-from, p.Ended
		}
	}
	return total
}

// queued is for how long the caller was in the queue: a queue that was entered by a menu was entered when the first phone
// rang, and one that gave up did so when the last one stopped.
func (sc *scenario) queued(answer float64) float64 {
	entered, stopped := answer, 0.0
	for i := range sc.Phones {
		if p := &sc.Phones[i]; p.Role == "called" {
			entered, stopped = min(entered, p.Invite), max(stopped, p.Ended)
		}
	}
	if sc.HungUp == "timeout" {
		answer = stopped
	}
	return answer - entered
}
