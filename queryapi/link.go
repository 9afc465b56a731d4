package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const (
	recordingPath     = "/api/v1/calls/{id}/recording"
	recordingAudience = "recording"
	// A link lasts as long as somebody needs to click on it, not as long as they may want to keep it.
	linkLasts, mostLinkLasts = 300, 3600 // seconds
)

// linkClaims are those of a link to a recording: which one, and whose token asked for it. The link dies with that token.
type linkClaims struct {
	jwt.RegisteredClaims
	Call  uint64   `json:"call"`
	Org   uint32   `json:"org"`
	Role  string   `json:"role"`
	Of    string   `json:"of,omitempty"` // jti of the asking token
	Holds []uint32 `json:"holds"`        // organisations that it sees
}

// links signs and reads links. Their key is derived, so that no link is ever good as a token, nor the other way round, and
// every process has the same.
type links struct {
	key    []byte // nil where there is no secret
	parser *jwt.Parser
}

func newLinks(cfg config) links {
	return links{
		key: derivedKey(cfg.linkSecret(), "cdrflow recording link 1"),
		parser: jwt.NewParser(jwt.WithValidMethods([]string{hmacOnly}), jwt.WithExpirationRequired(),
			jwt.WithAudience(recordingAudience), jwt.WithStrictDecoding()),
	}
}

// linkRecording answers POST /api/v1/tokens/recording-link.
func (a *api) linkRecording(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	lasts := int64(linkLasts)
	body := struct {
		CallID    uint64 `json:"call_id"`
		ExpiresIn *int64 `json:"expires_in"`
	}{ExpiresIn: &lasts}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	switch {
	case body.CallID == 0:
		return &refusal{parameterInvalid, "call_id is missing or 0, want the id of a call", "call_id"}
	case body.ExpiresIn == nil || *body.ExpiresIn < 1 || *body.ExpiresIn > mostLinkLasts:
		return &refusal{parameterInvalid, fmt.Sprintf("expires_in is out of its limits, want 1 to %d seconds", mostLinkLasts), "expires_in"}
	case a.links.key == nil:
		return refuse(linksNotConfigured, "there is no secret here to sign links with: LINK_SECRET has to be set")
	case body.CallID >= 1<<53:
		return clickhouse.ErrNotFound // no identity is that large
	}
	var c call.Call
	err := a.ask(r, func(ctx context.Context) (err error) {
		c, err = a.history.Get(ctx, h.scope, body.CallID)
		return err
	})
	if err != nil {
		return err
	}
	if !c.HasRecording() {
		return refuse(recordingNotFound, "this call has no recording")
	}
	now := time.Now()
	expires := now.Add(time.Duration(*body.ExpiresIn) * time.Second).Truncate(time.Second)
	if h.expires.Before(expires) {
		expires = h.expires
	}
	text, err := a.links.sign(linkClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Audience: jwt.ClaimStrings{recordingAudience}, Subject: h.subject, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Call: c.ID, Org: c.OrgID, Role: h.role, Of: h.id, Holds: h.scope.Orgs,
	})
	if err != nil {
		return err
	}
	what := act{action: actLinkRecording, object: strconv.FormatUint(c.ID, 10), orgs: []uint32{c.OrgID}, detail: map[string]string{"expires": expires.UTC().Format(time.RFC3339)}}
	if err := a.audit(r, h, what); err != nil {
		return err
	}
	return writeCreated(w, struct {
		URL     string `json:"url"`
		Expires string `json:"expires"`
	}{fmt.Sprintf("/api/v1/calls/%d/recording?token=%s", c.ID, text), expires.UTC().Format(time.RFC3339)})
}

func (l *links) sign(c linkClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	token.Header["typ"] = recordingToken
	text, err := token.SignedString(l.key)
	if err != nil {
		return "", fmt.Errorf("sign a link: %w", err)
	}
	return text, nil
}

// mostLink in bytes: what a token of many organisations comes to when all of them are in a link of its own.
const mostLink = 2 * longestToken

// read a link that was presented where recordings are played, and give who may hear that one; of a good link to another, the
// role alone. isLink is false for any other text, which is then read as a token.
func (l *links) read(text, id string) (h holder, isLink bool, err error) {
	head, err := headerOf(text)
	if len(text) > mostLink || err != nil || head.kind != recordingToken || l.key == nil {
		return holder{}, false, nil
	}
	if head.algorithm != hmacOnly {
		return holder{}, true, refuse(tokenAlgorithmRefused, "a link is not signed with this algorithm")
	}
	var c linkClaims
	_, err = l.parser.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return l.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return holder{}, true, refuse(tokenExpired, "the link has expired; get a new one")
	case err != nil:
		return holder{}, true, tokenRefusal(err)
	case strconv.FormatUint(c.Call, 10) != id:
		return holder{role: c.Role}, true, refuse(scopeInsufficient, "the link is for the recording of another call")
	}
	return holder{
		scope: clickhouse.Scope{Orgs: []uint32{c.Org}}, role: c.Role, rights: []right{readRecordings}, subject: c.Subject,
		id: c.Of, holds: c.Holds, expires: c.ExpiresAt.Time,
	}, true, nil
}

// linked tells whether a request's token may be a link: it stands in the address of a recording that is read.
func linked(r *http.Request, op route, fromAddress bool) bool {
	return fromAddress && op.path == recordingPath && op.method == http.MethodGet && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
