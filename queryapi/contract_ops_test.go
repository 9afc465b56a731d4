package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// The contract and its page need no token, and ask no other server.
func TestContractIsServed(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	got := s.request(t, http.MethodGet, "/openapi.yaml")
	if got.StatusCode != http.StatusOK || got.body != string(openapi) || got.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%s %s: %.200s", got.Status, got.Header, got.body)
	}
	s.request(t, http.MethodGet, "/openapi.yaml?limit=1").wantProblem(t, parameterUnknown)
	page := s.request(t, http.MethodGet, "/docs")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "/openapi.yaml") || strings.Contains(page.body, `src="http`) || strings.Contains(page.body, `href="http`) {
		t.Errorf("%s: %.2000s", page.Status, page.body)
	}
	for _, path := range []string{"/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"} {
		if got := s.request(t, http.MethodGet, path); got.StatusCode != http.StatusOK || len(got.body) < 1000 {
			t.Errorf("%s: %s, %d bytes", path, got.Status, len(got.body))
		}
	}
	if got := s.request(t, http.MethodGet, "/docs/../config.go"); got.StatusCode != http.StatusNotFound {
		t.Errorf("outside of the page: %s", got.Status)
	}
}

// Every operation that needs a token refuses to go without, and refuses one that lacks its right; every one refuses a
// parameter that it does not know.
func TestEveryOperationRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	admin := tokenOf(t, "admin", 1)
	for _, op := range s.routes() {
		if op.need == "" {
			continue
		}
		path := somewhere(op)
		s.request(t, op.method, path).wantProblem(t, tokenMissing)
		s.request(t, op.method, path, "Authorization", "Bearer "+sign(t, jwt.MapClaims{"role": "admin", "scope": "nothing"})).wantProblem(t, scopeInsufficient)
		s.request(t, op.method, path+"?colour=red", "Authorization", "Bearer "+admin).wantProblem(t, parameterUnknown)
	}
}

// somewhere is an address of the operation.
func somewhere(op route) string {
	return strings.NewReplacer("/conversations/{id}", "/conversations/pbx:1.1", "{id}", "999", "{tag}", "vip").Replace(op.path)
}

// A mistake of ours is one answer, which tells nothing of it.
func TestEveryOperationFails(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{before: func(context.Context) { panic("secret") }}, nil, nil)
	admin := sign(t, jwt.MapClaims{"role": "admin", "extension": "1001"})
	for _, op := range s.routes() {
		if op.method != http.MethodGet || op.need == "" || op.need == streamCalls { // which asks no history
			continue
		}
		got := s.get(t, admin, somewhere(op))
		got.wantProblem(t, internalError)
		if strings.Contains(got.body, "secret") {
			t.Errorf("%s tells too much: %s", op.path, got.body)
		}
	}
}

// While the store is away every operation that reads says so, and that asking again may help.
func TestEveryOperationIsUnavailable(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{err: clickhouse.ErrAway, before: func(context.Context) {}}, nil, nil)
	admin := sign(t, jwt.MapClaims{"role": "admin", "extension": "1001"})
	for _, op := range s.routes() {
		if op.method != http.MethodGet || op.need == "" {
			continue
		}
		if got := s.get(t, admin, somewhere(op)); got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s %s", op.path, got.Status, got.body)
		}
	}
}
