package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// asked is a far side that tells by its answer which scope it was asked with.
type asked struct{ *fixed }

func (asked) Get(_ context.Context, s clickhouse.Scope, _ uint64) (call.Call, error) {
	orgs, err := json.Marshal(s.Orgs)
	return call.Call{Table: table, Source: "pbx", Direction: call.Internal, Src: string(orgs)}, err
}

// raw makes a token of parts that no library would sign.
func raw(t testing.TB, header, payload string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func signedBy(t testing.TB, method jwt.SigningMethod, key any) string {
	t.Helper()
	text, err := jwt.NewWithClaims(method, jwt.MapClaims{"orgs": []int{1}, "role": "admin", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEveryWayATokenCanBeWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t, asked{&fixed{}}, nil, func(c *config) { c.JWTIssuer, c.JWTAudience = "cdrflow", "calls" })
	good := func(with jwt.MapClaims) string {
		c := jwt.MapClaims{"iss": "cdrflow", "aud": "calls"}
		for name, value := range with {
			c[name] = value
		}
		return sign(t, c)
	}
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	whole := good(nil)
	parts := strings.Split(whole, ".")
	other := strings.Split(good(jwt.MapClaims{"orgs": []int{2}}), ".")

	for _, test := range []struct {
		name, token string
		code        code
		detail      string
	}{
		{"empty", "", tokenMissing, "a token is needed, as Authorization: Bearer <token>"},
		{"no JWT", "hello", tokenMalformed, "the token is not a well-formed JSON Web Token"},
		{"two parts", parts[0] + "." + parts[1], tokenMalformed, ""},
		{"four parts", whole + ".x", tokenMalformed, ""},
		{"no signature", parts[0] + "." + parts[1] + ".", tokenSignatureWrong, ""},
		{"not base64", parts[0] + ".*" + parts[1] + "." + parts[2], tokenMalformed, ""},
		{"padded", whole + "=", tokenMalformed, ""},
		{"no JSON", raw(t, `{"alg":"HS256"}`, `orgs=1`), tokenMalformed, ""},
		{"exp is no number", raw(t, `{"alg":"HS256"}`, `{"exp":"tomorrow","orgs":[1]}`), tokenMalformed, ""},
		{"too long", good(jwt.MapClaims{"note": strings.Repeat("x", longestToken)}), tokenTooLong, "the token is longer than 8192 bytes"},
		{"critical extension", raw(t, `{"alg":"HS256","crit":["b64"]}`, `{"exp":4102444800,"iss":"cdrflow","aud":"calls","orgs":[1]}`), tokenMalformed, ""},

		{"alg none", signedBy(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), tokenAlgorithmRefused, "the token is not signed with an algorithm that is taken here, want HS256"},
		{"alg None in other letters", raw(t, `{"alg":"nOnE"}`, `{"exp":4102444800,"orgs":[1]}`), tokenAlgorithmRefused, ""},
		{"alg HS384", signedBy(t, jwt.SigningMethodHS384, []byte(secret)), tokenAlgorithmRefused, ""},
		{"alg HS512", signedBy(t, jwt.SigningMethodHS512, []byte(secret)), tokenAlgorithmRefused, ""},
		{"alg RS256", signedBy(t, jwt.SigningMethodRS256, key), tokenAlgorithmRefused, ""},
		{"alg missing", raw(t, `{"typ":"JWT"}`, `{"exp":4102444800,"orgs":[1]}`), tokenMalformed, ""},

		{"other secret", signedBy(t, jwt.SigningMethodHS256, []byte(secret+"!")), tokenSignatureWrong, "the token was signed with another key, or changed since"},
		{"claims of another token", parts[0] + "." + other[1] + "." + parts[2], tokenSignatureWrong, ""},
		{"signature of another token", parts[0] + "." + parts[1] + "." + other[2], tokenSignatureWrong, ""},

		{"expired", good(jwt.MapClaims{"exp": ago(time.Hour)}), tokenExpired, "the token is expired; get a new one"},
		{"expired a moment ago", good(jwt.MapClaims{"exp": ago(2 * time.Second)}), tokenExpired, ""},
		{"expired, and else wrong too", good(jwt.MapClaims{"exp": ago(time.Hour), "orgs": nil, "role": "king"}), tokenExpired, ""},
		{"no exp", good(jwt.MapClaims{"exp": nil}), tokenClaimMissing, "the token lacks a claim that is required here: exp, or iss and aud where they are checked"},
		{"nbf ahead", good(jwt.MapClaims{"nbf": ago(-time.Minute)}), tokenNotYetValid, "the token is not valid yet: its nbf lies ahead"},
		{"iat ahead", good(jwt.MapClaims{"iat": ago(-time.Minute)}), tokenNotYetValid, "the token is not valid yet: its iat lies ahead"},
		{"other issuer", good(jwt.MapClaims{"iss": "somebody"}), tokenClaimInvalid, "the token is from an issuer (iss) that is not trusted here"},
		{"no issuer", good(jwt.MapClaims{"iss": nil}), tokenClaimMissing, ""},
		{"other audience", good(jwt.MapClaims{"aud": []string{"billing", "fax"}}), tokenClaimInvalid, "the token is meant for another audience (aud)"},
		{"no audience", good(jwt.MapClaims{"aud": nil}), tokenClaimMissing, ""},

		{"no orgs", good(jwt.MapClaims{"orgs": nil}), tokenClaimMissing, "the token lacks the claim orgs, the array of organisations it may see"},
		{"orgs null", raw(t, `{"alg":"HS256"}`, `{"exp":4102444800,"iss":"cdrflow","aud":"calls","orgs":null}`), tokenClaimMissing, ""},
		{"orgs empty", good(jwt.MapClaims{"orgs": []int{}}), tokenClaimInvalid, "the token's orgs is empty: it may see no organisation"},
		{"orgs a number", good(jwt.MapClaims{"orgs": 1}), tokenClaimInvalid, "the token's orgs is not an array of whole numbers from 0 to 4294967295"},
		{"orgs a text", good(jwt.MapClaims{"orgs": "1"}), tokenClaimInvalid, ""},
		{"orgs an object", good(jwt.MapClaims{"orgs": map[string]int{"1": 1}}), tokenClaimInvalid, ""},
		{"orgs of texts", good(jwt.MapClaims{"orgs": []string{"1"}}), tokenClaimInvalid, ""},
		{"orgs negative", good(jwt.MapClaims{"orgs": []int{1, -1}}), tokenClaimInvalid, ""},
		{"orgs broken", good(jwt.MapClaims{"orgs": []float64{1.5}}), tokenClaimInvalid, ""},
		{"orgs too large", good(jwt.MapClaims{"orgs": []int{1 << 32}}), tokenClaimInvalid, ""},
		{"orgs with null", good(jwt.MapClaims{"orgs": []any{1, nil}}), tokenClaimInvalid, ""},
		{"orgs of null as admin", good(jwt.MapClaims{"orgs": []any{nil}, "role": "admin"}), tokenClaimInvalid, ""},

		{"role unknown", good(jwt.MapClaims{"role": "root"}), tokenClaimInvalid, "the token's role is unknown, want agent, supervisor or admin"},
		{"role empty", good(jwt.MapClaims{"role": ""}), tokenClaimInvalid, ""},
		{"organisation 0 as supervisor", good(jwt.MapClaims{"orgs": []int{0}, "role": "supervisor"}), organisationNeedsAdmin, "the token lists organisation 0 alone, which only the role admin sees"},
		{"scope of another thing", good(jwt.MapClaims{"scope": "recordings:read tags:write"}), scopeInsufficient, "the token's scope does not include calls:read"},
		{"scope empty", good(jwt.MapClaims{"scope": ""}), scopeInsufficient, ""},
	} {
		for _, path := range []string{"/api/v1/calls", "/api/v1/calls/1"} {
			got := s.get(t, test.token, path)
			p := got.problem(t)
			if p.Code != test.code || test.detail != "" && p.Detail != test.detail {
				t.Errorf("%s: %s (%s), want %s (%s)", test.name, p.Code, p.Detail, test.code, test.detail)
			}
			challenge := got.Header.Get("WWW-Authenticate")
			wanted := `Bearer realm="cdrflow", error="invalid_token", error_description="` + p.Detail + `"`
			switch {
			case p.Code == tokenMissing:
				wanted = `Bearer realm="cdrflow"`
			case p.Status == http.StatusForbidden:
				wanted = strings.Replace(wanted, "invalid_token", "insufficient_scope", 1)
			}
			if challenge != wanted {
				t.Errorf("%s: challenge %s, want %s", test.name, challenge, wanted)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, parts[1]) || strings.Contains(log, secret) || strings.Contains(log, parts[0]) {
		t.Errorf("a token or the secret is in the log:\n%s", log)
	}
}

func TestWhatGoodTokensSee(t *testing.T) {
	t.Parallel()
	s := newSite(t, asked{&fixed{}}, nil, nil)
	for _, test := range []struct {
		name string
		with jwt.MapClaims
		orgs string
	}{
		{"one", jwt.MapClaims{"orgs": []int{1}}, "[1]"},
		{"several, some twice", jwt.MapClaims{"orgs": []uint32{7, 1, 7, 4294967295}}, "[1,7,4294967295]"},
		{"admin widens nothing", jwt.MapClaims{"orgs": []int{3}, "role": "admin"}, "[3]"},
		{"admin who lists 0", jwt.MapClaims{"orgs": []int{3, 0}, "role": "admin"}, "[0,3]"},
		{"admin who lists 0 alone", jwt.MapClaims{"orgs": []int{0}, "role": "admin"}, "[0]"},
		{"supervisor who lists 0", jwt.MapClaims{"orgs": []int{0, 3}, "role": "supervisor"}, "[3]"},
		{"agent who lists 0", jwt.MapClaims{"orgs": []int{0, 3}}, "[3]"},
		{"without a role", jwt.MapClaims{"orgs": []int{0, 3}, "role": nil}, "[3]"},
		{"with a scope", jwt.MapClaims{"scope": "tags:write  calls:read"}, "[1]"},
		{"clock of the issuer ahead", jwt.MapClaims{"nbf": time.Now().Add(20 * time.Second).Unix(), "iat": time.Now().Add(20 * time.Second).Unix()}, "[1]"},
		{"audience and issuer that nobody asks for", jwt.MapClaims{"aud": []string{"x"}, "iss": "y", "extension": "1001"}, "[1]"},
	} {
		got := s.get(t, sign(t, test.with), "/api/v1/calls/1")
		var c struct{ Src string }
		if err := json.Unmarshal([]byte(got.body), &c); err != nil || c.Src != test.orgs {
			t.Errorf("%s: asked for %s, want %s: %s", test.name, c.Src, test.orgs, got.body)
		}
	}
	many := make([]int, 1000)
	for i := range many {
		many[i] = 1000 + i
	}
	if got := s.get(t, tokenOf(t, "agent", many...), "/api/v1/calls"); got.StatusCode != http.StatusOK {
		t.Errorf("a token of a thousand organisations: %s", got.body)
	}
}

func TestWhereATokenMayStand(t *testing.T) {
	t.Parallel()
	c := talked(1, 1, 1)
	c.Recordingfile = ""
	s := newSite(t, &fixed{calls: []call.Call{c}}, nil, nil)
	token := tokenOf(t, "agent", 1)
	const list, recording = "/api/v1/calls", "/api/v1/calls/1/recording"
	bearer := []string{"Authorization", "Bearer " + token}
	for _, test := range []struct {
		name, path string
		header     []string
		want       code
	}{
		{"nowhere", list, nil, tokenMissing},
		{"nowhere", recording, nil, tokenMissing},
		{"header", list, bearer, ""},
		{"header", recording, bearer, recordingNotFound},
		{"scheme in other letters", list, []string{"Authorization", "bEARER " + token}, ""},
		{"other scheme", list, []string{"Authorization", "Basic " + token}, tokenMissing},
		{"no scheme", list, []string{"Authorization", token}, tokenMissing},
		{"two headers", list, slices.Concat(bearer, bearer), tokenMalformed},
		{"address of the list", list + "?token=" + token, nil, tokenMissing},
		{"address of the list and header", list + "?token=" + token, bearer, parameterUnknown},
		{"address of a call", "/api/v1/calls/1?token=" + token, nil, tokenMissing},
		{"address", recording + "?token=" + token, nil, recordingNotFound},
		{"address beside a proxy's own header", recording + "?token=" + token, []string{"Authorization", "Basic eDp5"}, recordingNotFound},
		{"address, empty", recording + "?token=", nil, tokenMissing},
		{"address, twice", recording + "?token=" + token + "&token=" + token, nil, tokenMissing},
		{"address, twice, and header", recording + "?token=" + token + "&token=" + token, bearer, parameterRepeated},
		{"address, forged", recording + "?token=" + token + "x", nil, tokenSignatureWrong},
		{"address and another parameter", recording + "?token=" + token + "&download=1", nil, parameterUnknown},
		{"forged header beside a good address", recording + "?token=" + token, []string{"Authorization", "Bearer " + token + "x"}, tokenSignatureWrong},
	} {
		got := s.request(t, http.MethodGet, test.path, test.header...)
		switch {
		case test.want == "" && got.StatusCode != http.StatusOK:
			t.Errorf("%s of %s: %s", test.name, got.Request.URL.Path, got.body)
		case test.want != "":
			if p := got.problem(t); p.Code != test.want {
				t.Errorf("%s of %s: %s (%s), want %s", test.name, got.Request.URL.Path, p.Code, p.Detail, test.want)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, token) || !strings.Contains(log, "request answered") {
		t.Errorf("the log lacks requests or shows the token:\n%s", log)
	}
}
