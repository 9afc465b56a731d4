package clickhouse_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// What the store finds with a filter and what Go finds are the same, whatever is in the calls and in the filter.
func TestFilterMeansTheSameEverywhere(t *testing.T) {
	t.Parallel()
	store := open(t)
	r := rand.New(rand.NewPCG(4, 2))
	var calls []call.Call
	for id := uint64(1); id <= 400; id++ {
		calls = append(calls, anyCall(r, id))
	}
	insert(t, store, "a", calls...)
	told := retell(t, calls)
	found, empty, whole := 0, 0, 0
	for range 400 {
		f := anyFilter(r, calls)
		var want []uint64
		for i := range calls {
			if calls[i].OrgID != 3 && f.Matches(&calls[i]) {
				want = append(want, calls[i].ID)
			}
		}
		text, _ := json.Marshal(f)
		if !strings.Contains(string(text), `\ufffd`) { // what is not UTF-8 nobody can ask for
			alsoLive(t, told, &f, string(text))
		}
		if got := store.Find(t, orgs(1, 2), &f); !slices.Equal(got, want) {
			t.Errorf("%s\nthe store finds %v\nGo finds        %v", text, got, want)
		}
		switch len(want) {
		case 0:
			empty++
		case len(calls):
			whole++
		default:
			found++
		}
	}
	if found < 120 || empty < 50 {
		t.Errorf("the filters prove little: %d find some, %d nothing, %d all", found, empty, whole)
	}
}

// retold is a call, and the same as an event of the CALL stream tells it.
type retold struct{ own, live call.Call }

func retell(t *testing.T, calls []call.Call) []retold {
	t.Helper()
	list := make([]retold, len(calls))
	for i := range calls {
		own := tellable(calls[i])
		e := call.NewEvent(call.EventCorrected, &own)
		var told call.Event
		if err := json.Unmarshal(e.AppendJSON(nil), &told); err != nil {
			t.Fatal(err)
		}
		live, err := told.ReadCall()
		if err != nil {
			t.Fatal(err)
		}
		list[i] = retold{own, live}
	}
	return list
}

// alsoLive holds what a filter says of calls against what it says of them in events, which is all that the live feed has.
func alsoLive(t *testing.T, told []retold, f *clickhouse.Filter, what string) {
	t.Helper()
	for i := range told {
		if own, live := f.Matches(&told[i].own), f.Matches(&told[i].live); own != live {
			t.Errorf("%s: leaves call %d is %t, of its event %t", what, told[i].own.ID, own, live)
		}
	}
}

// whole is a table with all columns that have a meaning.
var whole = func() *call.Table {
	var columns []call.Column
	for _, name := range call.Standard() {
		columns = append(columns, call.Column{Name: name, Type: "text"})
	}
	return call.NewTable(columns)
}()

// tellable is a call as enrichers make them: its texts are UTF-8 and its table has the columns that it has values of.
func tellable(c call.Call) call.Call {
	c.Table = whole
	fields := reflect.ValueOf(&c).Elem()
	for i := range fields.NumField() {
		if field := fields.Field(i); field.Kind() == reflect.String {
			field.SetString(strings.ToValidUTF8(field.String(), ""))
		}
	}
	c.Tags = slices.Clone(c.Tags)
	for i := range c.Tags {
		c.Tags[i] = strings.ToValidUTF8(c.Tags[i], "")
	}
	if c.Nulls == "billsec" {
		c.Billsec = 0
	}
	return c
}

