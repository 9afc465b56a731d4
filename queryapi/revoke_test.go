package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// post sends a body of JSON.
func (s *site) post(t testing.TB, token, path, body string) reply {
	t.Helper()
	return s.send(t, token, http.MethodPost, path, body)
}

func (s *site) revoke(t testing.TB, token, jti string) {
	t.Helper()
	if got := s.post(t, token, "/api/v1/tokens/revoke", fmt.Sprintf(`{"jti":%q}`, jti)); got.StatusCode != http.StatusCreated {
		t.Fatalf("revoke %s: %s", jti, got.body)
	}
}

func named(t testing.TB, jti, role string, orgs ...int) string {
	return sign(t, jwt.MapClaims{"jti": jti, "role": role, "orgs": orgs})
}

const anyList = "/api/v1/calls?limit=1"

func TestRevoke(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	s := newSite(t, far, nil, nil)
	admin := sign(t, jwt.MapClaims{"role": "admin", "orgs": []int{1, 2}, "sub": "zoe"})
	for _, test := range []struct {
		name, token string
		revoked     bool
	}{
		{"of one's own organisations", named(t, "a", "agent", 1), true},
		{"of all of them", named(t, "a", "supervisor", 2, 1), true},
		{"an admin's", named(t, "a", "admin", 1, 2), true},
		{"with 0, which its role does not see", named(t, "a", "agent", 0, 1), true},
		{"with 0, which it sees", named(t, "a", "admin", 0, 1), false},
		{"of another organisation too", named(t, "a", "agent", 1, 3), false},
		{"of another organisation", named(t, "a", "agent", 3), false},
		{"with another name", named(t, "b", "agent", 1), false},
		{"with the name in other letters", named(t, "A", "agent", 1), false},
		{"without a name", tokenOf(t, "agent", 1), false},
	} {
		if got := s.get(t, test.token, anyList); got.StatusCode != http.StatusOK {
			t.Fatalf("%s, before: %s", test.name, got.body)
		}
		far.register.revoked, s.revoked.byID = nil, nil
		s.revoke(t, admin, "a")
		got := s.get(t, test.token, anyList)
		if !test.revoked && got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", test.name, got.body)
		}
		if test.revoked {
			got.wantProblem(t, tokenRevoked)
			if challenge := got.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, `error="invalid_token"`) {
				t.Errorf("challenge %s", challenge)
			}
		}
		s.revoked.byID = nil
	}
	entries := far.written()
	if e := entries[0]; e.Action != string(actRevokeToken) || e.Object != "a" || e.Subject != "zoe" || e.Role != "admin" {
		t.Errorf("the audit log has %+v", e)
	}
	// Who revokes their own token is out, too.
	own := sign(t, jwt.MapClaims{"role": "admin", "jti": "own"})
	s.revoke(t, own, "own")
	s.get(t, own, anyList).wantProblem(t, tokenRevoked)
}

func TestRevokeUntil(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	s := newSite(t, far, nil, nil)
	admin := tokenOf(t, "admin", 1)
	end := time.Now().Add(2 * time.Hour).In(time.FixedZone("", 19800)).Truncate(time.Second)
	got := s.post(t, admin, "/api/v1/tokens/revoke", fmt.Sprintf(`{"jti":"a","expires":%q}`, end.Format(time.RFC3339)))
	if want := fmt.Sprintf(`{"jti":"a","expires":%q}`, end.UTC().Format(time.RFC3339)); got.StatusCode != http.StatusCreated || strings.TrimSpace(got.body) != want {
		t.Errorf("%s %s, want %s", got.Status, got.body, want)
	}
	if r := far.register.revoked[0]; r.JTI != "a" || !r.Expires.Equal(end) {
		t.Errorf("stored %+v", r)
	}
	if !s.revoked.covers("a", []uint32{1}, end.Add(-time.Second)) || s.revoked.covers("a", []uint32{1}, end) {
		t.Error("a revocation ends at another time than it says")
	}
	if got := s.post(t, admin, "/api/v1/tokens/revoke", `{"jti":"b","expires":null}`); strings.TrimSpace(got.body) != `{"jti":"b","expires":null}` || !s.revoked.covers("b", []uint32{1}, end.AddDate(100, 0, 0)) {
		t.Errorf("for ever: %s %s", got.Status, got.body)
	}
}

