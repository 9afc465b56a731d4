package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
)

// The forged tokens: whoever lacks the key gets nowhere, whatever the token says of itself.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	p, evil := newProvider(t), newProvider(t)
	// The far side has a call; only its refusals are looked for.
	s := p.trusts(t, &fixed{calls: []call.Call{missed(1, 1)}}, func(c *config) { c.JWTIssuer, c.JWTAudience = "https://login", "calls" })
	good := jwt.MapClaims{"iss": "https://login", "aud": "calls"}
	with := func(name string, value any) jwt.MapClaims {
		return jwt.MapClaims{"iss": "https://login", "aud": "calls", name: value}
	}
	der, err := x509.MarshalPKIXPublicKey(&p.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	point, err := p.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hs := func(key []byte, kid any) string {
		return sealed(t, jwt.SigningMethodHS256, key, map[string]any{"kid": kid}, good)
	}
	named := func(kid any) string {
		return sealed(t, jwt.SigningMethodEdDSA, evil.ed, map[string]any{"kid": kid}, good)
	}
	headed := func(header map[string]any) string {
		header["kid"] = "d"
		return sealed(t, jwt.SigningMethodEdDSA, evil.ed, header, good)
	}
	own := p.by(t, "r", good)
	parts := strings.Split(own, ".")
	admin := strings.Split(p.by(t, "r", jwt.MapClaims{"iss": "https://login", "aud": "calls", "role": "admin", "orgs": []int{1, 2}}), ".")
	zero := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	text := func(header, payload string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	}
	claims := `{"iss":"https://login","aud":"calls","exp":4102444800,"orgs":[1]}`
	byEd := func(header, payload string) string {
		signed := text(header, payload)
		return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(p.ed, []byte(signed)))
	}
	if got := s.get(t, byEd(`{"alg":"EdDSA","kid":"d"}`, claims), "/api/v1/calls/1"); got.StatusCode != http.StatusOK {
		t.Fatalf("a good token by hand: %s", got.body)
	}

	for _, test := range []struct {
		name, token string
		want        code
	}{
		{"none", sealed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"kid": "r"}, good), tokenAlgorithmRefused},
		{"none with a signature", text(`{"alg":"none"}`, claims) + "." + parts[2], tokenAlgorithmRefused},
		{"NONE", text(`{"alg":"NONE"}`, claims) + ".", tokenAlgorithmRefused},
		{"empty alg", text(`{"alg":""}`, claims) + "." + zero, tokenMalformed},
		{"alg null", text(`{"alg":null}`, claims) + "." + zero, tokenMalformed},
		{"alg a list", text(`{"alg":["HS256"]}`, claims) + "." + zero, tokenMalformed},
		{"two algs", text(`{"alg":"HS256","alg":"none"}`, claims) + ".", tokenMalformed},
		{"HS512", sealed(t, jwt.SigningMethodHS512, []byte(secret), nil, good), tokenAlgorithmRefused},
		{"RS512 with the right key", sealed(t, jwt.SigningMethodRS512, p.rsa, map[string]any{"kid": "r"}, good), tokenAlgorithmRefused},
		{"PS256 with the right key", sealed(t, jwt.SigningMethodPS256, p.rsa, map[string]any{"kid": "r"}, good), tokenAlgorithmRefused},
		{"ES384", sealed(t, jwt.SigningMethodES384, p384, map[string]any{"kid": "e"}, good), tokenAlgorithmRefused},

		{"public RSA key as secret, PEM", hs(publicPEM, "r"), tokenSignatureWrong},
		{"public RSA key as secret, DER", hs(der, "r"), tokenSignatureWrong},
		{"public RSA key as secret, modulus", hs(p.rsa.N.Bytes(), "r"), tokenSignatureWrong},
		{"public EC key as secret", hs(point, "e"), tokenSignatureWrong},
		{"public Ed25519 key as secret", hs(p.ed.Public().(ed25519.PublicKey), "d"), tokenSignatureWrong},
		{"empty secret", hs(nil, nil), tokenSignatureWrong},
		{"RSA under the name of EC", sealed(t, jwt.SigningMethodRS256, p.rsa, map[string]any{"kid": "e"}, good), tokenKeyUnknown},
		{"EC under the name of RSA", sealed(t, jwt.SigningMethodES256, p.ec, map[string]any{"kid": "r"}, good), tokenKeyUnknown},
		{"EC under the name of Ed25519", sealed(t, jwt.SigningMethodES256, p.ec, map[string]any{"kid": "d"}, good), tokenKeyUnknown},
		{"Ed25519 under the name of EC", sealed(t, jwt.SigningMethodEdDSA, p.ed, map[string]any{"kid": "e"}, good), tokenKeyUnknown},
		{"another RSA key", sealed(t, jwt.SigningMethodRS256, evil.rsa, map[string]any{"kid": "r"}, good), tokenSignatureWrong},
		{"another EC key", sealed(t, jwt.SigningMethodES256, evil.ec, map[string]any{"kid": "e"}, good), tokenSignatureWrong},
		{"another Ed25519 key", named("d"), tokenSignatureWrong},
		{"another Ed25519 key without a name", sealed(t, jwt.SigningMethodEdDSA, evil.ed, nil, good), tokenSignatureWrong},
		{"EC signature of zeros", text(`{"alg":"ES256","kid":"e"}`, claims) + "." + zero, tokenSignatureWrong},
		{"Ed25519 signature of zeros", text(`{"alg":"EdDSA","kid":"d"}`, claims) + "." + zero, tokenSignatureWrong},
		{"EC signature in DER", text(`{"alg":"ES256","kid":"e"}`, claims) + "." + base64.RawURLEncoding.EncodeToString(derSignature(t, p, text(`{"alg":"ES256","kid":"e"}`, claims))), tokenSignatureWrong},

		{"kid of nobody", named("x"), tokenKeyUnknown},
		{"kid in other letters", sealed(t, jwt.SigningMethodEdDSA, p.ed, map[string]any{"kid": "D"}, good), tokenKeyUnknown},
		{"kid with a space", sealed(t, jwt.SigningMethodEdDSA, p.ed, map[string]any{"kid": "d "}, good), tokenKeyUnknown},
		{"kid a path", named("../../../../dev/null"), tokenKeyUnknown},
		{"kid a path, HS256 of nothing", hs([]byte{}, "/dev/null"), tokenSignatureWrong},
		{"kid a URL", named(evil.URL), tokenKeyUnknown},
		{"kid SQL", named("d' OR '1'='1"), tokenKeyUnknown},
		{"kid SQL that makes a key", hs([]byte("x"), "x' UNION SELECT 'x"), tokenSignatureWrong},
		{"kid a command", named("d|/bin/true"), tokenKeyUnknown},
		{"kid with a NUL", named("d\x00"), tokenKeyUnknown},
		{"kid of 257 bytes", named(strings.Repeat("d", 257)), tokenMalformed},
		{"kid of 5000 bytes", named(strings.Repeat("d", 5000)), tokenMalformed},
		{"kid a number", named(7), tokenMalformed},
		{"kid an object", named(map[string]any{"d": 1}), tokenMalformed},

		{"jku", headed(map[string]any{"jku": evil.URL}), tokenSignatureWrong},
		{"x5u", headed(map[string]any{"x5u": evil.URL}), tokenSignatureWrong},
		{"jwk", headed(map[string]any{"jwk": evil.published()[2]}), tokenSignatureWrong},
		{"x5c", headed(map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(der)}}), tokenSignatureWrong},
		{"crit", byEd(`{"alg":"EdDSA","kid":"d","crit":["exp"]}`, claims), tokenMalformed},
		{"crit of nothing", byEd(`{"alg":"EdDSA","kid":"d","crit":[]}`, claims), tokenMalformed},
		{"another kind of token", byEd(`{"alg":"EdDSA","kid":"d","typ":"logout+jwt"}`, claims), tokenKindRefused},
		{"the kind of a link", byEd(`{"alg":"EdDSA","kid":"d","typ":"recording+jwt"}`, claims), tokenKindRefused},
		{"two kids", byEd(`{"alg":"EdDSA","kid":"x","kid":"d"}`, claims), tokenMalformed},

		{"expired", p.by(t, "d", with("exp", time.Now().Add(-time.Second).Unix())), tokenExpired},
		{"no end", p.by(t, "d", with("exp", nil)), tokenClaimMissing},
		{"end null", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, "4102444800", "null", 1)), tokenClaimMissing},
		{"end a text", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, "4102444800", `"4102444800"`, 1)), tokenMalformed},
		{"end beyond all numbers", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, "4102444800", "1e400", 1)), tokenMalformed},
		{"nbf ahead", p.by(t, "e", with("nbf", time.Now().Add(time.Minute).Unix())), tokenNotYetValid},
		{"iat ahead", p.by(t, "e", with("iat", time.Now().Add(time.Minute).Unix())), tokenNotYetValid},
		{"another issuer", p.by(t, "r", with("iss", "https://login.evil")), tokenClaimInvalid},
		{"no issuer", p.by(t, "r", with("iss", nil)), tokenClaimMissing},
		{"another audience", p.by(t, "r", with("aud", "billing")), tokenClaimInvalid},
		{"no audience", p.by(t, "r", with("aud", nil)), tokenClaimMissing},
		{"no organisations", p.by(t, "r", with("orgs", nil)), tokenClaimMissing},
		{"organisations empty", p.by(t, "r", with("orgs", []int{})), tokenClaimInvalid},
		{"organisations in other letters", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, "orgs", "ORGS", 1)), tokenClaimMissing},
		{"organisations twice", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, `"orgs":[1]`, `"orgs":[1],"orgs":[2]`, 1)), tokenMalformed},
		{"organisations twice, escaped", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, `"orgs":[1]`, `"orgs":[1],"\u006frgs":[2]`, 1)), tokenMalformed},
		{"organisations within another claim", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, `"orgs":[1]`, `"cdrflow":{"orgs":[1]}`, 1)), tokenClaimMissing},
		{"organisations nested", byEd(`{"alg":"EdDSA","kid":"d"}`, strings.Replace(claims, "[1]", "[[1]]", 1)), tokenClaimInvalid},
		{"a token within the token", byEd(`{"alg":"EdDSA","kid":"d","cty":"JWT"}`, own), tokenMalformed},
		{"claims a list", byEd(`{"alg":"EdDSA","kid":"d"}`, "["+claims+"]"), tokenMalformed},
		{"two objects of claims", byEd(`{"alg":"EdDSA","kid":"d"}`, claims+claims), tokenMalformed},
		{"jti of 257 bytes", p.by(t, "d", with("jti", strings.Repeat("j", 257))), tokenClaimInvalid},
		{"sub of 257 bytes", p.by(t, "d", with("sub", strings.Repeat("s", 257))), tokenClaimInvalid},
		{"jti a number", p.by(t, "d", with("jti", 7)), tokenMalformed},
		{"extension a number", p.by(t, "d", with("extension", 1001)), tokenClaimInvalid},
		{"extension of 65 bytes", p.by(t, "d", with("extension", strings.Repeat("1", 65))), tokenClaimInvalid},
		{"role in other letters", p.by(t, "d", with("role", "Admin")), tokenClaimInvalid},

		{"signature stripped", parts[0] + "." + parts[1] + ".", tokenSignatureWrong},
		{"signature and dot stripped", parts[0] + "." + parts[1], tokenMalformed},
		{"signature cut", own[:len(own)-2], tokenSignatureWrong}, // 255 bytes of 256,
		{"signature longer", own + "AAAA", tokenSignatureWrong},
		{"claims of another token", parts[0] + "." + admin[1] + "." + parts[2], tokenSignatureWrong},
		{"encrypted, five parts", own + ".AAAA.AAAA", tokenMalformed},
		{"four parts", own + ".", tokenMalformed},
		{"base64 with padding", own + "=", tokenMalformed},
		{"base64 with other letters", strings.NewReplacer("-", "+", "_", "/").Replace(own + "-"), tokenMalformed},
		{"base64 with idle bits", own[:len(own)-1] + next(own[len(own)-1]), tokenMalformed},
		{"base64 with percent signs", own[:len(own)-1] + "%41", tokenMalformed},
		{"letters of another script", own + "а", tokenMalformed},
		{"8193 bytes", own + strings.Repeat("A", 8193-len(own)), tokenTooLong},
		{"only dots", "..", tokenMalformed},
	} {
		got := s.get(t, test.token, "/api/v1/calls/1")
		if got.StatusCode < 400 {
			t.Errorf("%s: taken", test.name)
			continue
		}
		if problem := got.problem(t); problem.Code != test.want {
			t.Errorf("%s: %s (%s), want %s", test.name, problem.Code, problem.Detail, test.want)
		}
		if strings.Contains(got.body, evil.URL) || strings.Contains(got.Header.Get("WWW-Authenticate"), "dev/null") {
			t.Errorf("%s: the refusal repeats the token: %s", test.name, got.body)
		}
	}
	// In an address, line breaks can stand in base64, which Go's decoder would pass over.
	recording := s.request(t, http.MethodGet, "/api/v1/calls/1/recording?token="+own[:len(own)-4]+"%0A"+own[len(own)-4:])
	recording.wantProblem(t, tokenMalformed)
	if n := evil.asked.Load(); n != 0 {
		t.Errorf("the address in a token was asked %d times", n)
	}
	if n := p.asked.Load(); n > 2 {
		t.Errorf("made-up names of keys had the set fetched %d times", n)
	}
	// What a token may say beside, from who has the key, is passed over.
	for _, header := range []string{
		`{"alg":"EdDSA","kid":"d","jku":"` + evil.URL + `","x5u":"` + evil.URL + `","x5t":"x","zip":"DEF"}`,
		`{"alg":"EdDSA","kid":"d","jwk":{"kty":"oct","k":"AAAA"}}`,
	} {
		if got := s.get(t, byEd(header, claims), "/api/v1/calls/1"); got.StatusCode != http.StatusOK || evil.asked.Load() != 0 {
			t.Errorf("%s: %s", header, got.body)
		}
	}
}

// derSignature is right, but not in the form that RFC 7518, section 3.4, asks for.
func derSignature(t testing.TB, p *provider, text string) []byte {
	t.Helper()
	hash := jwt.SigningMethodES256.Hash.New()
	hash.Write([]byte(text))
	signature, err := ecdsa.SignASN1(rand.Reader, p.ec, hash.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// next is a letter that differs in bits which no byte uses: 256 bytes leave two of them in the last letter.
func next(letter byte) string {
	at := strings.IndexByte(segmentLetters[:64], letter)
	return segmentLetters[at|1 : at|1+1]
}

// Whatever is presented: nobody gets in without a signature, and nothing breaks.
func FuzzToken(f *testing.F) {
	tokens := newTokens(config{JWTSecret: secret})
	good := sign(f, nil)
	f.Add(good)
	f.Add(raw(f, `{"alg":"HS256","alg":"none"}`, `{"exp":4102444800,"orgs":[1],"orgs":[2]}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := tokens.read(t.Context(), text); err == nil && text != good {
			if _, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return []byte(secret), nil }, jwt.WithStrictDecoding()); err != nil {
				t.Errorf("%q lets %+v in: %v", text, h, err)
			}
		}
	})
}
