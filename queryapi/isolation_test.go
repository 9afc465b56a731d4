package main

import (
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

var everyWay = flag.Bool("every-way", false, "hold the houses against each other by every way to ask, not by a sample: some minutes")

// What an organisation is answered does not depend on whether there are others: whatever way it asks, whatever it asks for,
// the bytes are those of a house where it lives alone. So no row, count or hint of another's comes out.
func TestIsolation(t *testing.T) {
	t.Parallel()
	robinsAlone, canariesAlone, both := newHouse(t, robins, chicks), newHouse(t, canaries), newHouse(t, robins, canaries, chicks, cuckoos)
	both.settle(t)
	pairs := []*pair{{alone: robinsAlone, both: both, own: robins, other: canaries}, {alone: canariesAlone, both: both, own: canaries, other: robins}}
	// The audit log first, before anybody listens to a recording or exports what is in the other house.
	for _, p := range pairs {
		p.words = vocabulary{own: p.own, other: p.other, cursors: cursorsOf(t, both, p.other), every: *everyWay}
		p.reading(t, func(o operation) bool { return o.id == "listAudit" })
	}
	for _, p := range pairs {
		t.Run(p.own.bird, func(t *testing.T) {
			p.reading(t, func(o operation) bool { return o.id != "listAudit" })
			p.following(t)
			p.listening(t)
			p.writing(t)
			t.Logf("%d operations, %d requests compared", len(operationsOf(t, both.site)), p.count.Load())
		})
	}
}

// pair is two houses that must answer the own flock alike.
type pair struct {
	alone, both *house
	own, other  flock
	words       vocabulary
	count       atomic.Int64
	differences atomic.Int64
	links       sync.Map // that answers hold, such as a statistic's
}

// tokens of the own flock, one a role; the first has all rights.
func (p *pair) tokens(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, role := range []string{"admin", "supervisor", "agent"} {
		list = append(list, sign(t, jwt.MapClaims{"sub": "asker", "role": role, "orgs": []uint32{p.own.org}, "extension": "1001", "jti": p.own.own(role)}))
	}
	if p.own.org == robins.org {
		list = append(list, sign(t, jwt.MapClaims{"sub": "asker", "role": "supervisor", "orgs": []uint32{robins.org, chicks.org}, "jti": "family"}))
	}
	return list
}

// following asks for what answers point at, such as the calls behind a number.
func (p *pair) following(t *testing.T) {
	t.Helper()
	most := 20
	p.links.Range(func(link, _ any) bool {
		path, query, _ := strings.Cut(link.(string), "?")
		p.compare(t, ask{op: "listCalls", method: http.MethodGet, path: path, query: query}, p.tokens(t)[0])
		most--
		return most > 0 || *everyWay
	})
}

var linkIn = regexp.MustCompile(`"(/api/v1/(?:calls|conversations)\?[^"]+)"`)

// reading asks everything that changes nothing.
func (p *pair) reading(t *testing.T, which func(operation) bool) {
	t.Helper()
	tokens := p.tokens(t)
	dice := rand.New(rand.NewPCG(1, uint64(p.own.org)))
	asks := make(chan func())
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for work := range asks {
				work()
			}
		})
	}
	for _, o := range operationsOf(t, p.both.site) {
		if o.method != http.MethodGet || o.id == "streamCalls" || !which(o) {
			continue
		}
		for i, q := range p.words.reads(t, o, dice) {
			if p.own != robins && !*everyWay && i%6 > 0 {
				continue // the same in a mirror
			}
			for n, token := range tokens {
				// Rights differ between roles and rows do not, so that in a sample they take turns.
				if *everyWay || n == max(0, i%(2*len(tokens))-len(tokens)) {
					asks <- func() { p.compare(t, q, token) }
				}
			}
			if i%10 == 0 {
				asks <- func() { p.compareTagged(t, q, tokens[0]) }
			}
		}
	}
	close(asks)
	workers.Wait()
}

var requests atomic.Uint64

// compare asks both houses the same.
func (p *pair) compare(t *testing.T, q ask, token string) {
	t.Helper()
	q.header = append(slices.Clone(q.header), "X-Request-Id", fmt.Sprint("request-", requests.Add(1)))
	alone, both := p.alone.mustAsk(t, q, token), p.both.mustAsk(t, q, token)
	p.count.Add(1)
	if a, b := compared(q, alone), compared(q, both); a != b && p.differences.Add(1) < 20 {
		t.Errorf("%s is answered otherwise where there are others:\n%s", q, difference(a, b))
	}
	for _, m := range linkIn.FindAllStringSubmatch(both.body, 100) {
		if link := strings.ReplaceAll(m[1], `\u0026`, "&"); strings.HasPrefix(q.path, "/api/v1/stats") {
			p.links.Store(link, true)
		}
	}
	text := birdless(both.body+fmt.Sprint(both.Header), q)
	for _, f := range []flock{robins, canaries, cuckoos} {
		if f != p.own && strings.Contains(text, f.bird) && p.differences.Add(1) < 20 {
			at := strings.Index(text, f.bird)
			t.Errorf("%s shows the %s: …%s…", q, f.bird, text[max(0, at-100):min(len(text), at+100)])
		}
	}
}