// Texts that are somebody's way out of a statement, a pattern or a character set.
var texts = []string{
	"", "'", `"`, `\`, `\'`, "%", "_", "%%", `\%`, "a%b", "a_b", "Ünï", "ünÏ", "ZÜRICH", "Zürich", "ß", "ẞ", "ΟΔΟΣ", "οδος", "Σ", "İ", "i", "I", "ı", "K", "\u212a", "ſ", "s",
	"日本", "📞", "\x00", "a\x00b", "\xff", "a\xc3", "\n", "a\nb", "\t", "(", ")", "[", ".*", "^", "$", "|", "(?i)", "{p0:String}", "1' OR '1'='1", "--", "a,b", "/", "SIP/1001", "PJSIP/1001-2",
	"Local/1@q", "1001", "1002", "01001", "0142685300", "+33142685300", "0033142685300", "142685300", "33142685300", "919944421125", "+919944421125", "45", "123", "12345", "sales", "Sales",
	"NULL", "null", `\N`, "anonymous", "é", "É", "e\u0301",
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func anyCall(r *rand.Rand, id uint64) call.Call {
	c := full(id, uint32(1+r.IntN(3)))
	c.Extra, c.Tags, c.Joined, c.Conversation = nil, nil, "", call.NoConversation
	c.Calldate = call.Instant(epoch-r.IntN(40*86400)) * 1000
	for _, field := range []*string{
		&c.Src, &c.Dst, &c.Clid, &c.Caller, &c.Callee, &c.Did, &c.RangExtension, &c.AnsweredBy, &c.CallerExtension, &c.Trunk,
		&c.QueueName, &c.Queue, &c.AnsweredAgent, &c.Agent, &c.Recordingfile, &c.HangupCause, &c.Linkedid, &c.Joined, &c.Uniqueid, &c.Source,
	} {
		if *field = pick(r, texts); r.IntN(4) == 0 {
			*field = ""
		} else if r.IntN(4) == 0 {
			*field += pick(r, texts)
		}
	}
	for range r.IntN(4) {
		c.Tags = append(c.Tags, pick(r, texts))
	}
	c.Direction, c.Disposition = pick(r, directions), pick(r, dispositions)
	c.Outcome, c.LegKind = call.Outcome(pick(r, words)), call.LegKind(pick(r, words))
	c.AnsweredType, c.DisconnectedBy = call.AnsweredType(pick(r, words)), call.DisconnectedBy(pick(r, words))
	c.Duration, c.Billsec = int64(r.IntN(8)), int64(r.IntN(4))-1
	c.WaitTime, c.TalkTime = int64(r.IntN(8))-1, int64(r.IntN(8))-1
	c.Nulls = pick(r, []string{"", "answer,duration", "duration,answer", "answer", "duration_", "billsec"})
	if r.IntN(8) == 0 {
		c.Amaflags = 1
	}
	if r.IntN(3) == 0 {
		d := call.Detail{SourceName: valid(r), RequestedName: valid(r), DestinationName: valid(r)}
		for range r.IntN(3) {
			d.Participants = append(d.Participants, call.Participant{Extension: "1", Name: valid(r)})
		}
		c.Conversation.Legs, c.Conversation.Detail = 1, string(d.AppendJSON(nil))
	}
	if r.IntN(40) == 0 {
		c.Conversation.Detail = `{"source_name":"sales`
	}
	return c
}

// valid is a text as names have it in details: JSON holds UTF-8 only.
func valid(r *rand.Rand) string {
	if text := pick(r, texts); utf8.ValidString(text) {
		return text
	}
	return ""
}

var (
	directions   = []call.Direction{call.Inbound, call.Outbound, call.Internal, call.Transit, call.UnknownDirection, ""}
	dispositions = []string{call.Answered, call.NoAnswer, call.Busy, call.Congestion, call.Cancel, "answered", ""}
	words        = []string{"answered", "missed", "busy", "human", "caller", "queue", "'", "Answered", ""}
)

func anyFilter(r *rand.Rand, calls []call.Call) clickhouse.Filter {
	var f clickhouse.Filter
	some := func(list []string) []string {
		var chosen []string
		for range 1 + r.IntN(3) {
			if word := pick(r, list); word != "" {
				chosen = append(chosen, word)
			}
		}
		return chosen
	}
	numbers := func() (list []clickhouse.Number) {
		for len(list) == 0 || r.IntN(3) == 0 {
			typed := pick(r, []string{"", "", "_"}) + pick(r, texts) + pick(r, []string{"", "", "_"})
			if n, err := clickhouse.ParseNumber(typed); err == nil {
				list = append(list, n)
			}
		}
		return list
	}
	span := func() clickhouse.Range {
		low, high := int64(r.IntN(5)), int64(r.IntN(8))
		return pick(r, []clickhouse.Range{{Least: &low}, {Most: &high}, {Least: &low, Most: &high}})
	}
	near := pick(r, calls)
	for range 1 + r.IntN(3) {
		switch r.IntN(22) {
		case 0:
			f.From = near.Calldate
		case 1:
			f.To = near.Calldate
		case 2:
			f.Omitted = true
		case 3:
			f.Directions = some([]string{"inbound", "outbound", "internal", "transit", "unknown"})
		case 4:
			f.Dispositions = some(dispositions)
		case 5:
			f.Outcomes, f.LegKinds = some(words), some(words)
		case 6:
			f.AnsweredTypes = some(words)
		case 7:
			f.DisconnectedBy = some(words)
		case 8:
			f.HangupCauses = some(texts)
		case 9:
			f.Sources = some(texts)
		case 10:
			f.Caller = pick(r, texts)
		case 11:
			f.Callee = near.Callee
		case 12, 13:
			f.Search = pick(r, texts)
		case 14:
			f.Numbers = numbers()
		case 15:
			f.DIDs = numbers()
		case 16:
			f.Extensions, f.Participant = some(texts), pick(r, []string{"", "1001", "'"})
		case 17:
			f.Agents = some(texts)
		case 18:
			f.Queues, f.Trunks = some(texts), some(append(texts, near.Trunk))
		case 19:
			f.Tags = append(f.Tags, some(texts))
		case 20:
			yes := r.IntN(2) == 0
			f.Recorded = &yes
		case 21:
			f.Duration, f.Talk, f.Wait = pick(r, []clickhouse.Range{{}, span()}), pick(r, []clickhouse.Range{{}, span()}), span()
			if r.IntN(3) == 0 {
				f.Conversation = &clickhouse.Key{Source: near.Source, Linkedid: near.ConversationKey()}
			}
		}
	}
	return f
}

// Whatever is asked for, the scope stays.
func TestNoFilterLeavesTheScope(t *testing.T) {
	t.Parallel()
	store := open(t)
	r := rand.New(rand.NewPCG(1, 1))
	var calls []call.Call
	for id := uint64(1); id <= 60; id++ {
		c := anyCall(r, id)
		c.OrgID = 2
		calls = append(calls, c)
	}
	insert(t, store, "a", calls...)
	for range 20 {
		f := anyFilter(r, calls)
		rows, err := store.List(t.Context(), orgs(1), clickhouse.ListQuery{Filter: f, Limit: 10})
		heads, err2 := store.Conversations(t.Context(), orgs(1), clickhouse.ConversationQuery{Filter: f, Limit: 10})
		if err != nil || err2 != nil || len(rows)+len(heads) > 0 {
			t.Fatalf("%+v: %v, %v, %v, %v", f, ids(rows), headIDs(heads), err, err2)
		}
	}
}

func TestConditionsAreBound(t *testing.T) {
	t.Parallel()
	const typed = "); DROP TABLE calls; --"
	yes := true
	f := clickhouse.Filter{
		Directions: []string{typed}, Dispositions: []string{typed}, Outcomes: []string{typed}, LegKinds: []string{typed},
		AnsweredTypes: []string{typed}, DisconnectedBy: []string{typed}, HangupCauses: []string{typed}, Sources: []string{typed},
		Caller: typed, Callee: typed + "é", Search: typed, Numbers: []clickhouse.Number{{Pattern: typed}}, DIDs: []clickhouse.Number{{Pattern: typed}},
		Extensions: []string{typed}, Participant: typed, Agents: []string{typed}, Queues: []string{typed}, Trunks: []string{typed}, Tags: [][]string{{typed}},
		Recorded: &yes, Conversation: &clickhouse.Key{Source: typed, Linkedid: typed},
	}
	for _, statement := range clickhouse.Conditions(orgs(1), &f) {
		if strings.Contains(statement, "DROP") {
			t.Error(statement)
		}
		if !strings.HasPrefix(statement, "org_id IN (1)") {
			t.Errorf("the scope does not come first: %s", statement)
		}
	}
}
