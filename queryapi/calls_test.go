package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

var table = call.NewTable([]call.Column{
	{Name: "id", Type: "bigint(20)"},
	{Name: "calldate", Type: "datetime"},
	{Name: "clid", Type: "varchar(80)"},
	{Name: "src", Type: "varchar(80)"},
	{Name: "dst", Type: "varchar(80)"},
	{Name: "dcontext", Type: "varchar(80)"},
	{Name: "channel", Type: "varchar(80)"},
	{Name: "dstchannel", Type: "varchar(80)"},
	{Name: "lastapp", Type: "varchar(80)"},
	{Name: "lastdata", Type: "varchar(80)"},
	{Name: "duration", Type: "int(11)"},
	{Name: "billsec", Type: "int(11)"},
	{Name: "disposition", Type: "varchar(45)"},
	{Name: "amaflags", Type: "int(11)"},
	{Name: "accountcode", Type: "varchar(20)"},
	{Name: "uniqueid", Type: "varchar(150)"},
	{Name: "userfield", Type: "varchar(255)"},
	{Name: "answer", Type: "datetime"},
	{Name: "end", Type: "datetime"},
	{Name: "linkedid", Type: "varchar(150)"},
	{Name: "queue_name", Type: "varchar(80)"},
	{Name: "queue_wait_time", Type: "int(11)"},
	{Name: "answered_agent", Type: "varchar(80)"},
	{Name: "recordingfile", Type: "varchar(255)"},
	{Name: "cost", Type: "decimal(30,10)"},
	{Name: "big", Type: "bigint(20) unsigned"},
	{Name: "direction", Type: "varchar(8)"},
})

var noon = time.Date(2026, 4, 12, 12, 7, 13, 0, time.UTC)

// missed is the Call Logs API's own sample, as far as it goes, with site columns beside it.
func missed(id uint64, org uint32) call.Call {
	at := call.InstantOf(noon)
	return call.Call{
		OrgID: org, Calldate: at, ID: id, Version: call.NewVersion(1, id, 0), Source: "pbx", Table: table, RawHash: id,
		Nulls: "answer,queue_name,queue_wait_time,answered_agent", CalldateOffset: 19800, EndOffset: 19800,
		Clid: "\"Zoë 📞\" <919944421125>", Src: "919944421125", Dst: "918065978001", Dcontext: "from-trunk",
		Channel: "PJSIP/tata_gateway-00000a1b", Dstchannel: "PJSIP/1001-00000a1c", Lastapp: "Dial", Lastdata: "PJSIP/1001,30",
		Duration: 10, Disposition: "NO ANSWER", Amaflags: 3, Accountcode: "1", Uniqueid: "1775995633.41",
		Userfield: "hangupsource=caller", Answer: call.NoInstant, End: at + 10_000, Linkedid: "1775995633.41",
		Recordingfile: "20260412-173713-919944421125-1001.wav",
		Extra:         []call.Pair{{Name: "cost", Text: "123456789012345678.0123456789"}, {Name: "big", Text: "18446744073709551615"}, {Name: "direction", Text: "in"}},
		Direction:     call.Inbound, Trunk: "tata_gateway", RangExtension: "1001", WaitTime: 10, DisconnectedBy: call.ByCaller,
		HangupCause: "16", HangupReason: "Normal Clearing", HangupSource: "PJSIP/tata_gateway-00000a1b", Confidence: 90,
		Did: "918065978001", Outcome: call.OutcomeMissed, LegKind: call.LegDial, RingTime: 10, Caller: "+919944421125",
		Callee: "+918065978001", Tags: []string{"sales", "paris"}, QueueWait: call.NoSeconds, Conversation: call.NoConversation,
	}
}

