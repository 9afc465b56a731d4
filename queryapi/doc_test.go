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

	"github.com/cdrflow/cdrflow/services/call"
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
	var want []string
	for _, n := range []number{limit, offset} {
		want = append(want, fmt.Sprintf("`%s` %d to %d %d", n.name, n.least, n.most, n.unset))
	}
	for i, row := range rows(section(t, documentation(t), "List")) {
		if got := strings.Join(row[:3], " "); i >= len(want) || got != want[i] {
			t.Errorf("docs/api.md says %s, the code %v", got, want)
		}
	}
}

func TestDocumentedRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{missed(10, 1)}}, nil, nil)
	text, _, _ := strings.Cut(documentation(t), "\n## ")
	table := rows(text)
	if len(table) != 4 {
		t.Fatalf("docs/api.md has %d routes", len(table))
	}
	for _, row := range table {
		path := strings.Replace(strings.TrimPrefix(strings.Trim(row[0], "`"), "GET "), "{id}", "10", 1)
		if got := s.get(t, tokenOf(t, "agent", 1), path); got.StatusCode != http.StatusOK && got.problem(t).Code == routeNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
		without := sign(t, map[string]any{"scope": strings.Replace("calls:read recordings:read", strings.Trim(row[2], "`"), "", 1)})
		s.get(t, without, path).wantProblem(t, scopeInsufficient)
	}
}

// The table of fields names those of a record in its order, and the text the columns that follow.
func TestDocumentedFields(t *testing.T) {
	t.Parallel()
	text := section(t, documentation(t), "A call")
	c := missed(10, 1)
	decoder := json.NewDecoder(bytes.NewReader(c.AppendJSON(nil)))
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

// What the page shows is what the API answers; -update writes it anew.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	text := documentation(t)
	nats := servertest.NATS(t)
	enricher(t, nats.URL, func(context.Context, []byte) ([]byte, error) { return []byte(explanation), nil })
	s := newSite(t, &fixed{calls: []call.Call{talked(10, 1, 0)}}, nil, nil)
	s.connected(t, nats.URL)
	explained := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/10/explain").body
	list := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls").body

	recorder := httptest.NewRecorder()
	s.handler().ServeHTTP(recorder, func() *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/calls?limit=500", nil)
		r.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
		r.Header.Set("X-Request-Id", "7f3c2a51")
		return r
	}())

	fence := regexp.MustCompile("(?s)```json\n(.*?)\n```")
	examples := []string{list, explained, recorder.Body.String()}
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
