package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// feed is a site whose live feed runs on a NATS server of its own.
type feed struct {
	*site
	bus  *jetstream.Bus
	nats *servertest.NATSServer
	line *line
}

func newFeed(t testing.TB, change func(*config)) *feed {
	t.Helper()
	return newFeedOf(t, &fixed{}, change)
}

func newFeedOf(t testing.TB, far history, change func(*config)) *feed {
	t.Helper()
	f := &feed{site: newSite(t, far, nil, change), nats: servertest.NATS(t)}
	var err error
	if f.bus, err = jetstream.Connect(t.Context(), jetstream.Config{URL: f.nats.URL}, "test", newTestLog(f.log)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.bus.Close)
	createStreams(t, f.bus, 1<<30)
	f.follow(t, ringHappenings)
	return f
}

func createStreams(t testing.TB, bus *jetstream.Bus, callBytes jetstream.Size) {
	t.Helper()
	limits := jetstream.Streams{Replicas: 1, CDRAge: time.Hour, CDRBytes: 1 << 30, CallAge: time.Hour, CallBytes: callBytes}
	if err := bus.CreateStreams(t.Context(), limits, func(context.Context) (uint32, error) { return 0, nil }); err != nil {
		t.Fatal(err)
	}
}

// follow gives the site a hub that remembers as much, and waits until it follows.
func (f *feed) follow(t testing.TB, most int) {
	t.Helper()
	l, hangUp := dial(t.Context(), jetstream.Config{URL: f.nats.URL}, "test", f.api.log)
	h := newHub(l, f.history.Amend, f.api.log)
	h.most = most
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { h.run(ctx) })
	t.Cleanup(func() {
		stop()
		following.Wait()
		hangUp()
	})
	servertest.Eventually(t, time.Minute, func() bool { _, ready := h.here(); return ready }, "the hub follows")
	f.live, f.line = h, l
}

func (f *feed) tell(t testing.TB, events ...call.Event) {
	t.Helper()
	if err := f.bus.Tell(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// heard is an event as a client gets it.
type heard struct{ name, id, data string }

// ear is a client of the live feed.
type ear struct {
	*http.Response
	events chan heard // closed at the end of the stream
	leave  func()

	mu    sync.Mutex
	last  string // the id that it would come back with
	beats int
}

// listen opens a stream; header is name, value, name, value, …
func (f *feed) listen(t testing.TB, token, query string, header ...string) *ear {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/api/v1/calls/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	e := &ear{Response: response, events: make(chan heard, 10_000)}
	var reading sync.WaitGroup
	reading.Go(func() { e.read(response) })
	e.leave = func() {
		cancel()
		reading.Wait()
		response.Body.Close()
	}
	t.Cleanup(e.leave)
	servertest.Eventually(t, time.Minute, func() bool { return e.place() != "" }, "the stream begins")
	return e
}

// read does what the standard says of event streams, as far as it is needed here.
func (e *ear) read(response *http.Response) {
	defer close(e.events)
	var next heard
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "":
			if next.data != "" {
				e.events <- next
			}
			next = heard{}
		case field == "":
			e.mu.Lock()
			e.beats++
			e.mu.Unlock()
		case field == "event":
			next.name = value
		case field == "data":
			next.data = value
		case field == "id":
			next.id = value
			e.mu.Lock()
			e.last = value
			e.mu.Unlock()
		}
	}
}

func (e *ear) place() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

func (e *ear) heartbeats() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.beats
}

// next event; the test fails where none comes.
func (e *ear) next(t testing.TB) heard {
	t.Helper()
	select {
	case x, open := <-e.events:
		if !open {
			t.Fatal("the stream has ended")
		}
		return x
	case <-time.After(time.Minute):
		t.Fatal("no event comes")
	}
	panic("not reached")
}

// firstFence is the id of the first fence: no call of a test has one as high.
const firstFence = 1 << 52

var fences atomic.Uint64

// fence tells a last event, and gives the names and ids of all that came before it.
func (f *feed) fence(t testing.TB, e *ear, org uint32) []string {
	t.Helper()
	end := firstFence + fences.Add(1)
	f.tell(t, event(call.EventErased, missed(end, org), 1))
	var list []string
	for {
		x := e.next(t)
		id, _ := strconv.ParseUint(idIn(x.data), 10, 64)
		switch {
		case id == end:
			return list
		case id < firstFence: // not that of another ear
			list = append(list, x.name+" "+idIn(x.data))
		}
	}
}