func TestRevokeMistakes(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	s := newSite(t, far, nil, nil)
	const path = "/api/v1/tokens/revoke"
	admin := tokenOf(t, "admin", 1)
	longest := strings.Repeat("j", longestName)
	if got := s.post(t, admin, path, `{"jti":"`+longest+`"}`); got.StatusCode != http.StatusCreated {
		t.Errorf("the longest jti: %s", got.body)
	}
	for _, test := range []struct {
		body      string
		want      code
		parameter string
	}{
		{``, bodyMalformed, ""},
		{`[]`, bodyMalformed, ""},
		{`{"jti":"a"} {}`, bodyMalformed, ""},
		{`{"jti":"a","orgs":[2]}`, bodyMalformed, ""},
		{`{"JTI":"a"}`, bodyMalformed, ""},
		{`{"jti":"a","jti":"b"}`, bodyMalformed, ""},
		{`{}`, parameterInvalid, "jti"},
		{`{"jti":""}`, parameterInvalid, "jti"},
		{`{"jti":null}`, parameterInvalid, "jti"},
		{`{"jti":7}`, parameterInvalid, "jti"},
		{`{"jti":"j` + longest + `"}`, parameterInvalid, "jti"},
		{`{"jti":"a","expires":"tomorrow"}`, parameterInvalid, "expires"},
		{`{"jti":"a","expires":"2026-11-21"}`, parameterInvalid, "expires"},
		{`{"jti":"a","expires":"2020-01-01T00:00:00Z"}`, parameterInvalid, "expires"},
		{`{"jti":"a","expires":"9999-01-01T00:00:00Z"}`, parameterInvalid, "expires"},
		{`{"jti":"a","expires":4102444800}`, parameterInvalid, "expires"},
		{`{"jti":"` + strings.Repeat("x", longestBody) + `"}`, bodyTooLong, ""},
	} {
		if p := s.post(t, admin, path, test.body).wantProblem(t, test.want); p.Parameter != test.parameter {
			t.Errorf("%.80s: to blame is %q, want %q", test.body, p.Parameter, test.parameter)
		}
	}
	s.post(t, admin, path+"?jti=a", `{"jti":"a"}`).wantProblem(t, parameterUnknown)
	for _, role := range []string{"agent", "supervisor"} {
		s.post(t, tokenOf(t, role, 1), path, `{"jti":"a"}`).wantProblem(t, scopeInsufficient)
	}
	s.request(t, http.MethodGet, path, "Authorization", "Bearer "+admin).wantProblem(t, methodNotAllowed)
	if n := len(far.register.revoked); n != 1 {
		t.Errorf("%d revocations were stored, want the one", n)
	}
	// What cannot be written down, or stored, is not revoked.
	victim := named(t, "a", "agent", 1)
	far.blotter.refuses = clickhouse.ErrAway
	s.post(t, admin, path, `{"jti":"a"}`).wantProblem(t, auditUnavailable)
	far.blotter.refuses = nil
	far.register.fails(clickhouse.ErrAway)
	s.post(t, admin, path, `{"jti":"a"}`).wantProblem(t, historyUnavailable)
	if got := s.get(t, victim, anyList); got.StatusCode != http.StatusOK {
		t.Errorf("not revoked after all: %s", got.body)
	}
	far.register.onRevoke = func() { panic("secret") }
	s.post(t, admin, path, `{"jti":"a"}`).wantProblem(t, internalError)
}

