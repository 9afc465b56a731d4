package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// aFriday at a house in Berlin, row by row. Left of the bar the row, right of it what the conversation comes to on its
// first row. Organisation 2 has the same queue, agents and numbers.
const aFriday = `
1  09:00:00 from=+4930111 did=100 trunk=in1 queue=sales entry=answered/10/100 called=phone rang=1001 by=1001 out=answered ring=10 talk=100 | dir=inbound result=answered wait=10 talk=100 end=110 hung=caller
2  09:10:00 from=+4930112 did=100 trunk=in1 queue=sales entry=answered/20/60 called=phone rang=1001 out=missed ring=15 talk=0 | dir=inbound result=answered wait=20 talk=60 end=80 hung=callee legs=2
3  09:10:15 of=2 from=+4930112 did=100 trunk=in1 queue=sales called=phone rang=1002 by=1002 out=answered ring=5 talk=60
4  09:20:00 from=+4930113 did=100 trunk=in1 queue=sales entry=answered/21/30 called=phone rang=1002 by=1002 out=answered ring=21 talk=30 | dir=inbound result=answered wait=21 talk=30 end=51 hung=unknown
5  09:30:00 from=+4930114 did=100 trunk=in1 queue=sales entry=abandoned/4/0 called=phone rang=1001 out=missed ring=4 talk=0 | dir=inbound result=abandoned wait=4 talk=0 end=4 hung=caller
6  10:00:00 from=+4930115 did=200 trunk=in1 queue=sales entry=abandoned/5/0 called=phone rang=1001 out=declined ring=5 talk=0 | dir=inbound result=abandoned wait=5 talk=0 end=5 hung=caller
7  10:05:00 from=+4930116 did=200 trunk=in2 queue=sales entry=abandoned/40/0 | dir=inbound result=abandoned wait=40 talk=0 end=40 hung=caller
8  10:10:00 from=+4930117 did=200 trunk=in2 queue=support entry=timeout/30/0 called=phone rang=1003 out=missed ring=30 talk=0 | dir=inbound result=queue_timeout wait=30 talk=0 end=35 hung=timeout
9  10:20:00 from=+4930118 did=200 trunk=in2 queue=sales entry=exit/-/0 called=phone rang=1001 out=busy ring=0 talk=0 | dir=inbound result=answered wait=45 talk=90 end=135 hung=callee legs=2
10 10:20:30 of=9 from=+4930118 did=200 trunk=in2 queue=support entry=answered/15/90 called=phone rang=1003 by=1003 out=answered ring=15 talk=90
11 11:00:00 from=+4930119 did=200 trunk=in2 queue=support entry=answered/-/- called=phone rang=1003 by=1003 out=answered ring=- talk=- | dir=inbound result=answered wait=- talk=- end=60 hung=caller detail=transfer
12 11:30:00 from= did=200 trunk=in2 called=phone rang=1001 out=missed ring=20 talk=0 withheld | dir=inbound result=missed wait=20 talk=0 end=20 hung=caller
13 12:00:00 from=+4930114 did=100 trunk=in1 called=phone rang=1001 by=1001 out=answered ring=5 talk=20 | dir=inbound result=answered wait=5 talk=20 end=25 hung=caller
14 13:00:00 to=+4930115 trunk=out1 called=trunk out=answered ring=10 talk=120 lasts=130 | dir=outbound result=answered wait=10 talk=120 end=130 hung=caller
15 13:10:00 to=+4930116 trunk=out1 called=trunk out=no_answer ring=30 talk=0 lasts=30 | dir=outbound result=no_answer wait=30 talk=0 end=30 hung=caller
16 13:20:00 to=+49305555 trunk=out1 called=trunk out=failed ring=- talk=0 lasts=0 | dir=outbound result=answered wait=8 talk=50 end=58 hung=callee legs=2
17 13:20:01 of=16 to=+49305555 trunk=out2 called=trunk out=answered ring=7 talk=50 lasts=57
18 14:00:00 called=phone rang=1002 by=1002 out=answered ring=3 talk=40 | dir=internal result=answered wait=3 talk=40 end=43 hung=caller detail=consult
19 15:00:00 from=+4930120 did=100 trunk=in1 called=phone rang=1002 out=elsewhere ring=6 talk=0 | dir=inbound result=answered wait=6 talk=10 end=16 hung=callee legs=2
20 15:00:06 of=19 from=+4930120 did=100 trunk=in1 called=phone by=1001 out=answered ring=- talk=10
21 16:00:00 from=+4930121 did=100 trunk=in1 | dir=inbound result=prompt wait=- talk=0 end=15 hung=caller
22 17:00:00 from=+4930122 did=100 trunk=in1 omitted called=phone rang=1001 out=missed ring=9 talk=0 queue=sales entry=abandoned/9/0 | dir=inbound result=missed wait=9 talk=0 end=9 hung=caller
23 17:30:00 from=+4930123 did=100 trunk=in1 called=phone rang=1001 out=missed ring=9 talk=0 | dir=inbound result=missed wait=9 talk=0 end=9 hung=caller incomplete
`

