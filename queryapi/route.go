package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// route is an operation of the API: where it is, what its caller must be allowed to do, and who answers.
type route struct {
	method, path string
	need         right // empty: anybody may ask, without a token
	answer       respond
	inAddress    bool // the token may stand in the address, for players and links that can set no header
}

// respond answers a request of a holder (nil where nobody needs a token), or returns what stands in the way; then it has
// written nothing.
type respond func(http.ResponseWriter, *http.Request, *holder) error

// routes are all operations. What is not in this table is not served, and nothing is served that this table does not
// check.
func (a *api) routes() []route {
	const v1 = "/api/v1"
	return []route{
		{http.MethodGet, v1 + "/calls", readCalls, a.list, false},
		{http.MethodGet, v1 + "/calls/stream", streamCalls, a.stream, true},
		{http.MethodGet, v1 + "/calls/{id}", readCalls, a.get, false},
		{http.MethodGet, v1 + "/calls/{id}/explain", readCalls, a.explainCall, false},
		{http.MethodGet, recordingPath, readRecordings, a.recording, true},
		{http.MethodGet, v1 + "/users/me/calls", readCalls, a.mine, false},
		{http.MethodGet, v1 + "/conversations", readConversations, a.conversations, false},
		{http.MethodGet, v1 + "/conversations/{id}", readConversations, a.conversation, false},
		{http.MethodGet, v1 + "/conversations/{id}/explain", readConversations, a.explainConversation, false},
		{http.MethodDelete, v1 + "/calls/recordings", eraseRecordings, a.eraseRecordings, false},
		{http.MethodDelete, v1 + "/calls/{id}/recording", eraseRecordings, a.eraseRecording, false},
		{http.MethodPost, v1 + "/calls/tags", writeTags, a.editCalls, false},
		{http.MethodPost, v1 + "/calls/{id}/tags", writeTags, a.addTags, false},
		{http.MethodDelete, v1 + "/calls/{id}/tags/{tag}", writeTags, a.removeTag, false},
		{http.MethodPost, v1 + "/tokens/revoke", revokeTokens, a.revokeToken, false},
		{http.MethodPost, v1 + "/tokens/recording-link", linkRecordings, a.linkRecording, false},
		{http.MethodGet, v1 + "/stats/calls", readStats, a.stats("calls"), false},
		{http.MethodGet, v1 + "/stats/queues", readStats, a.stats("queues"), false},
		{http.MethodGet, v1 + "/stats/agents", readStats, a.stats("agents"), false},
		{http.MethodGet, v1 + "/stats/trunks", readStats, a.stats("trunks"), false},
		{http.MethodGet, v1 + "/stats/numbers", readStats, a.stats("numbers"), false},
		{http.MethodGet, v1 + "/stats/missed", readStats, a.missed, false},
		{http.MethodGet, v1 + "/audit", readAudit, a.auditEntries, false},

		{http.MethodGet, "/openapi.yaml", "", a.contract, false},
		{http.MethodGet, "/docs", "", a.show, false},
		{http.MethodGet, "/docs/*", "", a.show, false},
	}
}

// handler is every route behind the same chain: what is outermost sees everything.
func (a *api) handler() http.Handler {
	r := chi.NewRouter()
	r.Use(identify, a.observe, a.rescue, a.bound)
	r.NotFound(a.respond(func(http.ResponseWriter, *http.Request) error {
		return refuse(routeNotFound, "there is nothing at this address")
	}))
	r.MethodNotAllowed(a.respond(func(w http.ResponseWriter, q *http.Request) error {
		allowed := allowed(r, q)
		w.Header().Set("Allow", allowed)
		return refuse(methodNotAllowed, "this address takes "+allowed+" only")
	}))
	for _, op := range a.routes() {
		answer := a.respond(func(w http.ResponseWriter, r *http.Request) error {
			h, err := a.admit(r, op)
			if h != nil {
				if beyond := a.rates.request(w, h); beyond != nil {
					return beyond // whatever else there is to refuse
				}
			} else if unauthorized(err) {
				err = errors.Join(a.rates.stranger(w, r), err)
			}
			if err != nil {
				return err
			}
			if h != nil {
				r = a.engage(r, op, h)
			}
			return op.answer(w, r, h)
		})
		if squeezable(op) {
			answer = squeeze(answer)
		}
		r.Method(op.method, op.path, answer)
		if op.method == http.MethodGet {
			r.Method(http.MethodHead, op.path, answer) // net/http leaves the body out
		}
	}
	return r
}

// allowed are the methods that an address takes, as the Allow header lists them.
func allowed(routes chi.Routes, r *http.Request) string {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if routes.Match(chi.NewRouteContext(), method, path) {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

// respond turns the error of an answer into a problem document and logs what no caller may see.
func (a *api) respond(answer func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := answer(w, r)
		if err == nil {
			return
		}
		if r.Context().Err() != nil {
			w.WriteHeader(statusCallerLeft)
			return
		}
		problem := refusalOf(err)
		if problem.code == internalError {
			a.log.Error("request failed", "err", err, "request_id", requestID(r.Context()))
		}
		writeProblem(w, r, problem)
	}
}
