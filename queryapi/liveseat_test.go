package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestLiveSeats(t *testing.T) {
	t.Parallel()
	f := newFeed(t, func(c *config) { c.LiveStreams, c.LiveStreamsPerToken = 5, 3 })
	one, two := tokenOf(t, "agent", 1), tokenOf(t, "agent", 2)
	var ears []*ear
	for range 3 {
		ears = append(ears, f.listen(t, one, ""))
	}
	refused := func(token, why string) {
		t.Helper()
		got := f.get(t, token, "/api/v1/calls/stream")
		if p := got.wantProblem(t, tooManyStreams); got.Header.Get("Retry-After") != "5" || !strings.Contains(p.Detail, why) {
			t.Errorf("%v: %s", got.Header, got.body)
		}
	}
	refused(one, "this token has 3")
	ears = append(ears, f.listen(t, two, ""), f.listen(t, two, ""))
	refused(two, "all 5")
	refused(tokenOf(t, "agent", 3), "all 5")
	ears[0].leave()
	servertest.Eventually(t, time.Minute, func() bool { return f.seats.open() == 4 }, "a seat is free again")
	f.listen(t, one, "")
}

// Without NATS since the start there is nothing to listen to.
func TestLiveUnavailable(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{}, nil, nil)
	got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/stream")
	got.wantProblem(t, liveUnavailable)
	if got.Header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
	}
}

func TestLiveEnds(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	short := f.listen(t, sign(t, map[string]any{"exp": time.Now().Add(3 * time.Second).Unix()}), "")
	if x := short.next(t); x.name != "end" || x.data != `{"code":"token_expired"}` {
		t.Errorf("the token expires, and the stream says %v", x)
	}
	if _, open := <-short.events; open {
		t.Error("it goes on")
	}
	long := f.listen(t, tokenOf(t, "agent", 1), "")
	close(f.live.leaving)
	if x := long.next(t); x.name != "end" || x.data != `{"code":"server_stopping"}` {
		t.Errorf("the server stops, and the stream says %v", x)
	}
	servertest.Eventually(t, time.Minute, func() bool { return f.seats.open() == 0 }, "all seats are free")
}

// Who takes nothing is cut off, and holds nobody up.
func TestLiveSlowClient(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	f.patience = time.Second
	token := tokenOf(t, "agent", 1)
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /api/v1/calls/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", token)
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	quick := f.listen(t, token, "")
	id, large := uint64(0), missed(1, 1)
	large.Lastdata = strings.Repeat("x", 200<<10)
	servertest.Eventually(t, time.Minute, func() bool {
		id++
		large.ID = id
		f.tell(t, event(call.EventNew, large, 1))
		if x := quick.next(t); idIn(x.data) != fmt.Sprint(id) {
			t.Fatalf("heard %s", idIn(x.data))
		}
		return f.seats.open() == 1
	}, "the slow client is cut off")
}

// Who falls behind the ring is sent away, and comes back for the rest.
func TestLiveTooSlow(t *testing.T) {
	t.Parallel()
	h := newHub(&line{}, nil, newTestLog(&transcript{}))
	h.most = 3
	h.begin(place{1, 10})
	text := &writing{header: http.Header{}}
	c := missed(1, 1)
	l := &listener{hub: h, holder: &holder{}, at: place{1, 10}, joined: true, out: text, control: http.NewResponseController(text)}
	for seq := range uint64(5) {
		h.add(11+seq, &happening{seq: 11 + seq, org: 1, call: &c})
	}
	l.next(t.Context())
	if l.err == nil || text.String() != "event: end\ndata: {\"code\":\"too_slow\"}\n\n" {
		t.Errorf("%v: %s", l.err, text)
	}
}

// writing is an answer that is kept.
type writing struct {
	strings.Builder
	header http.Header
}

func (w *writing) Header() http.Header { return w.header }
func (w *writing) WriteHeader(int)     {}
func (w *writing) Flush()              {}
