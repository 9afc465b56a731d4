package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Whatever is sent, the answer is a refusal that tells nothing, or right; nothing is changed and nobody else is shown.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t, robins, canaries)
	token := tokenOf(t, "admin", int(robins.org))
	list := operationsOf(t, h.site)
	before, shown := h.holding(t, -1), h.get(t, token, "/api/v1/calls").body
	cursors := brokenCursors(cursorsOf(t, h, canaries))

	siege := newSiege(t, h, token)
	for n, o := range list {
		siege.parameters(o, n, cursors)
		siege.paths(o, n)
		siege.headers(o, n)
		siege.bodies(o)
	}
	siege.end()
	t.Logf("%d operations, %d requests, %d refused; the slowest took %s", len(list), siege.sent.Load(), siege.refused.Load(), time.Duration(siege.slowest.Load()))

	if after := h.holding(t, -1); passingLine.ReplaceAllString(after, "") != passingLine.ReplaceAllString(before, "") {
		t.Errorf("the store holds\n%s\nbefore:\n%s", after, before)
	}
	if now := h.get(t, token, "/api/v1/calls").body; now != shown {
		t.Errorf("the list is another than before:\n%s", difference(shown, now))
	}
	if log := h.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "request failed") {
		t.Errorf("a mistake of ours: %s", log[max(0, strings.Index(log, "level=ERROR")):][:2000])
	}
}

// Who listens to a recording is written down, and any text may be the name of a token that is revoked.
var passingLine = regexp.MustCompile(`(?m)^(audit_log|revoked_tokens) .*\n`)

// siege sends what is hostile, by several at once.
type siege struct {
	t                      *testing.T
	house                  *house
	token                  string
	asks                   chan ask
	workers                sync.WaitGroup
	sent, refused, slowest atomic.Int64
	complaints             atomic.Int64
}

func newSiege(t *testing.T, h *house, token string) *siege {
	s := &siege{t: t, house: h, token: token, asks: make(chan ask)}
	for range 4 {
		s.workers.Go(func() {
			for q := range s.asks {
				s.send(q)
			}
		})
	}
	return s
}

func (s *siege) end() {
	close(s.asks)
	s.workers.Wait()
}

// share is the part of a list that turn n gets: all of it when every way is asked for.
func share(list []string, n, most int) []string {
	if *everyWay || len(list) <= most {
		return list
	}
	var some []string
	for i := range most {
		some = append(some, list[(n*most+i)%len(list)])
	}
	return some
}

// anyText are parameters that take nearly any text, so that it goes on to the history.
var anyText = []string{"agent", "extension", "from", "queue", "search", "source", "tag", "to", "trunk"}

func (s *siege) parameters(o operation, n int, cursors []string) {
	path := elsewhere(o)
	for i, name := range o.query {
		values := share(hostileValues, n*5+i, 3)
		switch {
		case name == "cursor":
			values = append(values, cursors...)
		case o.id == "listCalls" && slices.Contains(anyText, name):
			values = share(hostileValues, i, 24)
		}
		for _, value := range values {
			query := url.Values{name: {value}}
			for _, needed := range o.required {
				if needed != name {
					query.Set(needed, "day")
				}
			}
			if i > 0 && slices.Contains(o.query, dateFrom) && name != dateFrom && name != dateTo {
				query.Set(dateFrom, day(0)) // one window of the history, not five
			}
			s.asks <- ask{op: o.id, method: o.method, path: path, query: query.Encode()}
		}
	}
	names := o.query
	if len(names) == 0 {
		names = []string{"x"}
	}
	for i, query := range hostileQueries {
		query = strings.ReplaceAll(query, "%s", names[i%len(names)])
		s.asks <- ask{op: o.id, method: o.method, path: path, query: strings.ReplaceAll(query, "%%", "%")}
	}
	for _, query := range []string{
		strings.Repeat("a=1&", 10_000), strings.Repeat(names[0]+"=1&", 10_000), names[0] + "=" + strings.Repeat("x", 1<<18), strings.Repeat("x", 1<<18) + "=1",
		names[0] + "=" + strings.Repeat("%25", 1<<16), strings.Repeat("&", 1<<18),
	} {
		s.asks <- ask{op: o.id, method: o.method, path: path, query: query}
	}
}

