package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// documentation is docs/api.md.
func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section is what stands under a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/api.md has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// rows of the tables in a section whose first cell is no heading.
func rows(text string) [][]string {
	var table [][]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		table = append(table, cells)
	}
	return table[1:] // its heading
}

func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, row := range rows(section(t, documentation(t), "Errors")) {
		name := strings.Trim(row[1], "`")
		documented[name] = true
		p, known := problems[code(name)]
		if !known || strconv.Itoa(p.status) != row[0] || p.title != row[2] {
			t.Errorf("docs/api.md says %v, the code %+v", row[:3], p)
		}
	}
	for name := range problems {
		if !documented[string(name)] {
			t.Errorf("docs/api.md lacks the problem %s", name)
		}
	}
}

func TestDocumentedParameters(t *testing.T) {
	t.Parallel()
	coded := func(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }
	plain := func(n number) string { return fmt.Sprintf("`%s` %d to %d %d", n.name, n.least, n.most, n.unset) }
	for heading, want := range map[string][]string{
		"List":          {plain(limit), plain(offset), "`cursor` text ", "`sort` " + coded(clickhouse.CallSorts) + " `calldate`", "`order` `asc`, `desc` `desc`", "`total` `exact` "},
		"Conversations": {"`sort` " + coded(clickhouse.ConversationSorts) + " `start`"},
	} {
		var got []string
		for _, row := range rows(section(t, documentation(t), heading)) {
			got = append(got, strings.Join(row[:3], " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("docs/api.md says of %s %q, the code %q", heading, got, want)
		}
	}
	var names []string
	for _, row := range rows(section(t, documentation(t), "Filters")) {
		names = append(names, strings.Trim(row[0], "`"))
	}
	if !slices.Equal(names, filterNames) {
		t.Errorf("docs/api.md has the filters %v, the code %v", names, filterNames)
	}
}

// The table of operations is the router's, and each refuses a token without its right.
func TestDocumentedRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{missed(10, 1)}}, nil, nil)
	text, _, _ := strings.Cut(documentation(t), "\n## ")
	documented := map[string]string{}
	for _, row := range rows(text) {
		documented[strings.Trim(row[0], "`")] = strings.Trim(row[2], "`")
	}
	for _, op := range s.routes() {
		if strings.HasSuffix(op.path, "/*") { // what a page loads
			continue
		}
		name := op.method + " " + op.path
		if need, found := documented[name]; !found || need != string(op.need) {
			t.Errorf("docs/api.md says %q of %s, which needs %q", need, name, op.need)
		}
		delete(documented, name)
		if op.need == "" {
			continue
		}
		rights := slices.DeleteFunc(slices.Clone(roles["admin"]), func(r right) bool { return r == op.need })
		without := sign(t, jwt.MapClaims{"role": "admin", "scope": strings.Trim(fmt.Sprint(rights), "[]")})
		path := strings.NewReplacer("/calls/{id}", "/calls/10", "/conversations/{id}", "/conversations/pbx:1775995633.41").Replace(op.path)
		s.request(t, op.method, path, "Authorization", "Bearer "+without).wantProblem(t, scopeInsufficient)
	}
	if len(documented) > 0 {
		t.Errorf("docs/api.md tells of %v, which are not served", documented)
	}
}

// The table of rights is that of the roles, and no operation takes a right that is not in it.
func TestDocumentedRights(t *testing.T) {
	t.Parallel()
	documented := map[right]string{}
	for _, row := range rows(section(t, documentation(t), "Rights")) {
		documented[right(strings.Trim(row[0], "`"))] = row[1]
	}
	for _, r := range roles["admin"] {
		var who []string
		for _, role := range []string{"agent", "supervisor", "admin"} {
			if slices.Contains(roles[role], r) {
				who = append(who, role)
			}
		}
		if documented[r] != strings.Join(who, ", ") {
			t.Errorf("docs/api.md gives %s to %q, the code to %v", r, documented[r], who)
		}
		delete(documented, r)
	}
	if len(documented) > 0 {
		t.Errorf("docs/api.md has rights that nobody has: %v", documented)
	}
	for _, op := range newSite(t, &fixed{}, nil, nil).routes() {
		if op.need != "" && !slices.Contains(roles["admin"], op.need) {
			t.Errorf("%s %s takes %s, which no role has", op.method, op.path, op.need)
		}
	}
}

