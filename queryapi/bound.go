package main

import (
	"fmt"
	"mime"
	"net/http"
	"time"
)

const (
	// longestQuery in bytes: a token of 8 KiB and every parameter at its longest, with room to spare.
	longestQuery = 32 << 10
	// longestHeaders in bytes: a token likewise, and the usual rest.
	longestHeaders = 32 << 10
	// longestHead is what net/http reads at all. It is more than the two, so that whoever sends more gets a problem that says
	// so; beyond it the connection is closed with a bare 431.
	longestHead = 1<<20 + 64<<10
	// bodyWait is how long a body may take to arrive.
	bodyWait = 5 * time.Second
)

// bound limits how long a slow caller holds a connection, and how much a caller may send: the answer must leave in time, a
// body arrive in time. A recording, an export and a live stream move their own limit on as they go.
func (a *api) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// A writer that has no deadlines, as in a test, needs none.
		_ = control.SetWriteDeadline(time.Now().Add(waitWithin + a.queryTimeout + a.patience))
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(time.Now().Add(bodyWait))
		}
		if err := oversized(r); err != nil {
			w.Header().Set("Connection", "close")
			writeProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// oversized refuses what no caller needs to send. nil where there is nothing wrong.
func oversized(r *http.Request) *refusal {
	if n := len(r.URL.RawQuery) + len(r.URL.Path); n > longestQuery {
		return refuse(queryTooLong, fmt.Sprintf("the address has %d bytes, want at most %d", n, longestQuery))
	}
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	if size > longestHeaders {
		return refuse(headersTooLong, fmt.Sprintf("the headers have %d bytes, want at most %d", size, longestHeaders))
	}
	kind := r.Header.Get("Content-Type")
	if r.ContentLength == 0 || kind == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if is, _, err := mime.ParseMediaType(kind); err != nil || is != "application/json" {
		return refuse(mediaTypeUnsupported, fmt.Sprintf("the body is of the type %s, want application/json", quoted(kind)))
	}
	return nil
}
