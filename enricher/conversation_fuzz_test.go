package main

import (
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// FuzzConversation understands two rows of garbage as one conversation: nothing breaks, and nothing is said that the rows
// do not bear.
func FuzzConversation(f *testing.F) {
	f.Add("PJSIP/line-00000001", "PJSIP/1001-00000002", "Dial", "PJSIP/1001,7", "ANSWERED", "hangupsource=PJSIP/1001-00000002|hangupcause=16", int64(5), int64(3),
		"Local/1002@q-00000001;2", "PJSIP/1002-00000003", "AppDial", "", "NO ANSWER", "", int64(0), int64(0))
	f.Add("", ";1", "Queue", ",,,,9", "BUSY", ";;", int64(-1), int64(9), "Local/;2", "Local/;1", "ConfBridge", "&&@/", "8", "{", int64(1)<<62, int64(-9))
	r, err := loadRules("testdata/rules.yaml")
	if err != nil {
		f.Fatal(err)
	}
	u := newUnderstanding(r)
	f.Fuzz(func(t *testing.T, ch1, dst1, app1, data1, disp1, uf1 string, dur1, bill1 int64, ch2, dst2, app2, data2, disp2, uf2 string, dur2, bill2 int64) {
		one, two := call.Blank(1), call.Blank(2)
		one.Channel, one.Dstchannel, one.Lastapp, one.Lastdata, one.Disposition, one.Userfield, one.Duration, one.Billsec = ch1, dst1, app1, data1, disp1, uf1, dur1, bill1
		two.Channel, two.Dstchannel, two.Lastapp, two.Lastdata, two.Disposition, two.Userfield, two.Duration, two.Billsec = ch2, dst2, app2, data2, disp2, uf2, dur2, bill2
		one.Linkedid, one.Uniqueid, two.Linkedid, two.Uniqueid = "1.1", "1.1", "1.1", app1
		one.Table, two.Table = call.NewTable(nil), call.NewTable(nil)
		rows := []*call.Call{&one, &two}
		u.conversation(rows)
		heads := 0
		for _, c := range rows {
			if c.Conversation.Legs > 0 {
				heads++
			}
			for what, name := range map[string]string{"rang_extension": c.RangExtension, "answered_by": c.AnsweredBy, "caller_extension": c.CallerExtension, "trunk": c.Trunk} {
				if name != "" && !strings.Contains(ch1+" "+dst1+" "+ch2+" "+dst2, name) {
					t.Errorf("%s %q is no channel's", what, name)
				}
			}
			if c.AnsweredBy != "" && disp1 != call.Answered && disp2 != call.Answered {
				t.Errorf("answered by %q, and no row says ANSWERED", c.AnsweredBy)
			}
			if (c.DisconnectedBy == call.ByUnknown) != (c.Confidence == 0) || c.Confidence > 100 {
				t.Errorf("ended by %s with %d %%", c.DisconnectedBy, c.Confidence)
			}
			if c.HangupCause != "" && !strings.Contains(uf1+uf2, c.HangupCause) {
				t.Errorf("cause %s is in no userfield", c.HangupCause)
			}
			if c.Outcome == call.OutcomeAnswered && c.Dstchannel == "" {
				t.Error("answered by nobody")
			}
			_ = c.AppendJSON(nil)
		}
		if heads == 0 || heads > 2 {
			t.Errorf("%d conversations of two rows", heads)
		}
		before := []call.Call{one, two}
		u.conversation([]*call.Call{&two, &one})
		for i, c := range rows {
			if !c.SameMeaning(&before[i]) {
				t.Errorf("row %d is understood otherwise the second time", i+1)
			}
		}
	})
}