// The table of fields names those of a record in its order, and the text the columns that follow.
func TestDocumentedFields(t *testing.T) {
	t.Parallel()
	text := section(t, documentation(t), "A call")
	c := missed(10, 1)
	names := members(t, c.AppendJSON(nil))
	table := rows(text)
	for i, row := range table {
		if i >= len(names) || row[0] != "`"+names[i]+"`" {
			t.Fatalf("field %d: docs/api.md says %s, the record has %v", i, row[0], names[min(i, len(names)):])
		}
	}
	for _, name := range names[len(table):] {
		if call.IsStandard(name) && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/api.md does not name %s", name)
		}
	}
	for _, name := range call.Standard() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/api.md does not name the standard column %s", name)
		}
	}
}

// The table of a conversation names its fields in their order, and the text what is within them.
func TestDocumentedConversation(t *testing.T) {
	t.Parallel()
	text := section(t, documentation(t), "A conversation")
	c := leading(leg(10, 1, spanning, 0), 10, 11)
	record, err := c.AppendConversationJSON(nil, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows(text) {
		got = append(got, strings.Trim(row[0], "`"))
	}
	if want := members(t, record); !slices.Equal(got, want) {
		t.Errorf("docs/api.md has the fields %v, a conversation %v", got, want)
	}
	var inner struct{ Recordings, Participants, Path, Legs []map[string]any }
	if err := json.Unmarshal(record, &inner); err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]map[string]any{inner.Recordings, inner.Participants, inner.Path, inner.Legs} {
		if len(list) == 0 {
			t.Fatalf("the conversation of this test lacks something: %s", record)
		}
		for name := range list[0] {
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/api.md does not name %s", name)
			}
		}
	}
}

// members of a JSON object, in their order.
func members(t *testing.T, record []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(record))
	var names []string
	for depth := 0; ; {
		next, err := decoder.Token()
		if err != nil {
			break
		}
		if d, ok := next.(json.Delim); ok {
			depth += map[json.Delim]int{'{': 1, '[': 1, '}': -1, ']': -1}[d]
			continue
		}
		if depth == 1 {
			names = append(names, next.(string))
			var value json.RawMessage
			if err := decoder.Decode(&value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return names
}

// The words of outcome and leg_kind are those of the package call, which has no list of them: its source is read.
func TestDocumentedWords(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../services/call/outcome.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		kind, ok := spec.Type.(*ast.Ident)
		if !ok || len(spec.Values) != 1 {
			t.Fatalf("%s is no constant of a type", spec.Names[0])
		}
		field := map[string]string{"Outcome": "outcome", "LegKind": "leg_kind"}[kind.Name]
		word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || field == "" {
			t.Fatalf("%s is no word of a known field", spec.Names[0])
		}
		want = append(want, fmt.Sprintf("`%s` `%s`", field, word))
		return true
	})
	var got []string
	for _, row := range rows(section(t, documentation(t), "Words")) {
		got = append(got, row[0]+" "+row[1])
	}
	if len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf("docs/api.md has the words %v, the code %v", got, want)
	}
}

// The table of an explanation names what stands in one.
func TestDocumentedExplanation(t *testing.T) {
	t.Parallel()
	text := section(t, documentation(t), "Explanations")
	documented := map[string]bool{}
	for _, row := range rows(text) {
		documented[strings.Trim(row[0], "`")] = true
	}
	for _, name := range members(t, []byte(explanation)) {
		if !documented[name] {
			t.Errorf("docs/api.md does not name %s", name)
		}
	}
	var x struct{ Fields []map[string]any }
	if err := json.Unmarshal([]byte(explanation), &x); err != nil {
		t.Fatal(err)
	}
	for name, value := range x.Fields[0] {
		list, isList := value.([]any)
		if isList {
			name += "[]"
		}
		if !documented["fields[]."+name] {
			t.Errorf("docs/api.md does not name fields[].%s", name)
		}
		for inner := range asObject(list) {
			if !strings.Contains(text, "`"+inner+"`") {
				t.Errorf("docs/api.md does not name %s of %s", inner, name)
			}
		}
	}
}

