package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

type requestIDKey struct{}

// A caller's own request id is kept where it is harmless in a log and in a header.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// identify gives the request its id and the answer the headers that every answer has.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !plainID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		secure(w.Header())
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// secure keeps answers out of caches, and tokens in addresses out of the Referer header.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// statusCallerLeft is nginx's word for a caller who closed the connection before the answer; nobody receives it.
const statusCallerLeft = 499

// observe counts and logs the request. Neither the address nor any header is logged: they carry tokens and telephone
// numbers.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			route := chi.RouteContext(r.Context()).RoutePattern()
			status := wrapped.Status()
			if status == http.StatusMethodNotAllowed || route == "" {
				route = "other"
			}
			if status == 0 {
				status = http.StatusOK
			}
			took := time.Since(start)
			a.metrics.observe(route, status, took)
			a.log.Debug("request answered", "method", method(r), "route", route, "status", status,
				"bytes", wrapped.BytesWritten(), "took", took, "request_id", requestID(r.Context()))
		}()
		next.ServeHTTP(wrapped, r)
	})
}

// method is bounded, since a caller may make one up.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
		return r.Method
	}
	return "other"
}

// rescue answers a panic with a problem, so that one bad request is one bad request.
func (a *api) rescue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			a.log.Error("request panicked", "err", fmt.Sprint(v), "request_id", requestID(r.Context()), "stack", string(debug.Stack()))
			if ww, ok := w.(middleware.WrapResponseWriter); ok && ww.Status() != 0 {
				panic(http.ErrAbortHandler) // half an answer went out: only a cut connection says so
			}
			writeProblem(w, r, refusalOf(fmt.Errorf("panic: %v", v)))
		}()
		next.ServeHTTP(w, r)
	})
}