// friday makes the rows of an organisation; ids are offset by it.
func friday(t testing.TB, org uint32) []call.Call {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var calls []call.Call
	for line := range strings.Lines(strings.TrimSpace(aFriday)) {
		calls = append(calls, fridayRow(t, line, org, berlin))
	}
	return calls
}

func fridayRow(t testing.TB, line string, org uint32, zone *time.Location) call.Call {
	t.Helper()
	row, whole, isHead := strings.Cut(strings.TrimSpace(line), "|")
	words := strings.Fields(row)
	id, err := strconv.ParseUint(words[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-11-20 "+words[1], zone)
	if err != nil {
		t.Fatal(err)
	}
	c := call.Blank(uint64(org)*1000 + id)
	c.OrgID, c.Version, c.Source, c.Table, c.Amaflags = org, call.NewVersion(1, c.ID, 0), "pbx", table, 3
	c.Calldate, c.Linkedid, c.Uniqueid = call.InstantOf(at), fmt.Sprintf("%d.%s", at.Unix(), words[0]), words[0]
	c.Direction = call.Inbound
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		parts := strings.Split(value, "/")
		switch name {
		case "of":
			c.Linkedid = value
		case "from":
			c.Caller, c.Src = value, strings.TrimPrefix(value, "+")
		case "to":
			c.Callee, c.Dst, c.Direction = value, strings.TrimPrefix(value, "+"), call.Outbound
		case "did":
			c.Did = value
		case "trunk":
			c.Trunk = value
		case "queue":
			c.Queue = value
		case "entry":
			c.Entry = call.Entry{Outcome: call.EntryOutcome(parts[0]), Wait: secondsOf(parts[1]), Talk: secondsOf(parts[2])}
		case "called":
			c.Called = map[string]call.Called{"phone": call.CalledPhone, "trunk": call.CalledTrunk}[value]
		case "rang":
			c.RangExtension = value
		case "by":
			c.AnsweredBy = value
		case "out":
			c.Outcome = call.Outcome(value)
		case "ring":
			c.RingTime = secondsOf(value)
		case "talk":
			c.TalkTime = secondsOf(value)
		case "lasts":
			c.Duration = secondsOf(value)
		case "withheld":
			c.Withheld = true
		case "omitted":
			c.Amaflags = 1
		default:
			t.Fatalf("%s of row %d", word, id)
		}
	}
	if !isHead {
		return c
	}
	v := &c.Conversation
	*v = call.NoConversation
	v.Legs, v.Complete = 1, true
	for _, word := range strings.Fields(whole) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "dir":
			c.Direction = call.Direction(value)
		case "result":
			v.Outcome = call.Outcome(value)
		case "wait":
			v.WaitTime = secondsOf(value)
		case "talk":
			v.TalkTime = secondsOf(value)
		case "end":
			v.End = c.Calldate + call.Instant(secondsOf(value))*1000
		case "hung":
			v.DisconnectedBy = call.DisconnectedBy(value)
		case "legs":
			v.Legs = secondsOf(value)
		case "detail":
			v.Detail = fmt.Sprintf(`{"legs":[{"id":%d,"leg_kind":"dial"},{"id":1,"leg_kind":"transfer"},{"id":2,"leg_kind":%q}]}`, c.ID, value)
		case "incomplete":
			v.Complete = false
		default:
			t.Fatalf("%s of row %d", word, id)
		}
	}
	return c
}

func secondsOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return call.NoSeconds
	}
	return n
}
