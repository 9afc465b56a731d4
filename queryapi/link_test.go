package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// linkTo asks for a link to a recording and gives its address.
func (s *site) linkTo(t testing.TB, token string, id int, more string) (address string, expires time.Time) {
	t.Helper()
	got := s.post(t, token, "/api/v1/tokens/recording-link", fmt.Sprintf(`{"call_id":%d%s}`, id, more))
	var link struct {
		URL     string    `json:"url"`
		Expires time.Time `json:"expires"`
	}
	if err := json.Unmarshal([]byte(got.body), &link); err != nil || got.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s: %v", got.Status, got.body, err)
	}
	return link.URL, link.Expires
}

// listening has calls 1 and 2 of organisation 1 and 3 of organisation 2, each with its voice, and 4 without.
func listening(t testing.TB, change func(*config)) (*site, *fixed) {
	t.Helper()
	far := &fixed{calls: []call.Call{recorded(1, "1.wav"), recorded(2, "2.wav"), recorded(3, "3.wav"), missed(4, 1)}}
	far.calls[2].OrgID = 2
	s := newSite(t, far, nil, change)
	for id := 1; id <= 3; id++ {
		put(t, s.recordings, fmt.Sprintf("%d.wav", id), fmt.Sprintf("voice of %d", id))
	}
	return s, far
}

func TestLink(t *testing.T) {
	t.Parallel()
	s, far := listening(t, nil)
	token := sign(t, jwt.MapClaims{"sub": "zoe", "orgs": []int{1, 2}})
	for _, test := range []struct {
		more  string
		lasts time.Duration
	}{{"", 300 * time.Second}, {`,"expires_in":1`, time.Second}, {`,"expires_in":3600`, time.Hour}} {
		asked := time.Now()
		address, expires := s.linkTo(t, token, 3, test.more)
		if lasts := expires.Sub(asked); lasts > test.lasts+5*time.Second || lasts < test.lasts-2*time.Second {
			t.Errorf("%s: it lasts %s, want %s", test.more, lasts, test.lasts)
		}
		if !strings.HasPrefix(address, "/api/v1/calls/3/recording?token=") {
			t.Errorf("the link is %s", address)
		}
	}
	address, _ := s.linkTo(t, token, 3, "")
	whole := s.request(t, http.MethodGet, address)
	if whole.StatusCode != http.StatusOK || whole.body != "voice of 3" || strings.Contains(s.log.String(), address[40:]) {
		t.Errorf("%s %s", whole.Status, whole.body)
	}
	part := s.request(t, http.MethodGet, address, "Range", "bytes=0-4")
	if part.StatusCode != http.StatusPartialContent || part.body != "voice" {
		t.Errorf("a part: %s %s", part.Status, part.body)
	}
	if head := s.request(t, http.MethodHead, address); head.StatusCode != http.StatusOK || head.Header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %s %v", head.Status, head.Header)
	}
	if beside := s.request(t, http.MethodGet, address, "Authorization", "Basic eDp5"); beside.StatusCode != http.StatusOK {
		t.Errorf("beside a proxy's own header: %s", beside.body)
	}
	var wrote, heard bool
	for _, e := range far.written() {
		wrote = wrote || e.Action == string(actLinkRecording) && e.Object == "3" && e.Subject == "zoe" && fmt.Sprint(e.Orgs) == "[2]"
		heard = heard || e.Action == string(actReadRecording) && e.Object == "3" && e.Subject == "zoe" && fmt.Sprint(e.Orgs) == "[2]"
		if strings.Contains(e.Detail, "ey") {
			t.Errorf("the audit log holds the link: %+v", e)
		}
	}
	if !wrote || !heard {
		t.Errorf("the audit log has %+v", far.written())
	}
}

