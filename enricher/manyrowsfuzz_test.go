package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// What a row may hold, likely and not: the fuzzer puts rows together of these.
var (
	someChannels = []string{
		"", "PJSIP/1001-00000001", "PJSIP/1002-00000002", "PJSIP/1004-00000003", "PJSIP/tata-00000004", "PJSIP/airtel-00000005",
		"Local/1001@q-00000001;1", "Local/1001@q-00000001;2", "Local/1002@q-00000002;1", "Local/1002@q-00000002;2",
		"Local/0441234567@out-00000003;1", "Local/0441234567@out-00000003;2", "DAHDI/4-1", "DAHDI/i1/0441234567-5", "AsyncGoto/PJSIP/1001-00000001", "x",
	}
	someApps = []string{
		"Dial", "Dial", "Queue", "Queue", "AppDial", "AppDial2", "VoiceMail", "ConfBridge", "Park", "ParkedCall", "Playback", "Hangup", "Congestion",
		"Pickup", "ChanSpy", "AGI", "", "Return",
	}
	someData = []string{
		"PJSIP/1001,20", "PJSIP/1001&PJSIP/1002,20", "support,t,,,30", "sales,t", "PJSIP/0441234567@tata,30", "Local/1001@q/n,20,L(5000)", "", ",,,", "default",
	}
	someDispositions = []string{"ANSWERED", "ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "8", "?"}
	someUserfields   = []string{
		"", "hangupsource=PJSIP/1001-00000001|hangupcause=16", "hangupsource=PJSIP/tata-00000004|hangupcause=127", "hangupsource=dialplan/builtin|hangupcause=16",
		"hangupsource=|hangupcause=19", "hangupsource=|hangupcause=44",
	}
	someDst       = []string{"1001", "1002", "s", "support", "0441234567", "918065978001", "*8", ""}
	someLinkedids = []string{"1795255200.1", "1795255200.1", "1795255200.2", "1795255200.4"}
	someContexts  = []string{"from-internal", "from-trunk", "ext-queues", "ivr-1", "app-blackhole", "x"}
)

// rowsOf bytes: ten a row.
func rowsOf(data []byte) []cells {
	pick := func(list []string, b byte) string { return list[int(b)%len(list)] }
	var rows []cells
	for len(data) >= 10 && len(rows) < 12 {
		b := data[:10]
		data = data[10:]
		length, talk := int(b[7])%40, int(b[8])%40
		rows = append(rows, cells{
			"calldate": fmt.Sprintf("10:00:%02d", b[0]%30), "channel": pick(someChannels[1:], b[1]), "dstchannel": pick(someChannels, b[2]),
			"lastapp": pick(someApps, b[3]), "lastdata": pick(someData, b[3]>>2), "disposition": pick(someDispositions, b[4]),
			"userfield": pick(someUserfields, b[5]), "dst": pick(someDst, b[6]), "dcontext": pick(someContexts, b[6]>>4),
			"duration": fmt.Sprint(length), "billsec": fmt.Sprint(min(length, talk)), "accountcode": []string{"1", "1", "2", ""}[b[9]%4],
			"uniqueid": fmt.Sprintf("1795255200.%d", 1+b[1]%5), "linkedid": pick(someLinkedids, b[9]>>2), "sequence": fmt.Sprint(b[9] >> 5),
		})
	}
	return rows
}

// Whatever rows say, understanding them ends, comes to the same in any order and piece after piece, leaves no row out, and is
// sure of nothing without saying how much.
func FuzzManyRows(f *testing.F) {
	r, err := loadRules("")
	if err != nil {
		f.Fatal(err)
	}
	for seed := range 64 {
		var data []byte
		for i := range 60 {
			data = append(data, byte((seed+1)*(i+3)*7919>>3))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x := fixture{file: "fuzz", zone: "UTC", date: "2026-11-21", columns: map[string]bool{}, rows: rowsOf(data)}
		if len(x.rows) == 0 {
			return
		}
		for name := range x.rows[0] {
			x.columns[name] = true
		}
		u := newUnderstanding(r)
		calls := x.calls(t, u, len(data)%2 == 0)
		settle(t, u, calls)
		want := apiText(t, calls)
		x.sane(t, calls)
		for range 2 {
			again := x.calls(t, u, len(data)%2 == 0)
			slices.Reverse(again)
			settle(t, u, again[:1+int(data[0])%len(again)])
			settle(t, u, again)
			alike(t, "backwards", want, apiText(t, again))
		}
	})
}

func (f *fixture) sane(t *testing.T, calls []*call.Call) {
	t.Helper()
	legs := int64(0)
	for i, c := range calls {
		legs += max(0, c.Conversation.Legs)
		if (c.DisconnectedBy == call.ByUnknown) != (c.Confidence == 0) {
			t.Errorf("row %d: %q is %d %% sure", i+1, c.DisconnectedBy, c.Confidence)
		}
		if c.AnsweredBy != "" && (c.Disposition != call.Answered && c.Disposition != "8" || c.Dstchannel == "") {
			t.Errorf("row %d: answered by %s, and says %s", i+1, c.AnsweredBy, c.Disposition)
		}
		named := false
		for _, o := range calls {
			named = named || strings.Contains(o.Dstchannel, c.AnsweredBy)
		}
		if !named {
			t.Errorf("row %d: answered by %s, whom no row names", i+1, c.AnsweredBy)
		}
		for name, n := range map[string]int64{"ring": c.RingTime, "talk": c.TalkTime, "wait": c.Conversation.WaitTime, "talk of all": c.Conversation.TalkTime} {
			if n < call.NoSeconds || n > 120 {
				t.Errorf("row %d: %d seconds of %s", i+1, n, name)
			}
		}
		if c.Direction == "" || c.LegKind == "" {
			t.Errorf("row %d: direction %q, kind %q", i+1, c.Direction, c.LegKind)
		}
	}
	if legs != int64(len(calls)) {
		t.Errorf("the conversations have %d rows, want %d", legs, len(calls))
	}
}