// elsewhere is an address of the operation that changes nothing: what it names is another's.
func elsewhere(o operation) string {
	path := strings.NewReplacer("/conversations/{id}", "/conversations/"+canaries.conversationIDs()[2], "{id}", fmt.Sprint(canaries.id(rowSpanning)), "{tag}", "vip").Replace(o.path)
	for name, schema := range o.schemas {
		if len(schema.Enum) > 0 {
			path = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(schema.Enum[0]))
		}
	}
	return path
}

func (s *siege) paths(o operation, n int) {
	for i, part := range strings.Split(o.path, "/") {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		for _, value := range share(hostileValues, n+i, 30) {
			for _, prefix := range []string{"", "pbx:"} {
				if prefix != "" && !strings.Contains(o.path, "/conversations/") || strings.Contains(value, ".") && strings.Trim(value, ".") == "" {
					continue
				}
				parts := strings.Split(o.path, "/")
				parts[i] = url.PathEscape(prefix + value)
				path := elsewhere(operation{path: strings.Join(parts, "/"), schemas: o.schemas})
				s.asks <- ask{op: o.id, method: o.method, path: path, body: ""}
			}
		}
	}
}

func (s *siege) headers(o operation, n int) {
	names := append([]string{"Accept", "Accept-Encoding", "Accept-Language", "If-None-Match", "If-Modified-Since", "X-Request-Id", "Content-Type", "Origin", "X-Forwarded-For", "X-Http-Method-Override", "Cookie"}, o.headers...)
	for i, name := range names {
		for _, value := range share(hostileValues, n*11+i, 3) {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				continue // no client sends those; see TestHostileBytes
			}
			s.asks <- ask{op: o.id, method: o.method, path: elsewhere(o), header: []string{name, value}}
		}
	}
}

func (s *siege) bodies(o operation) {
	if !o.takesBody {
		s.asks <- ask{op: o.id, method: o.method, path: elsewhere(o), body: strings.Repeat("x", 1<<20)}
		return
	}
	schema := contract.Paths.Value(o.path).GetOperation(o.method).RequestBody.Value.Content.Get("application/json").Schema.Value
	for _, body := range hostileBodies(schema, canaries.id(rowSpanning)) {
		s.asks <- ask{op: o.id, method: o.method, path: elsewhere(o), body: body, header: []string{"Content-Type", "application/json"}}
	}
}

// internal is what only the inside of the house has words for.
var internal = regexp.MustCompile(`DB::|ClickHouse|strconv\.|json: |goroutine|\.go:\d|/tmp/|/var/|runtime error|no such file|invalid character|cannot unmarshal|dial tcp|net/http|nats:|root:.:0|FINAL|cityHash|toUnixTimestamp`)

func (s *siege) send(q ask) {
	started := time.Now()
	got, err := s.house.asked(q, s.token)
	took := time.Since(started)
	s.sent.Add(1)
	s.slowest.Store(max(s.slowest.Load(), int64(took)))
	complain := func(format string, args ...any) {
		if s.complaints.Add(1) < 30 {
			s.t.Errorf("%s: %s", q, clippedTo(fmt.Sprintf(format, args...), 600))
		}
	}
	switch {
	case err != nil && len(q.body) < 1<<18: // a long body is cut off when it was refused already
		complain("%v", err)
		return
	case err != nil:
		return
	case took > 30*time.Second:
		complain("took %s", took)
	case got.StatusCode >= 500:
		complain("%s: %s", got.Status, got.body)
	case got.StatusCode >= 400 && q.method != http.MethodHead:
		s.refused.Add(1)
		var p problemDocument
		if err := json.Unmarshal([]byte(got.body), &p); err != nil || p.Code == "" || p.Status != got.StatusCode || got.Header.Get("Content-Type") != "application/problem+json" {
			complain("%s: no problem: %s", got.Status, got.body)
		}
		if len(got.body) > 4000 {
			complain("the refusal has %d bytes", len(got.body))
		}
	case got.Header.Get("Content-Type") == "application/json" && got.body != "" && !json.Valid([]byte(got.body)):
		complain("no JSON: %s", got.body)
	}
	if at := internal.FindStringIndex(got.body); at != nil && q.op != "getContract" && q.op != "showContract" {
		complain("tells %q: %s", got.body[at[0]:at[1]], got.body[max(0, at[0]-200):])
	}
	if strings.Contains(birdless(got.body, q), canaries.bird) || got.Header.Get("X-Injected") != "" {
		complain("shows another's: %s %v", got.body, got.Header)
	}
}
