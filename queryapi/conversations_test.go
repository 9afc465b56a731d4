package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// leg makes a row of a conversation; what is particular to its organisation has a name that says so.
func leg(id uint64, org uint32, linkedid string, seconds int) call.Call {
	c := talked(id, org, 0)
	shift := call.Instant(seconds) * 1000
	c.Calldate, c.Answer, c.End = c.Calldate+shift, c.Answer+shift, c.End+shift
	c.Linkedid, c.Uniqueid = linkedid, fmt.Sprintf("1775995633.%d", 100+id)
	c.Recordingfile = fmt.Sprintf("voice-of-%d.wav", org)
	c.Dstchannel, c.RangExtension, c.AnsweredBy = fmt.Sprintf("PJSIP/phone-of-%d-00000a1c", org), fmt.Sprintf("phone-of-%d", org), fmt.Sprintf("phone-of-%d", org)
	return c
}

// leading makes a leg the head of its organisation's legs, which are those ids.
func leading(c call.Call, ids ...uint64) call.Call {
	d := call.Detail{
		SourceName: fmt.Sprintf("name-of-%d", c.OrgID), DestinationExtension: fmt.Sprintf("phone-of-%d", c.OrgID),
		Participants: []call.Participant{{Extension: fmt.Sprintf("phone-of-%d", c.OrgID), Name: fmt.Sprintf("Zoë of-%d", c.OrgID), Rang: true, Answered: true}},
		Path:         []call.Step{{Kind: "ivr", At: c.Calldate}, {Kind: "answered", Who: fmt.Sprintf("phone-of-%d", c.OrgID), At: c.Answer}},
	}
	for _, id := range ids {
		d.Recordings = append(d.Recordings, call.Recording{CallID: id, File: c.Recordingfile})
		d.Legs = append(d.Legs, call.Leg{ID: id, Kind: call.LegDial})
	}
	detail, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	c.Conversation = call.Conversation{
		Legs: int64(len(ids)), Complete: true, Answer: c.Answer, End: c.End, Outcome: call.OutcomeAnswered,
		AnsweredBy: c.AnsweredBy, AnsweredType: call.Human, DisconnectedBy: call.ByCaller, Confidence: 90,
		WaitTime: 4, RingTime: 4, TalkTime: 6, Tags: []string{"sales"}, Detail: string(detail),
	}
	return c
}

// Linkedids of the conversations in twoOrganisations.
const (
	spanning = "1775995633.41"  // of both, and joined with the next
	joinedTo = "1775995650.60"  // what organisation 1 joined
	second   = "1775995700.50"  // of organisation 2 alone
	odd      = `a/b%:'"\ñ x.1`  // of organisation 1 alone
	unheaded = "1775995900.80"  // understood before there were conversations
	hidden   = "1775996000.90"  // of organisation 1, amaflags OMIT
	twice    = "1775995633.410" // a linkedid that begins like another
)

func twoOrganisations(t *testing.T) *clickhouse.Store {
	t.Helper()
	joined := leg(13, 1, joinedTo, 20)
	joined.Joined = spanning
	elsewhere := leading(leg(14, 1, spanning, 300), 14)
	elsewhere.Source = "other"
	omit := leading(leg(19, 1, hidden, 700), 19)
	omit.Amaflags = 1
	nobodys := leading(leg(30, 0, spanning, 100), 30)
	return newStore(t,
		leading(leg(10, 1, spanning, 0), 10, 11, 13), leg(11, 1, spanning, 5), joined,
		leading(leg(12, 2, spanning, 60), 12, 15), leg(15, 2, spanning, 65),
		elsewhere, leading(leg(16, 2, second, 400), 16), leading(leg(17, 1, odd, 500), 17), leg(18, 1, unheaded, 600), omit, nobodys,
		leading(leg(20, 1, twice, 800), 20))
}

