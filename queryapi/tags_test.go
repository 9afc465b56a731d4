package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// send sends a request with a body.
func (s *site) send(t testing.TB, token, method, path, body string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response, string(text)}
}

// labelled is a call of an organisation with tags of its rules.
func labelled(id uint64, org uint32, tags ...string) call.Call {
	c := talked(id, org, int(id))
	c.Tags, c.Uniqueid, c.Linkedid = tags, fmt.Sprintf("1775995633.%d", id), fmt.Sprintf("1775995633.%d", id)
	c.Conversation.Legs, c.Conversation.Tags = 1, tags
	return c
}

func (s *site) tagsOf(t testing.TB, token string, id uint64) string {
	t.Helper()
	var one, conversation struct {
		ConversationID string `json:"conversation_id"`
		Tags           []string
	}
	got := s.get(t, token, fmt.Sprintf("/api/v1/calls/%d", id))
	if err := json.Unmarshal([]byte(got.body), &one); err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", got.Status, got.body)
	}
	got = s.get(t, token, "/api/v1/conversations/"+one.ConversationID)
	if err := json.Unmarshal([]byte(got.body), &conversation); err != nil || !slices.Equal(one.Tags, conversation.Tags) {
		t.Errorf("call %d has %q, its conversation %s", id, one.Tags, got.body)
	}
	return strings.Join(one.Tags, ",")
}

func TestTagsAreEdited(t *testing.T) {
	t.Parallel()
	store := newStore(t, labelled(1, 1, "sales", "paris"), labelled(2, 1, "sales"), labelled(3, 2, "canary"))
	s := newSite(t, store, nil, nil)
	supervisor := sign(t, jwt.MapClaims{"sub": "zoe", "role": "supervisor"})
	for i, step := range []struct {
		method, path, body string
		answer             string
		tags               string // of call 1
	}{
		{"POST", "/calls/1/tags", `{"tags":["vip","Île d'or"]}`, "", "sales,paris"},
		{"POST", "/calls/1/tags", `{"tags":["vip","Île 2"]}`, `{"id":1,"tags":["sales","paris","vip","Île 2"]}`, "sales,paris,vip,Île 2"},
		{"POST", "/calls/1/tags", `{"tags":["vip","vip"]}`, `{"id":1,"tags":["sales","paris","vip","Île 2"]}`, "sales,paris,vip,Île 2"},
		{"DELETE", "/calls/1/tags/paris", "", `{"id":1,"tags":["sales","vip","Île 2"]}`, "sales,vip,Île 2"},
		{"DELETE", "/calls/1/tags/paris", "", `{"id":1,"tags":["sales","vip","Île 2"]}`, "sales,vip,Île 2"},
		{"DELETE", "/calls/1/tags/" + url.PathEscape("Île 2"), "", `{"id":1,"tags":["sales","vip"]}`, "sales,vip"},
		{"DELETE", "/calls/1/tags/never", "", `{"id":1,"tags":["sales","vip"]}`, "sales,vip"},
		{"POST", "/calls/tags", `{"ids":[2,1,2],"add":["a","vip"],"remove":["sales"]}`, `{"calls":2,"changed":2}`, "a,vip"},
		{"POST", "/calls/tags", `{"ids":[1,2],"add":["a"]}`, `{"calls":2,"changed":0}`, "a,vip"},
		{"POST", "/calls/tags", `{"ids":[1,2],"remove":["a","vip"]}`, `{"calls":2,"changed":2}`, ""},
		// One call of another organisation, or of none, and nothing changes.
		{"POST", "/calls/tags", `{"ids":[1,3],"add":["x"]}`, "", ""},
		{"POST", "/calls/tags", `{"ids":[1,99],"add":["x"]}`, "", ""},
		{"POST", "/calls/3/tags", `{"tags":["x"]}`, "", ""},
		{"DELETE", "/calls/3/tags/canary", "", "", ""},
	} {
		got := s.send(t, supervisor, step.method, "/api/v1"+step.path, step.body)
		if step.answer != "" && strings.TrimSpace(got.body) != step.answer || (step.answer == "") == (got.StatusCode == 200) {
			t.Errorf("step %d: %s %s, want %s", i, got.Status, got.body, step.answer)
		}
		if tags := s.tagsOf(t, supervisor, 1); tags != step.tags {
			t.Errorf("step %d: %s, want %s", i, tags, step.tags)
		}
	}
	for _, body := range []string{`{"ids":[1,3],"add":["x"]}`, `{"ids":[3,1],"remove":["canary"]}`} {
		p := s.send(t, supervisor, "POST", "/api/v1/calls/tags", body).wantProblem(t, callNotFound)
		if !strings.Contains(p.Detail, "the id 3;") {
			t.Errorf("%s: %s", body, p.Detail)
		}
	}
	if got := s.tagsOf(t, tokenOf(t, "admin", 2), 3); got != "canary" {
		t.Errorf("the other's call has %s", got)
	}
	var written struct {
		Data []struct {
			Subject, Action, Object string
			Detail                  json.RawMessage
			OrgIDs                  []uint32 `json:"org_ids"`
		}
		Pagination struct{ Total int }
	}
	got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit?action=tags_change")
	if err := json.Unmarshal([]byte(got.body), &written); err != nil || written.Pagination.Total != 9 {
		t.Fatalf("%v: %s", err, got.body)
	}
	oldest, bulk := written.Data[8], written.Data[2]
	if oldest.Subject != "zoe" || oldest.Object != "1" || string(oldest.Detail) != `{"add":["vip","Île 2"]}` || fmt.Sprint(oldest.OrgIDs) != "[1]" {
		t.Errorf("the first change is audited as %+v", oldest)
	}
	if bulk.Object != "" || string(bulk.Detail) != `{"add":["a","vip"],"ids":[1,2],"remove":["sales"]}` {
		t.Errorf("the change of two calls is audited as %+v, %s", bulk, bulk.Detail)
	}
}