func TestRequireJTI(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, func(c *config) { c.RequireJTI = true })
	s.get(t, tokenOf(t, "agent", 1), anyList).wantProblem(t, tokenClaimMissing)
	s.get(t, named(t, "", "agent", 1), anyList).wantProblem(t, tokenClaimMissing)
	if got := s.get(t, named(t, "a", "agent", 1), anyList); got.StatusCode != http.StatusOK {
		t.Error(got.body)
	}
}

// attended is a site with its loops.
func attended(t testing.TB, h history, every time.Duration) *site {
	t.Helper()
	var cfg config
	s := newSite(t, h, nil, func(c *config) { c.RevokedEvery = every; cfg = *c })
	t.Cleanup(s.attend(t.Context(), cfg))
	return s
}

// Every process learns of a revocation, and the one that took it at once; a restart forgets none.
func TestRevocationsReachEveryProcess(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	one, other := attended(t, store, 50*time.Millisecond), attended(t, store, 50*time.Millisecond)
	victim, admin := named(t, "a", "agent", 1), tokenOf(t, "admin", 1)
	for _, s := range []*site{one, other} {
		if got := s.get(t, victim, anyList); got.StatusCode != http.StatusOK {
			t.Fatal(got.body)
		}
	}
	one.revoke(t, admin, "a")
	one.get(t, victim, anyList).wantProblem(t, tokenRevoked)
	servertest.Eventually(t, time.Minute, func() bool { return other.get(t, victim, anyList).StatusCode == http.StatusUnauthorized }, "the other process knows")
	attended(t, store, time.Hour).get(t, victim, anyList).wantProblem(t, tokenRevoked)
}

// While ClickHouse is away the last list stands; a process that never read one takes no token that may be on it.
func TestRevocationsWhileClickHouseIsAway(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	s := attended(t, far, 10*time.Millisecond)
	victim, other := named(t, "a", "agent", 1), named(t, "b", "agent", 1)
	s.revoke(t, tokenOf(t, "admin", 1), "a")
	far.register.fails(clickhouse.ErrAway)
	servertest.Eventually(t, time.Minute, func() bool { return strings.Contains(s.log.String(), "revoked tokens cannot be read") }, "the log tells of it")
	s.get(t, victim, anyList).wantProblem(t, tokenRevoked)
	if got := s.get(t, other, anyList); got.StatusCode != http.StatusOK {
		t.Errorf("somebody else: %s", got.body)
	}

	late := attended(t, far, 10*time.Millisecond)
	late.get(t, victim, anyList).wantProblem(t, historyUnavailable)
	late.get(t, other, anyList).wantProblem(t, historyUnavailable)
	if got := late.get(t, tokenOf(t, "agent", 1), anyList); got.StatusCode != http.StatusOK {
		t.Errorf("a token that cannot be revoked: %s", got.body)
	}
	far.register.fails(nil)
	late.get(t, victim, anyList).wantProblem(t, tokenRevoked)
	if got := late.get(t, other, anyList); got.StatusCode != http.StatusOK {
		t.Errorf("once it is back: %s", got.body)
	}
}

// A list that was read before a revocation was stored does not undo it.
func TestRevocationDuringARead(t *testing.T) {
	t.Parallel()
	far := &fixed{}
	s := newSite(t, far, nil, nil)
	read, goOn := make(chan struct{}), make(chan struct{})
	far.register.onRead = func() { close(read); <-goOn }
	loaded := make(chan error, 1)
	go func() { loaded <- s.revoked.load(context.Background(), far) }()
	<-read
	s.revoke(t, tokenOf(t, "admin", 1), "a")
	close(goOn)
	if err := <-loaded; err != nil {
		t.Fatal(err)
	}
	s.get(t, named(t, "a", "agent", 1), anyList).wantProblem(t, tokenRevoked)
	far.register.onRead = nil
	if err := s.revoked.load(t.Context(), far); err != nil || len(s.revoked.own) != 0 || !s.revoked.covers("a", []uint32{1}, time.Now()) {
		t.Errorf("after the next: %v, %v", err, s.revoked.own)
	}
}