func idIn(data string) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(data, `{"id":`), ",")
	return text
}

func event(kind call.EventKind, c call.Call, version uint64) call.Event {
	c.Version = call.NewVersion(1, version, 0)
	return call.NewEvent(kind, &c)
}

func TestLiveEvents(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	token := tokenOf(t, "agent", 1, 2)
	all, one, day := f.listen(t, token, ""), f.listen(t, token, "?org_id=1"), f.listen(t, token, "?date_from=2026-04-13&org_id=1")
	c := talked(10, 1, 0)
	f.tell(t, event(call.EventNew, c, 1))
	x := all.next(t)
	if want := string(c.AppendJSON(nil)); x.name != "call" || x.data != want {
		t.Errorf("event %q with the record\n%s\nwant\n%s", x.name, x.data, want)
	}
	later := c
	later.Calldate += 24 * 3600_000
	later.CalldateOffset -= 24 * 3600
	other := missed(11, 2)
	moved := c
	moved.OrgID = 2
	f.tell(
		t,
		event(call.EventNew, c, 1),           // once more: a repeat
		event(call.EventCorrected, later, 2), // moves into the day
		event(call.EventCorrected, c, 1),     // overtaken
		event(call.EventCorrected, c, 3),     // and out of it again
		event(call.EventNew, other, 1),
		event(call.EventRemoved, c, 4), // to another organisation
		event(call.EventCorrected, moved, 4),
		event(call.EventErased, moved, 5),
	)
	for name, test := range map[string]struct {
		ear  *ear
		want string
	}{
		"all":              {all, "call 10, call 10, call 11, removed 10, call 10, erased 10"},
		"one organisation": {one, "call 10, call 10, call 10, removed 10"},
		"one day":          {day, "call 10, removed 10, removed 10"},
	} {
		org := uint32(1)
		if got := strings.Join(f.fence(t, test.ear, org), ", "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// What one organisation hears tells nothing of the other, whatever it asks for.
func TestLiveIsolation(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	ears := map[string]*ear{
		"1":         f.listen(t, tokenOf(t, "agent", 1), ""),
		"2":         f.listen(t, tokenOf(t, "admin", 2), ""),
		"2 of 1":    f.listen(t, tokenOf(t, "agent", 1), "?org_id=2"),
		"nobody's":  f.listen(t, tokenOf(t, "agent", 1), "?org_id=0"),
		"old place": f.listen(t, tokenOf(t, "agent", 1), "", "Last-Event-ID", ""),
	}
	for i := range uint64(99) {
		org := uint32(i%3) + 1
		c := talked(1000+i, org, int(i))
		f.tell(t, event(call.EventNew, c, 1), event(call.EventRemoved, c, 2), event(call.EventErased, c, 3))
	}
	count := map[string]int{}
	for name, e := range ears {
		want := uint32(1)
		if name == "2" {
			want = 2
		}
		// The ear of nothing hears no fence either.
		if name == "2 of 1" || name == "nobody's" {
			continue
		}
		for range 3 * 33 {
			x := e.next(t)
			if !strings.Contains(x.data, fmt.Sprintf(`"org_id":%d`, want)) {
				t.Fatalf("%s hears %s", name, x.data)
			}
			count[name]++
		}
		if rest := f.fence(t, e, want); len(rest) > 0 {
			t.Errorf("%s hears %v besides", name, rest)
		}
	}
	for _, name := range []string{"2 of 1", "nobody's"} {
		if len(ears[name].events) > 0 {
			t.Errorf("%s hears %v", name, <-ears[name].events)
		}
	}
}

// The filter is the list's.
func TestLiveFilter(t *testing.T) {
	t.Parallel()
	f := newFeed(t, func(c *config) { c.MaskNumbers = []string{"agent"} })
	token := tokenOf(t, "supervisor", 1)
	outside, inside := talked(1, 1, 0), talked(2, 1, 0)
	inside.Direction, inside.Src, inside.Caller, inside.Tags, inside.Outcome = call.Internal, "1002", "", []string{"paris"}, call.OutcomeVoicemail
	inside.Called = call.CalledPhone
	inside.Conversation.Legs, inside.Conversation.Complete, inside.Conversation.Outcome = 1, true, call.OutcomeVoicemail
	inside.Conversation.Detail = call.NameOnly("Zoe Martin")
	ears, want := map[string]*ear{}, map[string]string{
		"?direction=internal": "2", "?direction=inbound,internal": "1,2", "?tag=sales": "1", "?tag=paris&direction=internal": "2",
		"?number=%2B91 99444 21125": "1", "?from=00": "2", "?outcome=voicemail&recorded=true": "2", "?min_talk=7": "", "?extension=1001": "1,2",
		"?conversation_id=pbx:1775995633.41": "1,2", "?source=elsewhere": "", "?search=zoë": "1,2", "?org_id=1&recurse=true": "1,2",
		"?counted=calls.voicemail": "2", "?counted=agents.offered&group=1001": "2", "?counted=calls.answered": "", "?search=martin": "2",
	}
	for query := range want {
		ears[query] = f.listen(t, token, strings.ReplaceAll(query, " ", "%20"))
	}
	masked := f.listen(t, tokenOf(t, "agent", 1), "")
	f.tell(t, event(call.EventNew, outside, 1), event(call.EventNew, inside, 1))
	for query, e := range ears {
		got := strings.ReplaceAll(strings.Join(f.fence(t, e, 1), ","), "call ", "")
		if got != want[query] {
			t.Errorf("%s hears of %s, want %s", query, got, want[query])
		}
	}
	// One that was corrected and still meets the filter has not left it.
	counted := f.listen(t, token, "?counted=calls.voicemail")
	f.tell(t, event(call.EventCorrected, inside, 2), event(call.EventCorrected, outside, 2))
	if got := strings.Join(f.fence(t, counted, 1), ","); got != "call 2,removed 1" {
		t.Errorf("after corrections it hears %s", got)
	}
	if x := masked.next(t); !strings.Contains(x.data, "9199444•••••") || strings.Contains(x.data, "919944421125") {
		t.Errorf("an agent is shown %s", x.data)
	}
	f.get(t, tokenOf(t, "agent", 1), "/api/v1/calls/stream?from=91994").wantProblem(t, numberMasked)
}

func TestLiveParameters(t *testing.T) {
	t.Parallel()
	f := newFeed(t, nil)
	token := tokenOf(t, "agent", 1)
	for query, want := range map[string]code{
		"?limit=1": parameterUnknown, "?offset=0": parameterUnknown, "?colour=red": parameterUnknown, "?ama=1": parameterInvalid,
		"?ama=omit&ama=omit": parameterRepeated, "?last_event_id=": parameterInvalid, "?last_event_id=5": parameterInvalid,
		"?last_event_id=a.1": parameterInvalid, "?last_event_id=1.-1": parameterInvalid, "?last_event_id=1.1.1": parameterInvalid,
		"?last_event_id=1.99999999999999999999": parameterInvalid, "?last_event_id=1'--": parameterInvalid, "?org_id=x": parameterInvalid,
		"?date_from=yesterday": parameterInvalid, "?date_from=2026-04-13&date_to=2026-04-11": parameterInvalid, "?a=%zz": queryMalformed,
	} {
		f.get(t, token, "/api/v1/calls/stream"+query).wantProblem(t, want)
	}
	f.get(t, token, "/api/v1/calls/stream", "Last-Event-ID", "<script>").wantProblem(t, parameterInvalid)
	head := f.request(t, http.MethodHead, "/api/v1/calls/stream", "Authorization", "Bearer "+token)
	if head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != "text/event-stream" || f.seats.open() != 0 {
		t.Errorf("HEAD: %s %v", head.Status, head.Header)
	}
	// A page's EventSource can set no header.
	inAddress, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/api/v1/calls/stream?token="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(inAddress)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("token in the address: %v %v", response, err)
	}
	response.Body.Close()
	f.get(t, sign(t, map[string]any{"scope": "calls:read"}), "/api/v1/calls/stream").wantProblem(t, scopeInsufficient)
}
