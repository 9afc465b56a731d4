package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// stream answers GET /api/v1/calls/stream: what becomes of calls, as it becomes known, as server-sent events.
func (a *api) stream(w http.ResponseWriter, r *http.Request, h *holder) error {
	values, err := parameters(r.URL.RawQuery, slices.Concat(filterNames, []string{lastEventID, "token"})...)
	if err != nil {
		return err
	}
	scope, filter, err := a.filter(r.Context(), values, h)
	if err != nil {
		return err
	}
	at, resumed, err := a.live.places.asked(r, values)
	if err != nil {
		return err
	}
	here, ready := a.live.here()
	if !ready {
		return refuse(liveUnavailable, "the live feed has not been reached since the start; follow the list meanwhile, and try again")
	}
	if !resumed {
		at = here
	}
	// A caller that leaves is noticed once all that it sent was read (net/http).
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10)); err != nil {
		return refuse(bodyTooLong, "this address takes no body")
	}
	leave, err := a.seats.take(h.key)
	if err != nil {
		return err
	}
	defer leave()

	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	l := &listener{
		hub: a.live, holder: h, scope: scope, filter: filter, at: at, joined: !resumed, past: resumed,
		out: w, control: http.NewResponseController(w), patience: a.patience,
	}
	if r.Method == http.MethodHead {
		return nil
	}
	l.begin()
	a.listen(r, l)
	return nil
}

// listen until the caller leaves, the token is good no more, or the process stops.
func (a *api) listen(r *http.Request, l *listener) {
	beat := time.NewTicker(a.heartbeat)
	defer beat.Stop()
	expiry := time.NewTimer(time.Until(l.holder.expires))
	defer expiry.Stop()
	for l.err == nil {
		changed := l.next(r.Context())
		if l.err != nil {
			return
		}
		select {
		case <-changed:
		case <-beat.C:
			if _, err := a.admit(r, route{need: streamCalls, inAddress: true}); err != nil && !passes(err) {
				l.end(string(refusalOf(err).code)) // revoked, for one
				return
			}
			l.beat()
		case <-expiry.C:
			l.end(string(tokenExpired))
		case <-r.Context().Done():
			return
		case <-l.hub.leaving:
			l.end("server_stopping")
		}
	}
}

// passes tells an error that says nothing of the token: whoever would know cannot be asked.
func passes(err error) bool {
	var r *refusal
	return !errors.As(err, &r)
}

// listener is one who listens to a live stream.
type listener struct {
	hub    *hub
	holder *holder
	scope  clickhouse.Scope
	filter clickhouse.Filter

	at      place
	joined  bool // it has caught up with the ring once
	past    bool // what it gets has stood in the ring for a while
	repeats repeats

	out      http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	err      error // of writing, or errEnded
}

// errEnded means that the stream was ended on purpose.
var errEnded = errors.New("the stream has ended")