// spoken is a conversation as far as these tests look at it.
type spoken struct {
	ID      string `json:"conversation_id"`
	OrgID   uint32 `json:"org_id"`
	Count   int    `json:"leg_count"`
	Settled *bool  `json:"settled"`
	Legs    []struct {
		ID       uint64 `json:"id"`
		Calldate string `json:"calldate"`
	} `json:"legs"`
}

func (c spoken) String() string {
	text := fmt.Sprintf("%s of %d:", c.ID, c.OrgID)
	for _, l := range c.Legs {
		text += fmt.Sprintf(" %d", l.ID)
	}
	return text
}

func (r reply) conversation(t *testing.T) spoken {
	t.Helper()
	var c spoken
	if err := json.Unmarshal([]byte(r.body), &c); err != nil || r.StatusCode != http.StatusOK || c.Count != len(c.Legs) {
		t.Fatalf("%s: not a conversation (%v): %s", r.Status, err, r.body)
	}
	return c
}

func (r reply) conversations(t *testing.T) string {
	t.Helper()
	list := r.list(t)
	var l struct{ Data []spoken }
	if err := json.Unmarshal([]byte(r.body), &l); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range l.Data {
		if c.Count != len(c.Legs) || c.Settled == nil {
			t.Errorf("%s has the count %d, settled %v", c, c.Count, c.Settled)
		}
		lines = append(lines, c.String())
	}
	return fmt.Sprintf("%s; %d, %v", strings.Join(lines, ", "), *list.Pagination.Total, list.Pagination.HasMore)
}