func TestTagsAreRefused(t *testing.T) {
	t.Parallel()
	full := labelled(2, 1)
	for n := range mostTags {
		full.Tags = append(full.Tags, fmt.Sprint("t", n))
	}
	far := &fixed{calls: []call.Call{labelled(1, 1), full, labelled(3, 2)}}
	s := newSite(t, far, nil, nil)
	admin := tokenOf(t, "admin", 1)
	ids := func(n int) string { return "[1" + strings.Repeat(",1", n-1) + "]" }
	many := `["a"` + strings.Repeat(`,"a"`, 50) + `]`
	for _, test := range []struct {
		method, path, body string
		code               code
		parameter          string
	}{
		{"POST", "/calls/1/tags", ``, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `[]`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"]} {}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"],"ids":[3]}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"TAGS":["a"],"tags":["b"]}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"Tags":["a"]}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"],"tags":["b"]}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"],"t\u0061gs":["b"]}`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"]}]`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":["a"]`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `null`, bodyMalformed, ""},
		{"POST", "/calls/1/tags", `{"tags":"a"}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":[1]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":null}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":[]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":` + many + `}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["` + strings.Repeat("ü", 65) + `"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":[""]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["a,b"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":[" a"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["a'); DROP TABLE calls; --"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["a\u0000b"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["=cmd|x"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["<b>"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/1/tags", `{"tags":["\u202eabc"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/2/tags", `{"tags":["one-more"]}`, parameterInvalid, "tags"},
		{"POST", "/calls/0/tags", `{"tags":["a"]}`, parameterInvalid, "id"},
		{"POST", "/calls/x/tags", `{"tags":["a"]}`, parameterInvalid, "id"},
		{"POST", "/calls/99999999999999999999/tags", `{"tags":["a"]}`, callNotFound, ""},
		{"POST", "/calls/9/tags", `{"tags":["a"]}`, callNotFound, ""},
		{"POST", "/calls/3/tags", `{"tags":["a"]}`, callNotFound, ""},
		{"POST", "/calls/1/tags?x=1", `{"tags":["a"]}`, parameterUnknown, "x"},
		{"POST", "/calls/1/tags", `{"tags":["` + strings.Repeat("a", longestBody) + `"]}`, bodyTooLong, ""},
		{"DELETE", "/calls/1/tags/a%2Cb", "", parameterInvalid, "tag"},
		{"DELETE", "/calls/1/tags/%FF", "", parameterInvalid, "tag"},
		{"DELETE", "/calls/1/tags/a?x=1", "", parameterUnknown, "x"},
		{"DELETE", "/calls/3/tags/a", "", callNotFound, ""},
		{"DELETE", "/calls/x/tags/a", "", parameterInvalid, "id"},
		{"POST", "/calls/tags", `{"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[0],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[-1],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[1.5],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[9007199254740992],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":["1"],"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":` + ids(1001) + `,"add":["a"]}`, parameterInvalid, "ids"},
		{"POST", "/calls/tags", `{"ids":[1]}`, parameterInvalid, "add"},
		{"POST", "/calls/tags", `{"ids":[1],"add":["a"],"remove":["b","a"]}`, parameterInvalid, "remove"},
		{"POST", "/calls/tags", `{"ids":[1],"add":["a;b"]}`, parameterInvalid, "add"},
		{"POST", "/calls/tags", `{"ids":[1],"remove":` + many + `}`, parameterInvalid, "remove"},
		{"POST", "/calls/tags", `{"ids":[1],"remove":["a"],"force":true}`, bodyMalformed, ""},
		{"POST", "/calls/tags", `{"ids":[1],"Ids":[2],"remove":["a"]}`, bodyMalformed, ""},
		{"POST", "/calls/tags?tz=UTC", `{"ids":[1],"remove":["a"]}`, parameterUnknown, "tz"},
		{"POST", "/calls/tags", strings.Repeat(" ", longestBody+1), bodyTooLong, ""},
	} {
		got := s.send(t, admin, test.method, "/api/v1"+test.path, test.body)
		if p := got.wantProblem(t, test.code); p.Parameter != test.parameter {
			t.Errorf("%s %.60s: names %q, want %q: %s", test.path, test.body, p.Parameter, test.parameter, p.Detail)
		}
	}
	if n := len(far.written()); n != 0 {
		t.Errorf("%d refused changes were written down", n)
	}
	for path, body := range map[string]string{"/calls/1/tags": `{"tags":["a"]}`, "/calls/tags": `{"ids":` + ids(1000) + `,"add":["a"]}`} {
		s.send(t, tokenOf(t, "agent", 1), "POST", "/api/v1"+path, body).wantProblem(t, scopeInsufficient)
		if got := s.send(t, admin, "POST", "/api/v1"+path, body); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	s.send(t, tokenOf(t, "agent", 1), "DELETE", "/api/v1/calls/1/tags/a", "").wantProblem(t, scopeInsufficient)
}

// Where something is away nothing is changed, and the answer says so.
func TestTagsWhileSomethingIsAway(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: []call.Call{labelled(1, 1)}}
	s := newSite(t, far, nil, func(c *config) { c.QueryTimeout = 200 * time.Millisecond })
	admin := tokenOf(t, "admin", 1)
	ask := func(want code) {
		t.Helper()
		s.send(t, admin, "POST", "/api/v1/calls/1/tags", `{"tags":["a"]}`).wantProblem(t, want)
		s.send(t, admin, "POST", "/api/v1/calls/tags", `{"ids":[1],"add":["a"]}`).wantProblem(t, want)
		s.send(t, admin, "DELETE", "/api/v1/calls/1/tags/a", "").wantProblem(t, want)
	}
	far.refuses = errors.New("no disk")
	ask(auditUnavailable)
	far.refuses, far.err = nil, clickhouse.ErrAway
	ask(historyUnavailable)
	far.err, far.before = context.DeadlineExceeded, func(ctx context.Context) { <-ctx.Done() }
	ask(queryTimeout)
	far.err, far.before = nil, func(context.Context) { panic("secret") }
	ask(internalError)
}

func TestGoodTags(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]bool{
		"a": true, "VIP": true, "call back": true, "2026-11": true, "a.b_c-d": true, "Zürich": true, "मीरा": true, "名前": true,
		strings.Repeat("ü", 64): true, strings.Repeat("ü", 65): false, "": false, " ": false, "a ": false, "a\tb": false, "a,b": false,
		"a|b": false, "a\"b": false, "a/b": false, "a\\b": false, "😀": false, "\xff": false, "a\nb": false, "{a}": false,
		"-": false, ".": false, "..": false, "_": false, ".x": false, "x.": false, "-x": false, "x_": false, "a - b": true, "a..b": true, "1": true, "की": true,
		"\u0308": false, "\u0308a": false, "a\u0308": true, "a \u0308": false, "a.\u0308b": false, "1\ufe0f\u20e3": true,
	} {
		if goodTag(tag) != want {
			t.Errorf("%q: %v", tag, !want)
		}
	}
}

