// Package logsupdate is the door to LogsUpdate, which turns calls into tickets.
package logsupdate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Client talks to one LogsUpdate. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	transport *http.Transport
	endpoint  *url.URL
	token     string
	timeout   time.Duration
}

// Open prepares a client. LogsUpdate is not asked: it may be away for hours, and the calls wait.
func Open(cfg Config) (*Client, error) {
	endpoint, err := cfg.endpoint()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64 // as many as may be under way at once, so that none is dialled anew
	return &Client{
		http:      &http.Client{Transport: transport, CheckRedirect: sameHost},
		transport: transport,
		endpoint:  endpoint,
		token:     cfg.Token,
		timeout:   cfg.Timeout,
	}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// request is what LogsUpdate is sent: the call as GET /api/v1/calls/{id} shows it.
type request struct {
	Event call.EventKind  `json:"event"`
	Call  json.RawMessage `json:"call"`
}

// Open asks for a ticket: POST {LOGSUPDATE_URL}/auto-ticket with "Idempotency-Key: call-<id>", so that asking again is
// harmless. It returns nil when LogsUpdate took the call, ErrKnown when it had it already, *Refused when asking again
// is of no use, and *Later for anything else.
func (c *Client) Open(ctx context.Context, e call.Event) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // the call goes out as it came, byte by byte
	if err := encoder.Encode(request{Event: e.Kind, Call: e.Call}); err != nil {
		return &Refused{Reason: "the call is not JSON: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint.String(), &body)
	if err != nil {
		return c.later(err)
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Accept", "application/json")
	post.Header.Set("User-Agent", "cdrflow-ticketer")
	post.Header.Set("Idempotency-Key", "call-"+strconv.FormatUint(e.ID, 10))
	if c.token != "" {
		post.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(post)
	if err != nil {
		return c.later(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil && response.StatusCode/100 != 2 {
		return c.later(err)
	}
	// An answer that breaks off behind a 2xx was still a yes.
	return c.verdict(response.StatusCode, response.Header, answer)
}

// longestAnswer is all that is read of an answer, in bytes.
const longestAnswer = 64 << 10

// later is what became of a request that got no answer.
func (c *Client) later(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the address, which may hold a password
	}
	switch {
	case errors.Is(err, errOtherHost), errors.Is(err, errNotPost):
		return &Later{Reason: err.Error() + ": LOGSUPDATE_URL should be the address it redirects to"}
	case errors.Is(err, context.DeadlineExceeded):
		return &Later{Reason: fmt.Sprintf("no answer from %s within %s", c.endpoint.Host, c.timeout), cause: err}
	}
	return &Later{Reason: fmt.Sprintf("ask %s: %v", c.endpoint.Host, err), cause: err}
}

var (
	errOtherHost = errors.New("it redirects to another host")
	errNotPost   = errors.New("it redirects in a way that drops the call")
)

// sameHost follows a redirect within the server, and only where it keeps the method and the body (307, 308): the token
// and the call are for this host alone.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0]
	switch {
	case next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme:
		return errOtherHost
	case next.Method != first.Method:
		return errNotPost
	case len(before) > 3:
		return errors.New("it redirects in circles")
	}
	return nil
}
