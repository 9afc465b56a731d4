package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// ask is one request, as it can be sent to several houses.
type ask struct {
	op, method, path, query, body string
	header                        []string // name, value, name, value, …
	about                         string   // what it tries that others do not
}

func (q ask) String() string {
	text := q.method + " " + q.path
	if q.query != "" {
		text += "?" + q.query
	}
	if len(q.header) > 0 {
		text += fmt.Sprintf(" %q", q.header)
	}
	return clippedTo(text+" "+q.body, 300)
}

func clippedTo(text string, most int) string {
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// operation is what the contract, and the server where it knows more, say of one.
type operation struct {
	id, method, path string
	need             right
	query, headers   []string // names of parameters
	required         []string // of those in the query
	schemas          map[string]*openapi3.Schema
	takesBody        bool
}

// operationsOf lists all that the site serves. What it takes in a query string it says itself when it is asked for something
// else: a parameter that the contract lacks is asked with, too.
func operationsOf(t testing.TB, s *site) []operation {
	t.Helper()
	needs := map[string]right{}
	for _, r := range s.routes() {
		needs[r.method+" "+r.path] = r.need
	}
	admin := tokenOf(t, "admin", 1)
	var list []operation
	for path, item := range contract.Paths.Map() {
		for method, op := range item.Operations() {
			need, served := needs[method+" "+path]
			if !served {
				t.Fatalf("%s %s is in the contract and not served", method, path)
			}
			o := operation{id: op.OperationID, method: method, path: path, need: need, schemas: map[string]*openapi3.Schema{}, takesBody: op.RequestBody != nil}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				switch p.Value.In {
				case "query":
					o.query = append(o.query, p.Value.Name)
					if p.Value.Required {
						o.required = append(o.required, p.Value.Name)
					}
				case "header":
					o.headers = append(o.headers, p.Value.Name)
				}
				if p.Value.Schema != nil {
					o.schemas[p.Value.Name] = p.Value.Schema.Value
				}
			}
			for _, name := range takenBy(t, s, admin, o) {
				if !slices.Contains(o.query, name) {
					o.query = append(o.query, name)
				}
			}
			slices.Sort(o.query)
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return list
}

// takenBy are the parameters that an operation says it takes.
func takenBy(t testing.TB, s *site, token string, o operation) []string {
	t.Helper()
	path := strings.NewReplacer("/conversations/{id}", "/conversations/pbx:1.1", "{id}", "999", "{tag}", "vip").Replace(o.path)
	for name, schema := range o.schemas {
		if strings.Contains(path, "{"+name+"}") && len(schema.Enum) > 0 {
			path = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(schema.Enum[0]))
		}
	}
	got := s.request(t, o.method, path+"?no_such_parameter=1", "Authorization", "Bearer "+token)
	_, want, found := strings.Cut(got.problemDetail(), "is not a parameter here, want ")
	if !found {
		return nil // it takes none, or is not there at all: then asking says so
	}
	want = strings.ReplaceAll(want, " or ", ", ")
	names := strings.Split(want, ", ")
	return slices.DeleteFunc(names, func(name string) bool { return name == "none" || name == "token" })
}

// problemDetail of an answer that is a problem; empty for others.
func (r reply) problemDetail() string {
	_, detail, _ := strings.Cut(r.body, `"detail":"`)
	return strings.ReplaceAll(detail[:max(0, strings.Index(detail, `","code"`))], `\"`, `"`)
}

// what stands for what a request may say of the flocks' data.
type vocabulary struct {
	own, other flock
	cursors    []string // of lists of the other's
	every      bool     // all ways, not a sample
}

// conversationIDs of a flock.
func (f flock) conversationIDs() []string {
	return []string{
		"pbx:" + bothLinked, "pbx:" + linkedidOf(1000+int(f.id(rowJoined))), "pbx:" + linkedidOf(1000+int(f.id(rowMissed))), "annex:" + linkedidOf(1000+int(f.id(rowElsewhere))),
		"pbx:" + linkedidOf(1000+int(f.id(rowInternal))),
	}
}

// inPath are the values for a parameter in the path; nil where nobody has said here what they are.
func (v vocabulary) inPath(o operation, name string) []string {
	ids := func(f flock) (list []string) {
		for _, row := range []int{rowSpanning, rowJoined, rowMissed, rowInternal, rowElsewhere, rowQueue} {
			list = append(list, fmt.Sprint(f.id(row)))
		}
		return list
	}
	switch {
	case name == "id" && strings.HasPrefix(o.path, "/api/v1/calls/"), name == "call_id":
		return slices.Concat(ids(v.other), ids(v.own), []string{fmt.Sprint(cuckoos.id(rowSpanning)), "999999"})
	case name == "id" && strings.HasPrefix(o.path, "/api/v1/conversations/"):
		return slices.Concat(v.other.conversationIDs(), v.own.conversationIDs(), []string{"pbx:9.9"})
	case name == "tag":
		return []string{v.other.own("tag"), v.other.own("added"), sharedTag}
	case name == "jti":
		return []string{v.other.own("jti"), "nobody"}
	}
	if schema := o.schemas[name]; schema != nil {
		return words(textsOf(schema.Enum))
	}
	return nil
}

func textsOf(list []any) (texts []string) {
	for _, x := range list {
		texts = append(texts, fmt.Sprint(x))
	}
	return texts
}

// paths of an operation, with every value in its place.
func (v vocabulary) paths(t testing.TB, o operation) []string {
	t.Helper()
	paths := []string{o.path}
	for {
		_, rest, more := strings.Cut(paths[0], "{")
		if !more {
			return paths
		}
		name, _, _ := strings.Cut(rest, "}")
		values := v.inPath(o, name)
		if len(values) == 0 {
			t.Errorf("%s has %s in its path, and inPath does not know what to ask for: add it there", o.id, name)
			return nil
		}
		var next []string
		for _, path := range paths {
			for _, value := range values {
				next = append(next, strings.Replace(path, "{"+name+"}", url.PathEscape(value), 1))
			}
		}
		paths = next
	}
}

// values for a parameter in the query: first those that are about the other's data.
func (v vocabulary) values(t testing.TB, o operation, name string) []string {
	t.Helper()
	if of, known := askedFor[name]; known {
		return slices.Concat(of(v.other), of(v.own))
	}
	if name == "cursor" {
		return v.cursors
	}
	switch schema := o.schemas[name]; {
	case schema == nil:
	case len(schema.Enum) > 0:
		return textsOf(schema.Enum)
	case schema.Type.Is("boolean"):
		return []string{"true", "false"}
	case schema.Type.Is("integer") && schema.Min != nil:
		return []string{fmt.Sprint(*schema.Min), fmt.Sprint(*schema.Min + 1)}
	}
	t.Errorf("%s takes %s, and askedFor does not know what to ask for: add it there", o.id, name)
	return nil
}

// everywhere is what a sample leaves out nowhere.
var everywhere = []string{"org_id", "recurse", "cursor", "format", "by", "of", "counted"}

// reads are the ways to ask an operation that changes nothing.
func (v vocabulary) reads(t testing.TB, o operation, dice *rand.Rand) (list []ask) {
	t.Helper()
	for i, path := range v.paths(t, o) {
		needed := url.Values{}
		for _, name := range o.required {
			needed.Set(name, v.values(t, o, name)[0])
		}
		add := func(about string, query url.Values, header ...string) {
			if query = maps.Clone(query); query == nil {
				query = url.Values{}
			}
			for name, values := range needed {
				if !query.Has(name) {
					query[name] = values
				}
			}
			// Of a day mostly: without one, lists look through all times, and statistics at today, when nobody called.
			if len(list)%4 > 0 && slices.Contains(o.query, dateFrom) && !query.Has(dateFrom) && !query.Has(dateTo) && o.id != "listAudit" {
				query.Set(dateFrom, day(0))
			}
			list = append(list, ask{op: o.id, method: o.method, path: path, query: query.Encode(), header: header, about: about})
		}
		add(path, nil)
		headers := o.headers
		if slices.Contains(o.query, "format") && !slices.Contains(headers, "Accept") {
			headers = append(headers, "Accept")
		}
		for _, name := range headers {
			of, known := sentAlong[name]
			if !known {
				t.Errorf("%s takes the header %s, and sentAlong does not know what to send: add it there", o.id, name)
				continue
			}
			for _, value := range of(v.other) {
				add(name, nil, name, value)
			}
		}
		if i > 0 && !v.every && len(o.query) > 5 {
			continue // what stands in a path with many parameters is a kind of statistics
		}
		single := map[string][]string{}
		for _, name := range o.query {
			single[name] = v.values(t, o, name)
			if !v.every && o.id != "listCalls" && len(o.query) > 10 && !slices.Contains(everywhere, name) && dice.IntN(4) > 0 {
				continue // the filter is the same one in all operations
			}
			for _, value := range single[name] {
				about := name
				if name == "format" { // each is a way out of its own
					about += value
					add(about+" of some", url.Values{name: {value}, "tag": {sharedTag}})
				}
				add(about, url.Values{name: {value}})
			}
		}
		if len(o.query) == 0 {
			continue
		}
		for range v.combined(o) {
			query := url.Values{}
			for range 2 + dice.IntN(3) {
				if name := o.query[dice.IntN(len(o.query))]; len(single[name]) > 0 {
					query.Set(name, single[name][dice.IntN(len(single[name]))])
				}
			}
			add("together", query)
		}
	}
	if o.method == http.MethodGet {
		for _, q := range slices.Clone(list)[:min(len(list), 8)] {
			q.method, q.about = http.MethodHead, "HEAD"
			list = append(list, q)
		}
	}
	return v.sample(list, dice)
}

// sample is one ask of each sort, and a few more.
func (v vocabulary) sample(list []ask, dice *rand.Rand) (some []ask) {
	if v.every {
		return list
	}
	dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	tried := map[string]bool{}
	for _, q := range list {
		if again := tried[q.about]; !again || len(some) < len(tried)+4 {
			some = append(some, q)
		}
		tried[q.about] = true
	}
	return some
}

// combined is how many combinations of parameters are asked.
func (v vocabulary) combined(o operation) int {
	n := len(o.query)
	if v.every {
		n *= 10
	}
	return n
}