// What the rules and the PBX give is not held to that, and is taken off all the same.
func TestTagsOfTheRulesAreTakenOff(t *testing.T) {
	t.Parallel()
	odd := labelled(1, 1)
	odd.Tags = []string{"a/b", "-", "#1", "été & fils", "😀", "sales"}
	far := &fixed{calls: []call.Call{odd}}
	s := newSite(t, far, nil, nil)
	admin := tokenOf(t, "admin", 1)
	got := s.send(t, admin, "POST", "/api/v1/calls/tags", `{"ids":[1],"remove":["a/b","-","#1","été & fils","😀"]}`)
	if want := `{"calls":1,"changed":1}` + "\n"; string(got.body) != want {
		t.Errorf("%s %s, want %s", got.Status, got.body, want)
	}
	for tag, want := range map[string]string{
		"a%2Fb": `{"id":1,"tags":["-","#1","été \u0026 fils","😀","sales"]}` + "\n", "%231": `{"id":1,"tags":["a/b","-","été \u0026 fils","😀","sales"]}` + "\n",
	} {
		if got := s.send(t, admin, "DELETE", "/api/v1/calls/1/tags/"+tag, ""); string(got.body) != want {
			t.Errorf("%s: %s %s, want %s", tag, got.Status, got.body, want)
		}
	}
	for _, body := range []string{`{"ids":[1],"add":["a/b"]}`, `{"ids":[1],"remove":["a,b"]}`, `{"ids":[1],"remove":[" a"]}`, `{"ids":[1],"remove":[""]}`, `{"ids":[1],"remove":["` + strings.Repeat("a", 501) + `"]}`} {
		s.send(t, admin, "POST", "/api/v1/calls/tags", body).wantProblem(t, parameterInvalid)
	}
}
