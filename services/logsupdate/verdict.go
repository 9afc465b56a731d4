package logsupdate

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ErrKnown is LogsUpdate saying that it had this call already, as it should after a redelivery.
var ErrKnown = errors.New("ticket known already")

// Refused is a no that asking again does not change.
type Refused struct {
	Status int    // HTTP status; 0 where the call could not even be asked for
	Reason string // what LogsUpdate said, shortened
}

func (r *Refused) Error() string { return said("refused", r.Status, r.Reason) }

// Later is no verdict on the call: LogsUpdate was away, busy or broken.
type Later struct {
	Status int           // HTTP status; 0 where there was no answer
	After  time.Duration // how long it asked to be left alone (Retry-After), at most an hour; 0 where it did not say
	Reason string
	cause  error
}

func (l *Later) Error() string { return said("not now", l.Status, l.Reason) }

// Unwrap gives the network's error, where there was one.
func (l *Later) Unwrap() error { return l.cause }

func said(word string, status int, reason string) string {
	if status != 0 {
		word += fmt.Sprintf(" with status %d", status)
	}
	if reason == "" {
		return word
	}
	return word + ": " + reason
}

// verdict reads an answer. A 4xx is about this call and stays, but for the three that speak of the moment; 409 is the
// usual answer to a key that was used before. A redirect that was not followed is about our settings, not the call.
func (c *Client) verdict(status int, header http.Header, body []byte) error {
	switch {
	case status/100 == 2 && existed(header, body), status == http.StatusConflict:
		return ErrKnown
	case status/100 == 2:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
	case status/100 == 4:
		return &Refused{Status: status, Reason: c.reason(body)}
	}
	return &Later{Status: status, After: retryAfter(header.Get("Retry-After"), time.Now()), Reason: c.reason(body)}
}

// existed tells a 2xx that opened nothing: by the usual header, or by what the answer says.
func existed(header http.Header, body []byte) bool {
	if replayed, _ := strconv.ParseBool(header.Get("Idempotent-Replayed")); replayed {
		return true
	}
	var answer struct {
		Created             *bool
		Existing, Duplicate bool
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	return answer.Existing || answer.Duplicate || answer.Created != nil && !*answer.Created
}

// retryAfter reads seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	const longest = time.Hour
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(longest/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longest)
}

var telephoneNumber = regexp.MustCompile(`\d{7,}`)

// reason shortens an answer to one line for logs and parked calls. A server that echoes what it was sent must not bring
// the token there, nor telephone numbers.
func (c *Client) reason(body []byte) string {
	const longest = 300
	text := strings.ToValidUTF8(string(body), "")
	if c.token != "" {
		text = strings.ReplaceAll(text, c.token, "***")
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	text = telephoneNumber.ReplaceAllString(text, "…")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
