package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// holder is who holds a token, as far as it matters here: this file is the one place that decides what anybody sees.
type holder struct {
	scope   clickhouse.Scope
	role    string
	rights  []right
	subject string // the sub claim: who to name in the audit log

	id        string    // the jti claim: what the token is revoked by; empty: it cannot be
	extension string    // the holder's own; empty: none
	expires   time.Time // of the token
	hidden    bool      // numbers are shown with their last digits masked
	holds     []uint32  // organisations of the token: of a link, those of the token that asked for it
	key       tokenKey
}

// tokenKey tells tokens apart where none may be kept: for limits that each token has.
type tokenKey [16]byte

func keyOf(token string) tokenKey {
	sum := sha256.Sum256([]byte(token))
	return tokenKey(sum[:16])
}

// holder names the holder of a token that was checked.
func (t *tokens) holder(c *claims) (holder, error) {
	h, err := c.holder()
	if err != nil {
		return h, err
	}
	if err := c.named(t.needID); err != nil {
		return holder{}, err
	}
	h.hidden = slices.Contains(t.masked, h.role)
	return h, nil
}

// holder reads the claims of a token whose signature was checked. A holder sees exactly the organisations that the token
// lists, whatever the role: admin adds none. Organisation 0, where rows without an organisation wait, must be listed and
// takes an admin; it is dropped for others, who are refused when nothing else is left: then the role alone comes along.
func (c *claims) holder() (holder, error) {
	role := leastRole
	if c.Role != nil {
		role = *c.Role
	}
	rights, known := roles[role]
	if !known {
		return holder{}, refuse(tokenClaimInvalid, "the token's role is unknown, want agent, supervisor or admin")
	}
	orgs, err := c.organisations()
	if err != nil {
		return holder{}, err
	}
	if role != "admin" {
		orgs = slices.DeleteFunc(orgs, func(org uint32) bool { return org == 0 })
		if len(orgs) == 0 {
			return holder{role: role}, refuse(organisationNeedsAdmin, "the token lists organisation 0 alone, which only the role admin sees")
		}
	}
	extension, err := c.extension()
	if err != nil {
		return holder{}, err
	}
	return holder{
		scope: clickhouse.Scope{Orgs: orgs}, role: role, rights: c.narrow(rights), subject: c.Subject,
		id: c.ID, holds: orgs, extension: extension, expires: c.ExpiresAt.Time,
	}, nil
}

func (c *claims) organisations() ([]uint32, error) {
	if len(c.Orgs) == 0 || string(c.Orgs) == "null" {
		return nil, refuse(tokenClaimMissing, "the token lacks the claim orgs, the array of organisations it may see")
	}
	// Pointers, since a null among the numbers would be read as organisation 0.
	var listed []*uint32
	if err := json.Unmarshal(c.Orgs, &listed); err != nil || slices.Contains(listed, nil) {
		return nil, refuse(tokenClaimInvalid, "the token's orgs is not an array of whole numbers from 0 to 4294967295")
	}
	if len(listed) == 0 {
		return nil, refuse(tokenClaimInvalid, "the token's orgs is empty: it may see no organisation")
	}
	orgs := make([]uint32, len(listed))
	for i, org := range listed {
		orgs[i] = *org
	}
	slices.Sort(orgs)
	return slices.Compact(orgs), nil
}

// narrow leaves the rights that the scope claim lists; without the claim the role's rights stand.
func (c *claims) narrow(rights []right) []right {
	if c.Scope == nil {
		return rights
	}
	listed := strings.Fields(*c.Scope)
	return slices.DeleteFunc(slices.Clone(rights), func(r right) bool { return !slices.Contains(listed, string(r)) })
}

// admit tells who asks for an operation, where the token allows it; nil where the operation needs none. The holder of a good
// token comes along with a refusal too, since that request counts.
func (a *api) admit(r *http.Request, op route) (*holder, error) {
	if op.need == "" {
		return nil, nil
	}
	text, fromAddress, err := presented(r, op.inAddress)
	if err != nil {
		return nil, err
	}
	var h holder
	link := false
	if linked(r, op, fromAddress) {
		h, link, err = a.links.read(text, chi.URLParam(r, "id"))
	}
	if !link && err == nil {
		h, err = a.tokens.read(r.Context(), text)
	}
	if err == nil {
		err = a.standing(r.Context(), h.id, h.holds)
	}
	h.key = keyOf(text)
	switch {
	case err != nil && (h.role == "" || unauthorized(err)):
		return nil, err
	case err != nil:
		return &h, err
	case !slices.Contains(h.rights, op.need):
		return &h, refuse(scopeInsufficient, "the token's scope does not include "+string(op.need))
	}
	// Here rather than where filters are read, so that no operation that takes one can forget it.
	return &h, h.mayAsk(r.URL.Query())
}

// narrowed leaves the organisation that org_id chooses. One that the token does not see leaves nothing, so that the answer
// is the same as for a conversation that does not exist.
func narrowed(scope clickhouse.Scope, values url.Values) (clickhouse.Scope, error) {
	if !values.Has("org_id") {
		return scope, nil
	}
	text := values.Get("org_id")
	org, err := strconv.ParseUint(text, 10, 32)
	if !decimal(text) || err != nil {
		return scope, &refusal{parameterInvalid, fmt.Sprintf("org_id is %s, want a whole number from 0 to 4294967295", quoted(text)), "org_id"}
	}
	if !slices.Contains(scope.Orgs, uint32(org)) {
		return clickhouse.Scope{}, nil
	}
	return clickhouse.Scope{Orgs: []uint32{uint32(org)}}, nil
}
