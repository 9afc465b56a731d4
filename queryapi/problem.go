package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// A code names a problem for programs: it never changes, while titles and details may.
type code string

const (
	parameterUnknown  code = "parameter_unknown"
	parameterRepeated code = "parameter_repeated"
	parameterInvalid  code = "parameter_invalid"
	offsetTooDeep     code = "offset_too_deep"
	cursorInvalid     code = "cursor_invalid"
	extensionMissing  code = "extension_missing"
	queryMalformed    code = "query_malformed"
	bodyMalformed     code = "body_malformed"
	bodyTooLong       code = "body_too_long"

	tokenMissing          code = "token_missing"
	tokenTooLong          code = "token_too_long"
	tokenMalformed        code = "token_malformed"
	tokenAlgorithmRefused code = "token_algorithm_refused"
	tokenKindRefused      code = "token_kind_refused"
	tokenKeyUnknown       code = "token_key_unknown"
	tokenSignatureWrong   code = "token_signature_wrong"
	tokenExpired          code = "token_expired"
	tokenRevoked          code = "token_revoked"
	tokenNotYetValid      code = "token_not_yet_valid"
	tokenClaimMissing     code = "token_claim_missing"
	tokenClaimInvalid     code = "token_claim_invalid"

	organisationNeedsAdmin code = "organisation_needs_admin"
	scopeInsufficient      code = "scope_insufficient"
	numberMasked           code = "number_masked"

	routeNotFound        code = "route_not_found"
	methodNotAllowed     code = "method_not_allowed"
	callNotFound         code = "call_not_found"
	conversationNotFound code = "conversation_not_found"
	recordingNotFound    code = "recording_not_found"
	recordingMissing     code = "recording_missing"
	recordingErased      code = "recording_erased"
	rangeUnsatisfiable   code = "range_unsatisfiable"

	tooManyStreams  code = "too_many_streams"
	tooManyExports  code = "too_many_exports"
	notAcceptable   code = "not_acceptable"
	exportTooLarge  code = "export_too_large"
	exportUnsettled code = "export_unsettled"
	tooManyRequests code = "too_many_requests"
	tooManyAttempts code = "too_many_attempts"
	tooManyAtOnce   code = "too_many_at_once"

	queryTooLong         code = "query_too_long"
	headersTooLong       code = "headers_too_long"
	mediaTypeUnsupported code = "media_type_unsupported"
	queryTooExpensive    code = "query_too_expensive"
	serverBusy           code = "server_busy"

	liveUnavailable        code = "live_unavailable"
	historyUnavailable     code = "history_unavailable"
	queryTimeout           code = "query_timeout"
	explanationUnavailable code = "explanation_unavailable"
	explanationTimeout     code = "explanation_timeout"
	recordingsUnavailable  code = "recordings_unavailable"
	auditUnavailable       code = "audit_unavailable"
	erasureIncomplete      code = "erasure_incomplete"
	keysUnavailable        code = "keys_unavailable"
	linksNotConfigured     code = "links_not_configured"
	internalError          code = "internal_error"
)

// problems is the table of all that the API can refuse; docs/api.md shows the same one.
var problems = map[code]struct {
	status int
	title  string
}{
	parameterUnknown:  {400, "Unknown parameter"},
	parameterRepeated: {400, "Parameter given twice"},
	parameterInvalid:  {400, "Parameter out of its limits"},
	offsetTooDeep:     {400, "Offset too deep"},
	cursorInvalid:     {400, "Cursor refused"},
	extensionMissing:  {400, "Token without extension"},
	queryMalformed:    {400, "Malformed query string"},
	bodyMalformed:     {400, "Malformed body"},
	bodyTooLong:       {413, "Body too long"},

	tokenMissing:          {401, "No token"},
	tokenTooLong:          {401, "Token too long"},
	tokenMalformed:        {401, "Malformed token"},
	tokenAlgorithmRefused: {401, "Token algorithm refused"},
	tokenKindRefused:      {401, "Token of another kind"},
	tokenKeyUnknown:       {401, "Unknown token key"},
	tokenSignatureWrong:   {401, "Wrong token signature"},
	tokenExpired:          {401, "Token expired"},
	tokenRevoked:          {401, "Token revoked"},
	tokenNotYetValid:      {401, "Token not yet valid"},
	tokenClaimMissing:     {401, "Token lacks a claim"},
	tokenClaimInvalid:     {401, "Token claim refused"},

	organisationNeedsAdmin: {403, "Organisation 0 needs an admin"},
	scopeInsufficient:      {403, "Token scope insufficient"},
	numberMasked:           {403, "Numbers are masked"},

	routeNotFound:        {404, "No such resource"},
	methodNotAllowed:     {405, "Method not allowed"},
	callNotFound:         {404, "No such call"},
	conversationNotFound: {404, "No such conversation"},
	recordingNotFound:    {404, "Call without recording"},
	recordingMissing:     {404, "Recording missing"},
	recordingErased:      {410, "Recording erased"},
	rangeUnsatisfiable:   {416, "Range not satisfiable"},

	tooManyStreams:  {429, "Too many live streams"},
	tooManyExports:  {429, "Too many exports"},
	notAcceptable:   {406, "No acceptable form"},
	exportTooLarge:  {422, "Export too large"},
	exportUnsettled: {503, "History in motion"},
	tooManyRequests: {429, "Too many requests"},
	tooManyAttempts: {429, "Too many attempts"},
	tooManyAtOnce:   {429, "Too much at once"},

	queryTooLong:         {414, "Address too long"},
	headersTooLong:       {431, "Headers too long"},
	mediaTypeUnsupported: {415, "Media type unsupported"},
	queryTooExpensive:    {422, "Query too expensive"},
	serverBusy:           {503, "Server busy"},

	liveUnavailable:        {503, "Live feed unavailable"},
	historyUnavailable:     {503, "Call history unavailable"},
	queryTimeout:           {503, "Query timed out"},
	explanationUnavailable: {503, "Explanation unavailable"},
	explanationTimeout:     {504, "Explanation timed out"},
	recordingsUnavailable:  {503, "Recordings unavailable"},
	auditUnavailable:       {503, "Audit log unavailable"},
	erasureIncomplete:      {503, "Erasure incomplete"},
	keysUnavailable:        {503, "Token keys unavailable"},
	linksNotConfigured:     {501, "Links not configured"},
	internalError:          {500, "Internal error"},
}