// asObject is the first of a list of objects.
func asObject(list []any) map[string]any {
	if len(list) == 0 {
		return nil
	}
	return list[0].(map[string]any)
}

// queued is the head of a call that a queue offered to two members, as a list shows it.
func queued(t *testing.T) clickhouse.Head {
	t.Helper()
	c := missed(10, 1)
	answered, waited := c.Calldate+21_000, int64(12)
	detail, err := json.Marshal(call.Detail{
		RequestedName: "Sales", DestinationExtension: "1002", DestinationName: "Ravi Kumar", DestinationContext: "from-queue",
		QueueWaitTime: &waited, AnsweredAgent: "1002", HangupCause: "16", HangupReason: "Normal Clearing", HangupSource: c.Channel,
		Recordings:   []call.Recording{{CallID: 10, File: c.Recordingfile}},
		Participants: []call.Participant{{Extension: "1001", Name: "Zoë Martin", Rang: true}, {Extension: "1002", Name: "Ravi Kumar", Rang: true, Answered: true}},
		Path: []call.Step{
			{Kind: "ivr", At: c.Calldate},
			{Kind: "queue", Who: "5001", At: c.Calldate + 9_000},
			{Kind: "rang", Who: "1001", At: c.Calldate + 9_000},
			{Kind: "rang", Who: "1002", At: c.Calldate + 15_000},
			{Kind: "answered", Who: "1002", At: answered},
		},
		Legs: []call.Leg{{ID: 10, Kind: call.LegQueue}, {ID: 11, Kind: call.LegQueue}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Conversation = call.Conversation{
		Legs: 2, Complete: true, Answer: answered, End: answered + 64_000, Outcome: call.OutcomeAnswered, QueueName: "5001",
		AnsweredBy: "1002", AnsweredType: call.Queue, DisconnectedBy: call.ByCaller, Confidence: 90, WaitTime: 21, RingTime: 12,
		TalkTime: 64, Tags: c.Tags, Detail: string(detail),
	}
	return clickhouse.Head{Call: c, Settled: true}
}

// What the page shows is what the API answers; -update writes it anew.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	text := documentation(t)
	nats := servertest.NATS(t)
	enricher(t, nats.URL, func(context.Context, []byte) ([]byte, error) { return []byte(explanation), nil })
	s := newSite(t, &fixed{calls: []call.Call{talked(10, 1, 0)}, heads: []clickhouse.Head{queued(t)}}, nil, nil)
	s.connected(t, nats.URL)
	explained := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/10/explain").body
	list := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls").body
	conversations := s.get(t, tokenOf(t, "agent", 1), "/api/v1/conversations?date_from=2026-04-12").body

	recorder := httptest.NewRecorder()
	s.handler().ServeHTTP(recorder, func() *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/calls?limit=500", nil)
		r.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
		r.Header.Set("X-Request-Id", "7f3c2a51")
		return r
	}())

	fence := regexp.MustCompile("(?s)```json\n(.*?)\n```")
	examples := []string{list, conversations, explained, recorder.Body.String()}
	i := 0
	updated := fence.ReplaceAllStringFunc(text, func(shown string) string {
		var indented bytes.Buffer
		if i >= len(examples) {
			t.Fatal("docs/api.md has an example that no answer is held against")
		}
		if err := json.Indent(&indented, []byte(strings.TrimSpace(examples[i])), "", "  "); err != nil {
			t.Fatal(err)
		}
		i++
		return "```json\n" + indented.String() + "\n```"
	})
	if i != len(examples) {
		t.Fatalf("docs/api.md has %d examples, want %d", i, len(examples))
	}
	if *update {
		if err := os.WriteFile("../docs/api.md", []byte(updated), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if updated != text {
		t.Error("an example in docs/api.md is not what the API answers; go test ./queryapi -run Documented -update writes it anew")
	}
}