// compareTagged asks with the ETag of what the other is shown at the same address, and for a compressed answer.
func (p *pair) compareTagged(t *testing.T, q ask, token string) {
	t.Helper()
	foreign := p.both.mustAsk(t, q, tokenOf(t, "admin", int(p.other.org)))
	tag := foreign.Header.Get("Etag")
	if tag == "" {
		tag = `"1-1"`
	}
	q.header = append(slices.Clone(q.header), "If-None-Match", tag)
	p.compare(t, q, token)
	q.header = append(q.header, "Accept-Encoding", "gzip")
	p.compare(t, q, token)
}

// mustAsk asks, and fails the test where there is no answer or a broken one.
func (h *house) mustAsk(t testing.TB, q ask, token string) reply {
	t.Helper()
	got, err := h.asked(q, token)
	if err != nil {
		t.Errorf("%s: %v", q, err)
	} else if got.StatusCode >= 500 {
		t.Errorf("%s: %s: %s", q, got.Status, got.body)
	}
	return got
}

// asked sends a request. Of a live stream only the beginning is read.
func (h *house) asked(q ask, token string) (reply, error) {
	nothing := reply{Response: &http.Response{Header: http.Header{}}}
	request, err := http.NewRequest(q.method, h.url, strings.NewReader(q.body))
	if err != nil {
		return nothing, err
	}
	path, _ := url.PathUnescape(q.path)
	request.URL.Path, request.URL.RawPath, request.URL.RawQuery = path, q.path, q.query
	for i := 0; i < len(q.header); i += 2 {
		request.Header.Add(q.header[i], q.header[i+1])
	}
	if q.body != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nothing, err
	}
	defer response.Body.Close()
	if response.Header.Get("Content-Type") == "text/event-stream" {
		return reply{response, ""}, nil
	}
	var from io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		response.Header.Del("Content-Length") // goes by the time that is in the answer
		if q.method != http.MethodHead {
			if from, err = gzip.NewReader(from); err != nil {
				return nothing, err
			}
		}
	}
	body, err := io.ReadAll(from)
	return reply{response, string(body)}, err
}

// What differs between any two answers to one request, by operation; empty is all operations.
var passing = map[string][]*regexp.Regexp{
	"":          {regexp.MustCompile(`"as_of":"[^"]*"`), regexp.MustCompile(`filename="calls-[0-9TZ]+`), regexp.MustCompile(`(?m)^(Date|X-Ratelimit-\S+|Ratelimit\S*|Server-Timing): .*\n`)},
	"listAudit": {regexp.MustCompile(`"at":"[^"]*"`), regexp.MustCompile(`"entry":"[A-Z0-9]{26}"`)},
	// The names of files on two disks differ in when they were written.
	"getRecording": {regexp.MustCompile(`(?m)^(Etag|Last-Modified): .*\n`)},
}

// compared is an answer without what differs between any two.
func compared(q ask, r reply) string {
	var head strings.Builder
	fmt.Fprintln(&head, r.StatusCode)
	_ = r.Header.Write(&head)
	_ = r.Trailer.Write(&head)
	text := strings.ReplaceAll(head.String(), "\r", "") + "\n" + r.body
	for _, id := range []string{"", q.op} {
		for _, e := range passing[id] {
			text = e.ReplaceAllString(text, "")
		}
	}
	return text
}

// difference shows where two texts part.
func difference(a, b string) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	from := max(0, at-200)
	return fmt.Sprintf("alone …%s…\nboth  …%s…", clippedTo(a[from:], 500), clippedTo(b[from:], 500))
}

var cursorIn = regexp.MustCompile(`"(?:next_)?cursor":"([^"]+)"`)

// cursorsOf are places in lists of a flock.
func cursorsOf(t testing.TB, h *house, f flock) (list []string) {
	t.Helper()
	for _, path := range []string{"/api/v1/calls", "/api/v1/conversations"} {
		for _, m := range cursorIn.FindAllStringSubmatch(h.mustAsk(t, ask{method: http.MethodGet, path: path, query: "limit=1"}, tokenOf(t, "admin", int(f.org))).body, -1) {
			list = append(list, m[1])
		}
	}
	return append(list, "none")
}