func TestConversations(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoOrganisations(t), nil, nil)
	const oddly = "pbx:" + odd
	for _, test := range []struct {
		orgs  []int
		query string
		want  string
	}{
		{[]int{1}, "", "pbx:1775995633.410 of 1: 20, " + oddly + " of 1: 17, other:1775995633.41 of 1: 14, pbx:1775995633.41 of 1: 10 11 13; 4, false"},
		{[]int{2}, "", "pbx:1775995700.50 of 2: 16, pbx:1775995633.41 of 2: 12 15; 2, false"},
		{[]int{3}, "", "; 0, false"},
		{[]int{1, 2}, "?limit=3&offset=2", "pbx:1775995700.50 of 2: 16, other:1775995633.41 of 1: 14, pbx:1775995633.41 of 2: 12 15; 6, true"},
		{[]int{1, 2}, "?limit=3&offset=5", "pbx:1775995633.41 of 1: 10 11 13; 6, false"},
		{[]int{1, 2}, "?offset=6", "; 6, false"},
		{[]int{1}, "?ama=omit", "pbx:1775996000.90 of 1: 19; 1, false"},
		{[]int{2}, "?ama=omit", "; 0, false"},
		{[]int{1, 2}, "?date_to=2026-04-12T12:08:13Z", "pbx:1775995633.41 of 1: 10 11 13; 1, false"},
		{[]int{1, 2}, "?date_to=2026-04-12T12:08:13.001Z", "pbx:1775995633.41 of 2: 12 15, pbx:1775995633.41 of 1: 10 11 13; 2, false"},
		{[]int{1, 2}, "?date_from=2026-04-12T12:08:13Z&date_to=2026-04-12T17:42:14%2B05:30", "other:1775995633.41 of 1: 14, pbx:1775995633.41 of 2: 12 15; 2, false"},
		{[]int{1, 2}, "?date_from=2026-04-12&date_to=2026-04-12&limit=1", "pbx:1775995633.410 of 1: 20; 6, true"},
		{[]int{1, 2}, "?date_from=2026-04-13", "; 0, false"},
		{[]int{1, 2}, "?date_to=2026-04-11", "; 0, false"},
	} {
		if got := s.get(t, tokenOf(t, "admin", test.orgs...), "/api/v1/conversations"+test.query).conversations(t); got != test.want {
			t.Errorf("%v%s lists\n%s, want\n%s", test.orgs, test.query, got, test.want)
		}
	}
	// Calls: what the PBX wants left out is hidden, and found by id.
	for query, want := range map[string]string{"?limit=2": "20 18 of 7, more true", "?ama=omit": "19 of 1, more false"} {
		if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls"+query).list(t).String(); got != want {
			t.Errorf("calls%s lists %s, want %s", query, got, want)
		}
	}
	if got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/19"); got.StatusCode != http.StatusOK {
		t.Errorf("a hidden call by id: %s", got.Status)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoOrganisations(t), nil, nil)
	for _, test := range []struct {
		orgs []int
		id   string
		want string // empty: not found
	}{
		{[]int{1}, "pbx:" + spanning, "pbx:1775995633.41 of 1: 10 11 13"},
		{[]int{1}, "pbx%3A" + spanning, "pbx:1775995633.41 of 1: 10 11 13"},
		{[]int{1}, "pbx:" + joinedTo, "pbx:1775995633.41 of 1: 10 11 13"},
		{[]int{1}, "other:" + spanning, "other:1775995633.41 of 1: 14"},
		{[]int{1}, "pbx:" + url.PathEscape(odd), "pbx:" + odd + " of 1: 17"},
		{[]int{1}, url.PathEscape("pbx:" + odd), "pbx:" + odd + " of 1: 17"},
		{[]int{1}, "pbx:" + hidden, "pbx:1775996000.90 of 1: 19"},
		{[]int{2}, "pbx:" + spanning, "pbx:1775995633.41 of 2: 12 15"},
		{[]int{2}, "pbx:" + spanning + "?org_id=2", "pbx:1775995633.41 of 2: 12 15"},
		{[]int{1, 2}, "pbx:" + spanning, "pbx:1775995633.41 of 1: 10 11 13"},
		{[]int{1, 2}, "pbx:" + spanning + "?org_id=1", "pbx:1775995633.41 of 1: 10 11 13"},
		{[]int{1, 2}, "pbx:" + spanning + "?org_id=2", "pbx:1775995633.41 of 2: 12 15"},
		{[]int{0, 2}, "pbx:" + spanning, "pbx:1775995633.41 of 2: 12 15"},
		{[]int{0}, "pbx:" + spanning, "pbx:1775995633.41 of 0: 30"},
		{[]int{0, 2}, "pbx:" + spanning + "?org_id=0", "pbx:1775995633.41 of 0: 30"},
		{[]int{1}, "pbx:" + spanning + "?org_id=2", ""},
		{[]int{1}, "pbx:" + spanning + "?org_id=0", ""},
		{[]int{2}, "pbx:" + spanning + "?org_id=4294967295", ""},
		{[]int{2}, "pbx:" + joinedTo, ""},
		{[]int{1}, "pbx:" + second, ""},
		{[]int{3}, "pbx:" + spanning, ""},
		{[]int{1}, "pbx:" + unheaded, ""},
		{[]int{1}, "pbx:" + spanning + "%00", ""},
		{[]int{1}, "pbx:%FF", ""},
		{[]int{1}, "PBX:" + spanning, ""},
		{[]int{1}, "pbx:" + strings.Repeat("1", 4000), ""},
	} {
		got := s.get(t, tokenOf(t, "admin", test.orgs...), "/api/v1/conversations/"+test.id)
		if test.want == "" {
			got.wantProblem(t, conversationNotFound)
			continue
		}
		c := got.conversation(t)
		if c.String() != test.want {
			t.Errorf("%v, %s: %s, want %s", test.orgs, test.id, c, test.want)
		}
		if !slices.IsSortedFunc(c.Legs, func(a, b struct {
			ID       uint64 `json:"id"`
			Calldate string `json:"calldate"`
		},
		) int {
			return strings.Compare(a.Calldate, b.Calldate)
		}) || c.Legs[0].Calldate == "" {
			t.Errorf("the legs of %s are not the whole rows in order: %+v", test.id, c.Legs)
		}
	}
	token := tokenOf(t, "admin", 1, 2)
	for id, parameter := range map[string]string{
		"1795228246.702": "id", "10": "id", "pbx": "id", "pbx:": "id", ":1795228246.702": "id", "%3A": "id",
		"pbx:1?org_id=": "org_id", "pbx:1?org_id=-1": "org_id", "pbx:1?org_id=4294967296": "org_id", "pbx:1?org_id=1,2": "org_id", "pbx:1?org_id=%2B1": "org_id",
	} {
		if p := s.get(t, token, "/api/v1/conversations/"+id).wantProblem(t, parameterInvalid); p.Parameter != parameter {
			t.Errorf("%s: parameter %q: %s", id, p.Parameter, p.Detail)
		}
	}
	s.get(t, token, "/api/v1/conversations/pbx:1?org_id=1&org_id=2").wantProblem(t, parameterRepeated)
	s.get(t, token, "/api/v1/conversations/pbx:1?orgs=1").wantProblem(t, parameterUnknown)
}