// A link opens one recording, and nothing else in any way.
func TestLinkOpensOneThing(t *testing.T) {
	t.Parallel()
	s, _ := listening(t, nil)
	address, _ := s.linkTo(t, tokenOf(t, "admin", 1, 2), 1, "")
	_, link, _ := strings.Cut(address, "token=")
	for _, id := range []string{"2", "3", "4", "99"} { // whether there is such a call does not show
		p := s.request(t, http.MethodGet, "/api/v1/calls/"+id+"/recording?token="+link).wantProblem(t, scopeInsufficient)
		if p.Detail != "the link is for the recording of another call" {
			t.Error(p.Detail)
		}
	}
	for _, id := range []string{"01", "+1", "1.0", "%31%00", "0x1", ""} {
		if got := s.request(t, http.MethodGet, "/api/v1/calls/"+id+"/recording?token="+link); got.StatusCode < 400 {
			t.Errorf("%q: %s", id, got.body)
		}
	}
	// As a token it is nothing, neither in the header nor, where an address may hold one, elsewhere.
	for _, op := range s.routes() {
		if op.need == "" {
			continue
		}
		path := strings.Replace(somewhere(op), "999", "1", 1)
		s.request(t, op.method, path, "Authorization", "Bearer "+link).wantProblem(t, tokenKindRefused)
		if op.path == recordingPath && op.method == http.MethodGet {
			continue
		}
		if got := s.request(t, op.method, path+"?token="+link); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s: %s", op.method, path, got.body)
		}
	}
	s.request(t, http.MethodGet, address+"&download=1").wantProblem(t, parameterUnknown)
	s.request(t, http.MethodGet, address+"&token="+link).wantProblem(t, tokenMissing)
	// A normal token is taken in the address as ever.
	if got := s.request(t, http.MethodGet, "/api/v1/calls/2/recording?token="+tokenOf(t, "agent", 1)); got.body != "voice of 2" {
		t.Error(got.body)
	}
	// Where the call went to another organisation, the link is of no use.
	far := s.history.(*fixed)
	far.calls[0].OrgID = 2
	s.request(t, http.MethodGet, address).wantProblem(t, callNotFound)
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	s, _ := listening(t, nil)
	end := time.Now().Add(30 * time.Second)
	asking := sign(t, jwt.MapClaims{"exp": end.Unix(), "jti": "a", "orgs": []int{1, 2}})
	address, expires := s.linkTo(t, asking, 1, `,"expires_in":3600`)
	if expires.Unix() != end.Unix() {
		t.Errorf("a link lasts until %s, its token until %s", expires, end)
	}
	// It dies with the token that asked for it, revoked by who may revoke that.
	s.revoke(t, tokenOf(t, "admin", 1), "a")
	if got := s.request(t, http.MethodGet, address); got.body != "voice of 1" {
		t.Errorf("revoked by one who does not see all that the token sees: %s", got.body)
	}
	s.revoke(t, tokenOf(t, "admin", 1, 2, 3), "a")
	s.request(t, http.MethodGet, address).wantProblem(t, tokenRevoked)
	s.post(t, asking, "/api/v1/tokens/recording-link", `{"call_id":1}`).wantProblem(t, tokenRevoked)

	expired, err := s.links.sign(linkClaims{RegisteredClaims: jwt.RegisteredClaims{
		Audience: jwt.ClaimStrings{recordingAudience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(-time.Second)),
	}, Call: 1, Org: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.request(t, http.MethodGet, "/api/v1/calls/1/recording?token="+expired).wantProblem(t, tokenExpired)
}

func TestForgedLinks(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s, _ := listening(t, nil)
	good := jwt.MapClaims{"aud": recordingAudience, "call": 1, "org": 1, "holds": []int{1}, "role": "agent", "orgs": nil}
	with := func(name string, value any) jwt.MapClaims {
		c := jwt.MapClaims{}
		for name, value := range good {
			c[name] = value
		}
		c[name] = value
		return c
	}
	kind := map[string]any{"typ": recordingToken}
	byLinks := func(header map[string]any, c jwt.MapClaims) string {
		return sealed(t, jwt.SigningMethodHS256, s.links.key, header, c)
	}
	if got := s.request(t, http.MethodGet, "/api/v1/calls/1/recording?token="+byLinks(kind, good)); got.body != "voice of 1" {
		t.Fatalf("a good link by hand: %s", got.body)
	}
	whole := byLinks(kind, good)
	parts, other := strings.Split(whole, "."), strings.Split(byLinks(kind, with("call", 2)), ".")
	for name, test := range map[string]struct {
		link string
		want code
	}{
		"signed with JWT_SECRET itself":    {sealed(t, jwt.SigningMethodHS256, []byte(secret), kind, good), tokenSignatureWrong},
		"signed with nothing":              {sealed(t, jwt.SigningMethodHS256, []byte{}, kind, good), tokenSignatureWrong},
		"none":                             {sealed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kind, good), tokenAlgorithmRefused},
		"a provider's key":                 {sealed(t, jwt.SigningMethodRS256, p.rsa, kind, good), tokenAlgorithmRefused},
		"HS512":                            {sealed(t, jwt.SigningMethodHS512, s.links.key, kind, good), tokenAlgorithmRefused},
		"a link under the name of a token": {byLinks(map[string]any{"typ": "JWT"}, with("orgs", []int{1})), tokenSignatureWrong},
		"a token under the name of a link": {sealed(t, jwt.SigningMethodHS256, []byte(secret), kind, nil), tokenSignatureWrong},
		"no audience":                      {byLinks(kind, with("aud", nil)), tokenClaimMissing},
		"another audience":                 {byLinks(kind, with("aud", "export")), tokenClaimInvalid},
		"no end":                           {byLinks(kind, with("exp", nil)), tokenClaimMissing},
		"the call of another":              {parts[0] + "." + other[1] + "." + parts[2], tokenSignatureWrong},
		"a call that is text":              {byLinks(kind, with("call", "1")), tokenMalformed},
		"a call below 0":                   {byLinks(kind, with("call", -1)), tokenMalformed},
		"no call":                          {byLinks(kind, with("call", nil)), scopeInsufficient},
		"crit":                             {byLinks(map[string]any{"typ": recordingToken, "crit": []string{"exp"}}, good), tokenMalformed},
		"signature cut":                    {whole[:len(whole)-3], tokenSignatureWrong},
		"no organisation":                  {byLinks(kind, with("org", nil)), callNotFound},
		"of many organisations, oversize":  {whole + strings.Repeat("A", mostLink), tokenTooLong},
	} {
		if p := s.request(t, http.MethodGet, "/api/v1/calls/1/recording?token="+test.link).problem(t); p.Code != test.want {
			t.Errorf("%s: %s (%s), want %s", name, p.Code, p.Detail, test.want)
		}
	}
}