// talked is a missed call that was answered after all, at minutes after noon.
func talked(id uint64, org uint32, minutes int) call.Call {
	c := missed(id, org)
	c.Calldate += call.Instant(minutes) * 60_000
	c.Nulls, c.Answer, c.End = "queue_name,queue_wait_time,answered_agent", c.Calldate+4_000, c.Calldate+10_000
	c.AnswerOffset = c.CalldateOffset
	c.Billsec, c.WaitTime, c.Disposition, c.AnsweredBy, c.AnsweredType = 6, 4, call.Answered, "1001", call.Human
	c.Outcome, c.RingTime, c.TalkTime = call.OutcomeAnswered, 4, 6
	return c
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestListIsTheCallLogsAPIs(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, missed(10, 1), talked(11, 1, 5)), nil, nil)
	list := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls")
	if list.Header.Get("Content-Type") != "application/json" || list.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", list.Header)
	}
	golden(t, "list.json", list.body)

	// One call has the same bytes alone as in a list.
	for _, id := range []int{10, 11} {
		one := s.get(t, tokenOf(t, "agent", 1), fmt.Sprintf("/api/v1/calls/%d", id))
		if one.StatusCode != http.StatusOK || !strings.Contains(list.body, strings.TrimSuffix(one.body, "\n")) {
			t.Errorf("call %d: %s: %s", id, one.Status, one.body)
		}
	}

	head := s.request(t, http.MethodHead, "/api/v1/calls", "Authorization", "Bearer "+tokenOf(t, "agent", 1))
	if head.StatusCode != http.StatusOK || head.body != "" {
		t.Errorf("HEAD: %s, %q", head.Status, head.body)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	var calls []call.Call
	for id := uint64(1); id <= 12; id++ {
		calls = append(calls, talked(id, 1+uint32(id%3)/2, int(id)/2)) // 1, 3, 4, 6, … of organisation 1, two a minute
	}
	s := newSite(t, newStore(t, calls...), nil, nil)
	for _, test := range []struct {
		query string
		want  string
	}{
		{"", "12 10 9 7 6 4 3 1 of 8, more false"},
		{"?limit=8", "12 10 9 7 6 4 3 1 of 8, more false"},
		{"?limit=7", "12 10 9 7 6 4 3 of 8, more true"},
		{"?limit=3", "12 10 9 of 8, more true"},
		{"?limit=3&offset=3", "7 6 4 of 8, more true"},
		{"?limit=3&offset=5", "4 3 1 of 8, more false"},
		{"?limit=3&offset=6", "3 1 of 8, more false"},
		{"?limit=3&offset=7", "1 of 8, more false"},
		{"?limit=3&offset=8", "of 8, more false"},
		{"?limit=200&offset=10000", "of 8, more false"},
	} {
		if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls"+test.query).list(t).String(); got != test.want {
			t.Errorf("%s lists %s, want %s", test.query, got, test.want)
		}
	}
	if got := s.get(t, tokenOf(t, "admin", 7), "/api/v1/calls").list(t); got.String() != "of 0, more false" || got.Pagination.Limit != 50 {
		t.Errorf("an empty organisation lists %v, %+v", got, got.Pagination)
	}
}

func TestRemovedAndCorrectedCalls(t *testing.T) {
	t.Parallel()
	store := newStore(t, talked(1, 1, 1), talked(2, 1, 2), talked(3, 1, 3))
	gone, moved, corrected := talked(1, 1, 1), talked(1, 2, 1), talked(2, 1, 2)
	gone.Removed, gone.Version = true, call.NewVersion(1, 9, 0)
	moved.Version, corrected.Version, corrected.Src = gone.Version, gone.Version, "corrected"
	if err := store.Insert(t.Context(), []call.Call{gone, moved, corrected}, "later"); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, store, nil, nil)
	if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls").list(t).String(); got != "3 2 of 2, more false" {
		t.Errorf("organisation 1 lists %s", got)
	}
	s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/1").wantProblem(t, callNotFound)
	if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/2").body; !strings.Contains(got, `"src":"corrected"`) {
		t.Errorf("call 2 is not the corrected one: %s", got)
	}
	if got := s.get(t, tokenOf(t, "agent", 1, 2), "/api/v1/calls").list(t).String(); got != "3 2 1 of 3, more false" {
		t.Errorf("both list %s", got)
	}
}

func TestCallIDs(t *testing.T) {
	t.Parallel()
	high := talked(call.ID(7, 5), 1, 1)
	s := newSite(t, newStore(t, high), nil, nil)
	token := tokenOf(t, "agent", 1)
	for id, want := range map[string]code{
		"7696581394437": "", "7696581394438": callNotFound, "9007199254740991": callNotFound, "9007199254740992": callNotFound,
		"99999999999999999999999": callNotFound, "0": parameterInvalid, "-1": parameterInvalid, "abc": parameterInvalid,
		"07696581394437": parameterInvalid, "1.0": parameterInvalid, "%31": parameterInvalid, "1%20": parameterInvalid,
	} {
		got := s.get(t, token, "/api/v1/calls/"+id)
		if want == "" {
			if got.StatusCode != http.StatusOK {
				t.Errorf("id %s: %s: %s", id, got.Status, got.body)
			}
			continue
		}
		if p := got.wantProblem(t, want); want == parameterInvalid && p.Parameter != "id" {
			t.Errorf("id %s: parameter %q", id, p.Parameter)
		}
	}
	if p := s.get(t, token, "/api/v1/calls/7696581394437?fields=id").wantProblem(t, parameterUnknown); p.Detail != `"fields" is not a parameter here, want none` {
		t.Error(p.Detail)
	}
}