// A list names legs, a conversation by its id has them whole; all else is the same.
func TestConversationHasTheSameBytesAsInAList(t *testing.T) {
	t.Parallel()
	legs := []call.Call{leading(leg(10, 1, spanning, 0), 10, 11), leg(11, 1, spanning, 5)}
	s := newSite(t, &fixed{calls: legs, heads: []clickhouse.Head{{Call: legs[0], Settled: true}}}, nil, nil)
	token := tokenOf(t, "agent", 1)
	list, one := s.get(t, token, "/api/v1/conversations").body, s.get(t, token, "/api/v1/conversations/pbx:"+spanning).body
	golden(t, "conversations.json", list)
	listed, _, _ := strings.Cut(strings.TrimPrefix(list, `{"data":[`), `"legs":`)
	want := listed + `"legs":[` + string(legs[0].AppendJSON(nil)) + "," + string(legs[1].AppendJSON(nil)) + "]}\n"
	if one != want {
		t.Errorf("got\n%s, want\n%s", one, want)
	}
}

// Whatever way a holder looks at a conversation of two organisations, nothing of the other shows.
func TestNoConversationShowsAnotherOrganisation(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoOrganisations(t), nil, nil)
	nats := servertest.NATS(t)
	// An enricher in whose answers everything of both is, to see that it is asked about one's own alone.
	enricher(t, nats.URL, func(_ context.Context, question []byte) ([]byte, error) {
		var q call.Explain
		if err := json.Unmarshal(question, &q); err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, `{"org_id":%d,"conversation_id":%q,"rules_revision":"4f2a91c0","fields":[{"field":"answered_by","value":"phone-of-%d","rule":"","why":"","used":[],"rejected":[]}]}`, q.OrgID, q.Conversation, q.OrgID), nil
	})
	s.connected(t, nats.URL)
	for _, holder := range []struct {
		token string
		sees  []int
	}{
		{tokenOf(t, "agent", 1), []int{1}},
		{tokenOf(t, "supervisor", 2), []int{2}},
		{tokenOf(t, "admin", 2), []int{2}},
		{tokenOf(t, "agent", 0, 2), []int{2}},
		{tokenOf(t, "admin", 3), nil},
	} {
		for _, path := range []string{
			"/api/v1/conversations", "/api/v1/conversations?limit=1", "/api/v1/conversations?date_from=2026-04-12", "/api/v1/conversations?ama=omit",
			"/api/v1/conversations/pbx:" + spanning, "/api/v1/conversations/pbx:" + joinedTo, "/api/v1/conversations/pbx:" + second,
			"/api/v1/conversations/pbx:" + spanning + "?org_id=0", "/api/v1/conversations/pbx:" + spanning + "?org_id=1", "/api/v1/conversations/pbx:" + spanning + "?org_id=2",
			"/api/v1/conversations/pbx:" + spanning + "/explain", "/api/v1/conversations/pbx:" + spanning + "/explain?org_id=1", "/api/v1/conversations/pbx:" + spanning + "/explain?org_id=2",
		} {
			got := s.get(t, holder.token, path)
			for org := range 4 {
				if !slices.Contains(holder.sees, org) && strings.Contains(got.body, fmt.Sprintf("of-%d", org)) {
					t.Errorf("%s shows organisation %d to %v: %s", path, org, holder.sees, got.body)
				}
			}
			if got.StatusCode == http.StatusOK {
				continue
			}
			// What is not one's own answers like what does not exist.
			missing := strings.Replace(strings.Replace(path, spanning, "9.9", 1), second, "9.9", 1)
			absent := s.get(t, holder.token, strings.Replace(missing, joinedTo, "9.9", 1))
			same := strings.Replace(absent.body, absent.Header.Get("X-Request-Id"), got.Header.Get("X-Request-Id"), 1)
			if got.StatusCode != http.StatusNotFound || got.body != same || len(got.Header) != len(absent.Header) {
				t.Errorf("%s answers %s %s, a missing one %s", path, got.Status, got.body, absent.body)
			}
		}
	}
}

