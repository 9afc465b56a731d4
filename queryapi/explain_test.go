package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// explanation is a document as an enricher answers it.
const explanation = `{"id":10,"org_id":1,"conversation_id":"pbx:1775995633.41","rules_revision":"4f2a91c0","fields":[` +
	`{"field":"disconnected_by","value":"caller","rule":"the word of the userfield","confidence":0.9,` +
	`"why":"userfield of row 10 is \"hangupsource=caller\"","used":[{"id":10,"column":"userfield","value":"hangupsource=caller"}],` +
	`"rejected":[{"value":"callee","rule":"who is left when the other cannot have","why":"weaker evidence than: the word of the userfield"}]},` +
	`{"field":"queue_name","value":null,"rule":"no rule decided","why":"","used":[{"id":10,"column":"lastapp","value":"Dial"}],"rejected":[]}]}`

// enricher answers on a NATS server in an enricher's stead: to refuse, to hang, to be wrong.
func enricher(t testing.TB, url string, answer func(context.Context, []byte) ([]byte, error)) {
	t.Helper()
	bus, err := jetstream.Connect(t.Context(), jetstream.Config{URL: url}, "enricher", newTestLog(&transcript{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Close)
	if err := bus.Answer(t.Context(), call.AskExplain, time.Minute, answer); err != nil {
		t.Fatal(err)
	}
	if err := bus.Ping(t.Context()); err != nil { // the server knows of it
		t.Fatal(err)
	}
}

// connected gives the site a line to a NATS server.
func (s *site) connected(t *testing.T, url string) {
	t.Helper()
	l, hangUp := dial(t.Context(), jetstream.Config{URL: url}, "test", s.api.log)
	t.Cleanup(hangUp)
	servertest.Eventually(t, time.Minute, func() bool { return l.bus.Load() != nil }, "the line is there")
	s.enrichers = l
}

func TestExplainCall(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	asked := make(chan string, 100)
	enricher(t, nats.URL, func(_ context.Context, question []byte) ([]byte, error) {
		asked <- string(question)
		return []byte(explanation), nil
	})
	s := newSite(t, &fixed{calls: []call.Call{talked(10, 1, 0), talked(11, 2, 0)}}, nil, nil)
	s.connected(t, nats.URL)
	got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/10/explain")
	if got.StatusCode != http.StatusOK || got.body != explanation || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s, %v: %s", got.Status, got.Header, got.body)
	}
	if question := <-asked; question != `{"id":10,"org_id":1}` {
		t.Errorf("the enricher was asked %s", question)
	}
	for path, want := range map[string]code{
		"/api/v1/calls/12/explain":          callNotFound,
		"/api/v1/calls/0/explain":           parameterInvalid,
		"/api/v1/calls/10/explain?org_id=1": parameterUnknown,
	} {
		s.get(t, tokenOf(t, "agent", 1), path).wantProblem(t, want)
	}
	// The call of organisation 2 is explained to nobody else, even where an enricher mixes the two up.
	s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/11/explain").wantProblem(t, callNotFound)
	if len(asked) != 0 {
		t.Errorf("the enricher was asked %s", <-asked)
	}
	s.get(t, tokenOf(t, "agent", 2), "/api/v1/calls/11/explain").wantProblem(t, callNotFound)
	if question := <-asked; question != `{"id":11,"org_id":2}` {
		t.Errorf("the enricher was asked %s", question)
	}
}

func TestExplainTroubles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer func(context.Context, []byte) ([]byte, error)
		want   code
	}{
		{"nobody", nil, explanationUnavailable},
		{"gone", func(context.Context, []byte) ([]byte, error) {
			return nil, &jetstream.Refusal{Text: call.Gone + ": no such row"}
		}, callNotFound},
		{"refused", func(context.Context, []byte) ([]byte, error) {
			return nil, &jetstream.Refusal{Text: "the rules of /etc/secret are being read"}
		}, explanationUnavailable},
		{"failed", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("secret") }, explanationUnavailable},
		{"hangs", func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, explanationTimeout},
		{"moved", func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"id":10,"org_id":2,"fields":["secret"]}`), nil
		}, callNotFound},
		{"whose", func(context.Context, []byte) ([]byte, error) { return []byte(`{"id":10,"secret":1}`), nil }, internalError},
		{"garbled", func(context.Context, []byte) ([]byte, error) { return []byte(`{"org_id":1,"secret`), nil }, internalError},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			nats := servertest.NATS(t)
			if test.answer != nil {
				enricher(t, nats.URL, test.answer)
			}
			c := talked(10, 1, 0)
			s := newSite(t, &fixed{calls: []call.Call{c}, heads: []clickhouse.Head{{Call: c}}}, nil, nil)
			if test.want == explanationTimeout {
				s.queryTimeout = 500 * time.Millisecond
			}
			s.connected(t, nats.URL)
			got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/10/explain")
			got.wantProblem(t, test.want)
			if strings.Contains(got.body, "secret") {
				t.Errorf("the answer tells too much: %s", got.body)
			}
			if test.want == explanationTimeout { // what it waits for is the same for both
				s.get(t, tokenOf(t, "agent", 1), "/api/v1/conversations/"+c.ConversationID()+"/explain").wantProblem(t, test.want)
			}
			if test.want == explanationUnavailable && got.Header.Get("Retry-After") != "5" {
				t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
			}
			wrong := test.want == explanationUnavailable || test.want == explanationTimeout
			if log := s.log.String(); strings.Contains(log, "enrichers do not explain") != wrong {
				t.Errorf("the log of %s:\n%s", test.want, log)
			}
		})
	}
}

