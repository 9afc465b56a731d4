package clickhouse_test

import (
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// A filter of conversations is about the conversation, and where it has no say of its own about any of its legs that the
// organisation has.
func TestConversationsFiltered(t *testing.T) {
	t.Parallel()
	store := open(t)
	at := func(id uint64, org uint32, linkedid string, second int64, conversation call.Conversation) call.Call {
		c := leg(id, org, linkedid, second)
		c.Extra, c.Conversation = nil, conversation
		c.Src, c.Caller, c.Dst, c.Callee, c.Did, c.Clid = "200", "", "300", "", "", "Front desk"
		c.RangExtension, c.CallerExtension, c.AnsweredBy, c.AnsweredAgent, c.Agent = "", "", "", "", ""
		c.QueueName, c.Queue, c.Tags, c.Recordingfile, c.Outcome = "", "", nil, "", call.OutcomeMissed
		c.Duration, c.Billsec, c.TalkTime, c.WaitTime, c.Nulls = 5, 5, 5, 5, ""
		return c
	}
	head := func(legs int64, outcome call.Outcome, queue string, talk int64, tags ...string) call.Conversation {
		c := call.NoConversation
		c.Legs, c.Complete, c.Outcome, c.QueueName, c.TalkTime, c.WaitTime, c.Tags = legs, true, outcome, queue, talk, talk/2, tags
		c.AnsweredType, c.DisconnectedBy = call.Human, call.ByCallee
		c.End = call.Instant(epoch+100) * 1000
		return c
	}
	// One conversation of three legs in organisation 1 and one in 2; one of a single leg; one joined to another linkedid;
	// one that is not complete, of which nobody knows yet what it comes to.
	a1 := at(1, 1, "1795228246.1", 0, head(3, call.OutcomeAnswered, "sales", 30, "paris", "vip"))
	a2 := at(2, 1, "1795228246.1", 7, call.NoConversation)
	a2.RangExtension, a2.AnsweredAgent, a2.Recordingfile, a2.Tags = "1001", "SIP/1001", "a.wav", []string{"paris"}
	a3 := at(3, 1, "1795228250.9", 20, call.NoConversation)
	a3.Joined, a3.Dst, a3.AnsweredBy, a3.Disposition = "1795228246.1", "0142685300", "1002", call.Busy
	other := at(4, 2, "1795228246.1", 8, head(1, call.OutcomeAnswered, "sales", 30))
	other.RangExtension = "3003"
	b := at(5, 1, "1795228260.5", 14, head(1, call.OutcomeMissed, "", 0, "vip"))
	b.Direction, b.CallerExtension = call.Outbound, "1001"
	c := at(6, 1, "1795228270.6", 24, head(1, call.OutcomeMissed, "", 0))
	c.Conversation.Complete = false
	insert(t, store, "a", a1, a2, a3, other, b, c)

	yes, no := true, false
	n := func(v int64) *int64 { return &v }
	number := func(typed string) []clickhouse.Number {
		parsed, err := clickhouse.ParseNumber(typed)
		if err != nil {
			t.Fatal(err)
		}
		return []clickhouse.Number{parsed}
	}
	for name, test := range map[string]struct {
		f    clickhouse.Filter
		want []uint64
	}{
		"nothing":                                 {clickhouse.Filter{}, []uint64{6, 5, 1}},
		"outcome":                                 {clickhouse.Filter{Outcomes: []string{"answered"}}, []uint64{1}},
		"missed, and not what may still be":       {clickhouse.Filter{Outcomes: []string{"missed"}}, []uint64{5}},
		"unknown while it lasts":                  {clickhouse.Filter{Outcomes: []string{"unknown"}}, []uint64{6}},
		"queue":                                   {clickhouse.Filter{Queues: []string{"sales"}}, []uint64{1}},
		"agent of a leg":                          {clickhouse.Filter{Agents: []string{"1001"}}, []uint64{1}},
		"extension of any leg":                    {clickhouse.Filter{Extensions: []string{"1001"}}, []uint64{5, 1}},
		"two legs for two conditions":             {clickhouse.Filter{Extensions: []string{"1001"}, Dispositions: []string{"BUSY"}}, []uint64{1}},
		"another organisation's leg":              {clickhouse.Filter{Extensions: []string{"3003"}}, nil},
		"number of a leg that was joined":         {clickhouse.Filter{Numbers: number("01 42 68 53 00")}, []uint64{1}},
		"tags that several legs have together":    {clickhouse.Filter{Tags: [][]string{{"paris"}, {"vip"}}}, []uint64{1}},
		"one of two tags":                         {clickhouse.Filter{Tags: [][]string{{"paris", "vip"}}}, []uint64{5, 1}},
		"recorded":                                {clickhouse.Filter{Recorded: &yes}, []uint64{1}},
		"not recorded":                            {clickhouse.Filter{Recorded: &no}, []uint64{6, 5}},
		"direction":                               {clickhouse.Filter{Directions: []string{"outbound"}}, []uint64{5}},
		"how long it lasted":                      {clickhouse.Filter{Duration: clickhouse.Range{Least: n(86), Most: n(100)}}, []uint64{5, 1}},
		"talk":                                    {clickhouse.Filter{Talk: clickhouse.Range{Least: n(30), Most: n(30)}}, []uint64{1}},
		"wait":                                    {clickhouse.Filter{Wait: clickhouse.Range{Most: n(14)}}, []uint64{6, 5}},
		"by whom it ended":                        {clickhouse.Filter{DisconnectedBy: []string{"callee"}}, []uint64{6, 5, 1}},
		"not by the leg's word":                   {clickhouse.Filter{DisconnectedBy: []string{"caller"}}, nil},
		"one by its name":                         {clickhouse.Filter{Conversation: &clickhouse.Key{Source: "pbx", Linkedid: "1795228246.1"}}, []uint64{1}},
		"a name that was joined to another":       {clickhouse.Filter{Conversation: &clickhouse.Key{Source: "pbx", Linkedid: "1795228250.9"}}, nil},
		"what began, not what went on":            {clickhouse.Filter{From: call.Instant(epoch+5) * 1000, Extensions: []string{"1001"}}, []uint64{5}},
		"a leg after the end of the time":         {clickhouse.Filter{To: call.Instant(epoch+5) * 1000, Extensions: []string{"1002"}}, []uint64{1}},
		"search in a leg":                         {clickhouse.Filter{Search: "front DESK", Sources: []string{"pbx"}}, []uint64{6, 5, 1}},
		"answered by a human, by the head's word": {clickhouse.Filter{AnsweredTypes: []string{"human"}, LegKinds: []string{"dial"}}, []uint64{6, 5, 1}},
	} {
		got, err := store.Conversations(t.Context(), orgs(1), clickhouse.ConversationQuery{Filter: test.f, Limit: 10})
		if err != nil || !slices.Equal(headIDs(got), test.want) && len(got)+len(test.want) > 0 {
			t.Errorf("%s: %v, %v; want %v", name, headIDs(got), err, test.want)
		}
		if total, err := store.CountConversations(t.Context(), orgs(1), &test.f); err != nil || total != uint64(len(test.want)) {
			t.Errorf("%s: counted %d, %v", name, total, err)
		}
	}
}