func TestExplainConversation(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	asked := make(chan string, 100)
	enricher(t, nats.URL, func(_ context.Context, question []byte) ([]byte, error) {
		asked <- string(question)
		return []byte(explanation), nil
	})
	s := newSite(t, twoOrganisations(t), nil, nil)
	s.connected(t, nats.URL)
	for _, id := range []string{spanning, joinedTo} {
		got := s.get(t, tokenOf(t, "agent", 1, 2), "/api/v1/conversations/pbx:"+id+"/explain")
		if got.StatusCode != http.StatusOK || got.body != explanation {
			t.Errorf("%s: %s", got.Status, got.body)
		}
		if question := <-asked; question != `{"conversation":"pbx:1775995633.41","org_id":1}` {
			t.Errorf("the enricher was asked %s", question)
		}
	}
	// Its answer is about organisation 1, whatever it was asked.
	s.get(t, tokenOf(t, "agent", 1, 2), "/api/v1/conversations/pbx:"+spanning+"/explain?org_id=2").wantProblem(t, conversationNotFound)
	if question := <-asked; question != `{"conversation":"pbx:1775995633.41","org_id":2}` {
		t.Errorf("the enricher was asked %s", question)
	}
	for path, want := range map[string]code{
		"pbx:9.9/explain": conversationNotFound, "pbx/explain": parameterInvalid, "pbx:" + second + "/explain": conversationNotFound,
		"pbx:" + spanning + "/explain?org_id=3": conversationNotFound, "pbx:" + spanning + "/explain?id=1": parameterUnknown,
	} {
		s.get(t, tokenOf(t, "agent", 1), "/api/v1/conversations/"+path).wantProblem(t, want)
	}
	if len(asked) != 0 {
		t.Errorf("the enricher was asked %s", <-asked)
	}
}

func TestDetailThatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := leading(leg(10, 1, spanning, 0), 10)
	broken.Conversation.Detail = `{"path":7}`
	whole := leading(leg(11, 1, second, 5), 11)
	s := newSite(t, &fixed{calls: []call.Call{broken}, heads: []clickhouse.Head{{Call: whole}, {Call: broken}}}, nil, nil)
	token := tokenOf(t, "agent", 1)
	if got := s.get(t, token, "/api/v1/conversations").conversations(t); got != "pbx:1775995700.50 of 1: 11, pbx:1775995633.41 of 1: 10; 2, false" {
		t.Errorf("lists %s", got)
	}
	if got := s.get(t, token, "/api/v1/conversations/pbx:"+spanning).conversation(t).String(); got != "pbx:1775995633.41 of 1: 10" {
		t.Errorf("shows %s", got)
	}
	if log := s.log.String(); !strings.Contains(log, "the detail of a conversation cannot be read") || !strings.Contains(log, "id=10") {
		t.Errorf("the log lacks the trouble:\n%s", log)
	}
}