// NATS may come late, go and come back; the history answers all the while.
func TestExplainWithoutNATS(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	nats.Stop(t)
	s := newSite(t, &fixed{calls: []call.Call{talked(10, 1, 0)}}, nil, nil)
	l, hangUp := dial(t.Context(), jetstream.Config{URL: nats.URL}, "test", s.api.log)
	t.Cleanup(hangUp)
	s.enrichers, s.queryTimeout = l, 5*time.Second
	token := tokenOf(t, "agent", 1)
	away := func(when string) {
		t.Helper()
		servertest.Eventually(t, time.Minute, func() bool {
			// A question that was on its way when the connection broke is only known to be lost when its time is up.
			code := s.get(t, token, "/api/v1/calls/10/explain").problem(t).Code
			if code != explanationUnavailable && code != explanationTimeout {
				t.Fatalf("%s: %s", when, code)
			}
			return code == explanationUnavailable
		}, "calls are not explained")
		if got := s.get(t, token, "/api/v1/calls").list(t).String(); got != "10 of 1, more false" {
			t.Errorf("%s: %s", when, got)
		}
	}
	explains := func() error {
		got := s.get(t, token, "/api/v1/calls/10/explain")
		if got.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", got.Status, got.body)
		}
		return nil
	}
	away("before NATS")
	servertest.Eventually(t, time.Minute, func() bool { return strings.Contains(s.log.String(), "calls cannot be explained") }, "the log says so")
	nats.Start(t)
	enricher(t, nats.URL, func(context.Context, []byte) ([]byte, error) { return []byte(explanation), nil })
	servertest.Eventually(t, time.Minute, explains, "calls are explained")
	nats.Stop(t)
	away("after NATS")
	nats.Start(t)
	servertest.Eventually(t, time.Minute, explains, "calls are explained again")
	for _, want := range []string{"connected to NATS, calls can be explained", "enrichers do not explain", "enrichers explain again"} {
		if log := s.log.String(); !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

func TestHangUpWhileDialling(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	nats.Stop(t)
	log := &transcript{}
	l, hangUp := dial(t.Context(), jetstream.Config{URL: nats.URL}, "test", newTestLog(log))
	hangUp()
	if _, err := l.Ask(t.Context(), call.AskExplain, nil); !errors.Is(err, errNoLine) {
		t.Errorf("a line that was hung up says %v", err)
	}
	if log.String() != "" {
		t.Errorf("a stop is no trouble:\n%s", log)
	}
}

// A caller who leaves while the enricher thinks is no trouble of the enricher.
func TestCallerWhoLeavesAnExplanation(t *testing.T) {
	t.Parallel()
	nats := servertest.NATS(t)
	entered := make(chan struct{})
	enricher(t, nats.URL, func(ctx context.Context, _ []byte) ([]byte, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	s := newSite(t, &fixed{calls: []call.Call{talked(10, 1, 0)}}, nil, nil)
	s.connected(t, nats.URL)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/calls/10/explain", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokenOf(t, "agent", 1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	<-entered
	leave()
	<-done
	servertest.Eventually(t, time.Minute, func() bool { return strings.Contains(s.log.String(), "status=499") }, "the request ends")
	if log := s.log.String(); strings.Contains(log, "enrichers do not explain") {
		t.Errorf("a caller who left is logged as trouble:\n%s", log)
	}
}
