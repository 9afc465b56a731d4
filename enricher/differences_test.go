package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestDifferencesAreGroupedAndCounted(t *testing.T) {
	t.Parallel()
	d := newDifferences()
	for id := uint64(1); id <= 100; id++ {
		was := call.Blank(id)
		was.Direction, was.OrgID, was.RingTime = call.Outbound, 1, call.NoSeconds
		is := was
		switch {
		case id%2 == 0:
			is.Direction = call.Internal
			is.RingTime = int64(id) // a change of its own for each call
			fallthrough
		case id%5 == 0:
			is.OrgID = 4
		}
		if id == 7 {
			is.Tags = []string{"sales", "paris"}
		}
		d.add(&was, &is)
	}
	out := new(bytes.Buffer)
	d.print(out)
	report := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{
		"100 calls compared, 61 would change",
		"60 calls: org_id 1 → 4, for example 2, 4, 5 …",
		"50 calls: direction outbound → internal, for example 2, 4, 6 …",
		"30 calls: ring_time in other ways, for example ",
		"1 calls: ring_time null → 10 s, for example 10",
	} {
		if !strings.HasPrefix(report[i], want) {
			t.Errorf("line %d is %q, want %q", i, report[i], want)
		}
	}
	if want := "1 calls: tags null → sales,paris, for example 7"; report[len(report)-1] != want {
		t.Errorf("the last line is %q, want %q", report[len(report)-1], want)
	}
	if len(report) != 4+changesOfField+1 {
		t.Errorf("%d lines:\n%s", len(report), out)
	}
}

// Every field that two readings can differ in has its line; a head that is none any more says so once.
func TestDifferencesOfConversations(t *testing.T) {
	t.Parallel()
	was, is := call.Blank(1), call.Blank(1)
	was.Conversation.Legs, was.Conversation.Outcome = 2, call.OutcomeMissed
	is.Conversation.Legs, is.Conversation.Outcome = 3, call.OutcomeAnswered
	d := newDifferences()
	d.add(&was, &is)
	var lines []string
	for _, l := range d.lines() {
		lines = append(lines, l.what)
	}
	if got := fmt.Sprint(lines); got != "[conversation legs 2 → 3 conversation outcome missed → answered]" {
		t.Error(got)
	}
}
