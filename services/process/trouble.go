package process

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Trouble logs a failure that repeats: when it begins, when it changes, then once a minute, and when it is over. One
// Trouble belongs to one loop or one door. The zero value is ready, and safe for concurrent use.
type Trouble struct {
	mu     sync.Mutex
	what   string
	since  time.Time
	logged time.Time
	unsaid int
}

// Report logs the failure at error level, or swallows it when the same was logged within the last minute. Messages that
// differ in digits alone count as the same: a port number or a batch size changes with every try.
func (t *Trouble) Report(log *slog.Logger, msg string, err error, attrs ...any) {
	what := digitless(msg + "\x00" + err.Error())
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.what == "" {
		t.since = now
	}
	if t.what == what && now.Sub(t.logged) < time.Minute {
		t.unsaid++
		return
	}
	if t.unsaid > 0 {
		attrs = append(attrs, "unsaid", t.unsaid)
	}
	t.what, t.logged, t.unsaid = what, now, 0
	log.Error(msg, append(attrs, "err", err)...)
}

// Over notes that it works again and logs msg once, with how long the trouble lasted. Without trouble it does nothing,
// so a loop calls it after every success.
func (t *Trouble) Over(log *slog.Logger, msg string, attrs ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.what == "" {
		return
	}
	lasted := time.Since(t.since).Round(time.Millisecond)
	t.what, t.unsaid = "", 0
	log.Info(msg, append(attrs, "lasted", lasted)...)
}

func digitless(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}