// refusal is an error that the caller may read: what is wrong and what would be right.
type refusal struct {
	code      code
	detail    string
	parameter string // the parameter it is about, if it is about one
}

func (r *refusal) Error() string { return r.detail }

func refuse(c code, detail string) *refusal { return &refusal{code: c, detail: detail} }

// retryAfter is what callers are told when a backing service is away; stages look for theirs more often than that.
const retryAfter = 5 * time.Second

// refusalOf maps any error to what the caller may know of it. What is not ours to tell becomes internal_error.
func refusalOf(err error) *refusal {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, clickhouse.ErrNotFound):
		// The same words for a call that is missing and for one of another organisation.
		return refuse(callNotFound, "there is no call with this id")
	case errors.Is(err, errKeysAway):
		return refuse(keysUnavailable, "the keys that tokens are checked with cannot be fetched from the identity provider at the moment; try again")
	case errors.Is(err, errVaultAway):
		return refuse(recordingsUnavailable, "the storage of recordings cannot be reached at the moment; try again")
	case errors.Is(err, clickhouse.ErrChanged):
		return refuse(exportUnsettled, "calls were changed while the export began, and again when it was tried anew; try again in a moment")
	case errors.Is(err, clickhouse.ErrTooExpensive):
		return refuse(queryTooExpensive, "the query would read or hold more than this role may have; narrow it: a shorter time (date_from, date_to), one organisation (org_id), or another filter")
	case errors.Is(err, errSlow):
		return refuse(queryTimeout, "the call history took too long to answer; try again, or ask for less")
	case errors.Is(err, clickhouse.ErrAway), errors.Is(err, context.DeadlineExceeded):
		return refuse(historyUnavailable, "the call history cannot be reached at the moment; nothing is lost, try again")
	}
	return refuse(internalError, "something went wrong here; the request_id finds it in our log")
}

// unauthorized tells the refusal of a request that has no good token.
func unauthorized(err error) bool {
	return err != nil && problems[refusalOf(err).code].status == http.StatusUnauthorized
}

// problemDocument is RFC 9457's, with code, parameter and request_id beyond it.
type problemDocument struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      code   `json:"code"`
	Parameter string `json:"parameter,omitempty"`
	RequestID string `json:"request_id"`
}

func writeProblem(w http.ResponseWriter, r *http.Request, problem *refusal) {
	p := problems[problem.code]
	h := w.Header()
	switch p.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		h.Set("WWW-Authenticate", challenge(problem))
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		}
	}
	body, _ := json.Marshal(problemDocument{ // strings and an int: cannot fail
		Type:      "urn:cdrflow:problem:" + string(problem.code),
		Title:     p.title,
		Status:    p.status,
		Detail:    problem.detail,
		Code:      problem.code,
		Parameter: problem.parameter,
		RequestID: requestID(r.Context()),
	})
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	secure(h) // again: http.ServeContent takes some of them away when it fails
	w.WriteHeader(p.status)
	_, _ = w.Write(body)
}

// challenge is RFC 6750's, section 3: without a token it names the scheme alone.
func challenge(problem *refusal) string {
	const realm = `Bearer realm="cdrflow"`
	switch problem.code {
	case tokenMissing:
		return realm
	case organisationNeedsAdmin, scopeInsufficient, numberMasked:
		return realm + `, error="insufficient_scope", error_description=` + strconv.Quote(problem.detail)
	}
	return realm + `, error="invalid_token", error_description=` + strconv.Quote(problem.detail)
}