func TestLinkMistakes(t *testing.T) {
	t.Parallel()
	s, far := listening(t, nil)
	const path = "/api/v1/tokens/recording-link"
	token := tokenOf(t, "agent", 1)
	for body, want := range map[string]string{
		``:                                 "body_malformed",
		`{"call_id":1,"url":"x"}`:          "body_malformed",
		`{"call_id":1,"CALL_ID":2}`:        "body_malformed",
		`{"call_id":1,"call_id":2}`:        "body_malformed",
		`{}`:                               "parameter_invalid call_id",
		`{"call_id":0}`:                    "parameter_invalid call_id",
		`{"call_id":-1}`:                   "parameter_invalid call_id",
		`{"call_id":1.5}`:                  "parameter_invalid call_id",
		`{"call_id":"1"}`:                  "parameter_invalid call_id",
		`{"call_id":18446744073709551616}`: "parameter_invalid call_id",
		`{"call_id":18446744073709551615}`: "call_not_found",
		`{"call_id":1,"expires_in":0}`:     "parameter_invalid expires_in",
		`{"call_id":1,"expires_in":-1}`:    "parameter_invalid expires_in",
		`{"call_id":1,"expires_in":3601}`:  "parameter_invalid expires_in",
		`{"call_id":1,"expires_in":"300"}`: "parameter_invalid expires_in",
		`{"call_id":1,"expires_in":null}`:  "parameter_invalid expires_in",
		`{"call_id":99}`:                   "call_not_found",
		`{"call_id":3}`:                    "call_not_found", // of organisation 2
		`{"call_id":4}`:                    "recording_not_found",
		`{"call_id":"` + strings.Repeat("1", longestBody) + `"}`: "body_too_long",
	} {
		p := s.post(t, token, path, body).problem(t)
		if got := strings.TrimSpace(string(p.Code) + " " + p.Parameter); got != want {
			t.Errorf("%.80s: %s (%s), want %s", body, got, p.Detail, want)
		}
	}
	s.post(t, token, path+"?call_id=1", `{"call_id":1}`).wantProblem(t, parameterUnknown)
	s.post(t, sign(t, jwt.MapClaims{"scope": "recordings:read"}), path, `{"call_id":1}`).wantProblem(t, scopeInsufficient)
	far.blotter.refuses = clickhouse.ErrAway
	s.post(t, token, path, `{"call_id":1}`).wantProblem(t, auditUnavailable)
	far.blotter.refuses = nil

	// Without a secret there are no links; LINK_SECRET is one, the same for all processes.
	p := newProvider(t)
	bare := p.trusts(t, far, func(c *config) { c.JWTSecret = "" })
	bare.post(t, p.by(t, "e", nil), path, `{"call_id":1}`).wantProblem(t, linksNotConfigured)
	one, other := p.trusts(t, far, nil), newSite(t, far, nil, nil)
	if one.links.key == nil || string(one.links.key) != string(other.links.key) || string(one.links.key) == secret {
		t.Error("two processes with the same secret sign links otherwise")
	}
	with := p.trusts(t, far, func(c *config) { c.JWTSecret, c.LinkSecret = "", "another secret of more than 32 bytes" })
	put(t, with.recordings, "1.wav", "voice of 1")
	address, _ := with.linkTo(t, p.by(t, "e", nil), 1, "")
	if got := with.request(t, http.MethodGet, address); got.body != "voice of 1" {
		t.Errorf("by LINK_SECRET: %s", got.body)
	}
	// By another secret it is nothing here, and no more is a link where there are none.
	other.request(t, http.MethodGet, address).wantProblem(t, tokenSignatureWrong)
	bare.request(t, http.MethodGet, address).wantProblem(t, tokenAlgorithmRefused)
	far.before = func(context.Context) { panic("secret") }
	s.post(t, token, path, `{"call_id":1}`).wantProblem(t, internalError)
}
