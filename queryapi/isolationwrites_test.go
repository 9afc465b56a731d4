package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// writing changes in both houses what can be changed, the other's first, and finds the other's as it was.
func (p *pair) writing(t *testing.T) {
	t.Helper()
	before := p.both.holding(t, int(p.other.org))
	shown := p.shownTo(t, p.other)
	tokens := p.tokens(t)
	for _, o := range operationsOf(t, p.both.site) {
		if o.method == http.MethodGet {
			continue
		}
		bodies := []string{""}
		if o.takesBody {
			of, known := sent[o.id]
			if !known {
				t.Errorf("%s takes a body, and sent does not know what to send: add it there", o.id)
				continue
			}
			bodies = of(p.own, p.other)
		}
		for i, path := range p.words.paths(t, o) {
			for _, body := range bodies {
				for n, token := range tokens {
					if *everyWay || n == max(0, i%(2*len(tokens))-len(tokens)) {
						p.compare(t, ask{op: o.id, method: o.method, path: path, body: body}, token)
					}
				}
			}
		}
	}
	if after := p.both.holding(t, int(p.other.org)); after != before {
		t.Errorf("the %s hold other rows than before:\n%s\nbefore:\n%s", p.other.bird, after, before)
	}
	if now := p.shownTo(t, p.other); now != shown {
		t.Errorf("the %s are shown something else than before:\n%s", p.other.bird, difference(shown, now))
	}
	for _, what := range []action{actChangeTags, actEraseRecording, actRevokeToken} {
		q := ask{op: "listAudit", method: http.MethodGet, path: "/api/v1/audit", query: "limit=200&action=" + string(what), header: []string{"X-Request-Id", "audit"}}
		if a, b := compared(q, p.alone.mustAsk(t, q, tokens[0])), compared(q, p.both.mustAsk(t, q, tokens[0])); a != b {
			t.Errorf("%s is answered otherwise where there are others:\n%s", q, difference(a, b))
		}
	}
	// What was changed is seen by who changed it, and looks the same in both houses.
	dice := rand.New(rand.NewPCG(2, 2))
	for _, o := range operationsOf(t, p.both.site) {
		// The audit log tells of those who listened at once, in an order that is nobody's.
		if o.method == http.MethodGet && o.id != "streamCalls" && o.id != "listAudit" {
			for i, q := range p.words.reads(t, o, dice) {
				if *everyWay || i%7 == 0 {
					p.compare(t, q, tokens[0])
				}
			}
		}
	}
}

// shownTo is all that a flock is shown of its calls and conversations.
func (p *pair) shownTo(t *testing.T, f flock) (text string) {
	t.Helper()
	token := sign(t, jwt.MapClaims{"role": "admin", "orgs": []uint32{f.org}, "jti": f.own("admin")}) // which somebody else tried to revoke
	for _, path := range []string{"/api/v1/calls", "/api/v1/calls?ama=omit", "/api/v1/conversations"} {
		text += p.both.get(t, token, path).body
	}
	for _, c := range f.rows() {
		q := ask{op: "getRecording", method: http.MethodHead, path: fmt.Sprintf("/api/v1/calls/%d/recording", c.ID), header: []string{"X-Request-Id", "shown"}}
		text += compared(q, p.both.mustAsk(t, q, token))
	}
	return text
}
