package main

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

const (
	// oneListening is how long a player that asks for a recording piece by piece counts as one who listens once.
	oneListening = 5 * time.Minute
	// mostListeners are remembered; who is forgotten is written down once more.
	mostListeners = 10_000
)

// listeners remembers who began to listen to what.
type listeners struct {
	mu    sync.Mutex
	since map[[32]byte]time.Time
}

// listening tells whether the request goes on with what its token began to hear a short while ago. A request for the whole
// recording never does.
func (l *listeners) listening(r *http.Request, id uint64, now time.Time) (key [32]byte, on bool) {
	// The whole query stands in for the token that is in it, wherever that is.
	key = sha256.Sum256([]byte(r.Header.Get("Authorization") + "\x00" + r.URL.RawQuery + "\x00" + strconv.FormatUint(id, 10)))
	l.mu.Lock()
	defer l.mu.Unlock()
	since, known := l.since[key]
	return key, known && now.Sub(since) < oneListening && r.Header.Get("Range") != ""
}

// began notes that listening was written down.
func (l *listeners) began(key [32]byte, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since == nil {
		l.since = map[[32]byte]time.Time{}
	}
	if len(l.since) >= mostListeners {
		for old, since := range l.since {
			if now.Sub(since) >= oneListening {
				delete(l.since, old)
			}
		}
		if len(l.since) >= mostListeners {
			clear(l.since)
		}
	}
	l.since[key] = now
}

// auditListening writes down that a recording is about to be played.
func (a *api) auditListening(r *http.Request, h *holder, c *call.Call) error {
	if r.Method == http.MethodHead {
		return nil // nothing is heard
	}
	now := time.Now()
	key, on := a.listeners.listening(r, c.ID, now)
	if on {
		return nil
	}
	err := a.audit(r, h, act{action: actReadRecording, object: strconv.FormatUint(c.ID, 10), orgs: []uint32{c.OrgID}})
	if err == nil {
		a.listeners.began(key, now)
	}
	return err
}
