package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/logsupdate"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func text(id uint64) string { return strconv.FormatUint(id, 10) }

// fresh makes the event of a new call.
func fresh(id uint64) call.Event {
	return call.Event{
		Kind: call.EventNew, ID: id, Version: call.NewVersion(1, id, 0), OrgID: uint32(id % 3), Direction: call.Inbound,
		Partition: call.Partition("linked" + text(id)),
		Call:      json.RawMessage(fmt.Sprintf(`{"id":%d,"src":"919840012345","big":9007199254740993,"x":1.10}`, id)),
	}
}

// TestEveryCallOnce sends calls to a LogsUpdate that refuses some, breaks on others, hangs, drops connections and is slow.
func TestEveryCallOnce(t *testing.T) {
	t.Parallel()
	const events = 300
	l := newLogsUpdate(t, func(id uint64, asked int, r *http.Request) int {
		switch {
		case id%10 == 1:
			return http.StatusUnprocessableEntity
		case id%10 == 2 && asked <= 2:
			return http.StatusServiceUnavailable
		case id%10 == 3 && asked <= 1:
			return http.StatusInternalServerError
		case id == 4 && asked == 1:
			<-r.Context().Done() // until the client gives up
			return http.StatusServiceUnavailable
		case id == 14 && asked == 1:
			panic(http.ErrAbortHandler)
		case id%10 == 5:
			<-time.After(5 * time.Millisecond) // slow
		}
		return 0
	})
	l.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r := newRoom(t)
	var all []call.Event
	for id := uint64(1); id <= events; id++ {
		all = append(all, fresh(id))
	}
	corrected, removed := fresh(7), fresh(8)
	corrected.Kind, removed.Kind, removed.Call = call.EventCorrected, call.EventRemoved, nil
	all = append(all, corrected, removed)
	cfg := config{LogsUpdate: l.config(), Concurrency: 4, GiveUpAfter: time.Hour}
	cfg.LogsUpdate.Timeout = 2 * time.Second
	r.tell(all...)
	stop := r.start(cfg)
	r.awaits(map[outcome]int{opened: events * 9 / 10, refused: events / 10, passed: 2, known: 0})
	stop()
	l.check(t)
	if l.count() != events*9/10 {
		t.Errorf("%d tickets, want %d", l.count(), events*9/10)
	}
	for id := uint64(1); id <= events; id++ {
		if got, want := string(l.tickets["call-"+text(id)]), string(fresh(id).Call); id%10 != 1 && got != want {
			t.Errorf("the ticket of call %d holds %s, want %s", id, got, want)
		}
	}
	list := r.parked("list")
	if strings.Count(list, "\n") != events/10+1 || !strings.Contains(list, "refused with status 422") {
		t.Errorf("parked are:\n%s", list)
	}
	if strings.Contains(r.logged.String(), "919840012345") {
		t.Error("a telephone number is in the log")
	}
}

// TestParkedReplay has LogsUpdate change its mind.
func TestParkedReplay(t *testing.T) {
	t.Parallel()
	var kind sync.Map // present once it takes calls
	l := newLogsUpdate(t, func(id uint64, _ int, _ *http.Request) int {
		if _, ok := kind.Load(id); !ok {
			return http.StatusForbidden
		}
		return 0
	})
	r := newRoom(t)
	r.start(config{LogsUpdate: l.config(), Concurrency: 4, GiveUpAfter: time.Hour})
	r.tell(fresh(1), fresh(2), fresh(3))
	r.awaits(map[outcome]int{opened: 0, refused: 3, passed: 0, known: 0})

	if got := r.parked("replay", "2"); got != "replayed 1\n" { // too early
		t.Errorf("replay 2: %s", got)
	}
	r.awaits(map[outcome]int{opened: 0, refused: 4, passed: 0, known: 0})
	if got := r.parked("list"); strings.Count(got, "\n") != 4 {
		t.Errorf("after a replay in vain, parked are:\n%s", got)
	}
	for id := range uint64(4) {
		kind.Store(id, true)
	}
	if got := r.parked("replay", "2"); got != "replayed 1\n" {
		t.Errorf("replay 2: %s", got)
	}
	r.awaits(map[outcome]int{opened: 1, refused: 4, passed: 0, known: 0})
	if got := r.parked("replay", "2", "3"); !strings.Contains(got, "replayed 1 of 2: the others are not parked") {
		t.Errorf("replay 2 3: %s", got)
	}
	if got := r.parked("replay"); got != "replayed 1\n" {
		t.Errorf("replay: %s", got)
	}
	r.awaits(map[outcome]int{opened: 3, refused: 4, passed: 0, known: 0})
	if got := r.parked("list"); strings.Count(got, "\n") != 1 {
		t.Errorf("in the end, parked are:\n%s", got)
	}
	for _, args := range [][]string{{}, {"show"}, {"list", "2"}} {
		if got := r.parked(args...); got != "want: ticketer parked list, or: ticketer parked replay [id …]" {
			t.Errorf("parked %v: %s", args, got)
		}
	}
	l.check(t)
}

// TestAway begins with no LogsUpdate at all, which comes up later on its address.
func TestAway(t *testing.T) {
	t.Parallel()
	l := newLogsUpdate(t, nil)
	addr := l.Listener.Addr().String()
	l.Close()
	r := newRoom(t)
	r.start(config{LogsUpdate: logsupdate.Config{URL: "http://" + addr, Timeout: time.Second}, Concurrency: 4, GiveUpAfter: time.Hour})
	for id := uint64(1); id <= 100; id++ {
		r.tell(fresh(id))
	}
	servertest.Eventually(t, time.Minute, func() bool {
		return strings.Contains(r.logged.String(), "calls wait for tickets") && strings.Contains(r.logged.String(), "connection refused")
	}, "the log says that it is away")
	listenAgain(t, l, addr)
	r.awaits(map[outcome]int{opened: 100, refused: 0, passed: 0, known: 0})
	if l.count() != 100 {
		t.Errorf("%d tickets, want 100", l.count())
	}
	l.check(t)
}

// TestStopWhileLogsUpdateHangs holds that a stop waits for answers, but not for long, and that no call is lost by it.
func TestStopWhileLogsUpdateHangs(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	asked := make(chan struct{}, 100)
	l := newLogsUpdate(t, func(_ uint64, _ int, r *http.Request) int {
		select {
		case <-hang:
		default:
			asked <- struct{}{}
			<-r.Context().Done()
			return http.StatusServiceUnavailable
		}
		return 0
	})
	r := newRoom(t)
	cfg := config{LogsUpdate: l.config(), Concurrency: 4, GiveUpAfter: time.Hour}
	cfg.LogsUpdate.Timeout = time.Minute
	stop := r.start(cfg)
	for id := uint64(1); id <= 20; id++ {
		r.tell(fresh(id))
	}
	<-asked
	stop()
	close(hang)
	r.start(cfg)
	servertest.Eventually(t, time.Minute, func() bool { return l.count() == 20 }, "every call has its ticket")
	l.check(t)
}

// TestLostAcknowledgements posts calls and forgets to acknowledge them, as a process does that dies at that moment.
func TestLostAcknowledgements(t *testing.T) {
	t.Parallel()
	l := newLogsUpdate(t, nil)
	r := newRoom(t)
	cfg := config{LogsUpdate: l.config(), Concurrency: 4, GiveUpAfter: time.Hour}
	r.tell(fresh(1), fresh(2), fresh(3))
	one, consumer := r.ticketer(cfg)
	var batch jetstream.Batch
	servertest.Eventually(t, time.Minute, func() error {
		next, err := consumer.Next(t.Context())
		batch.Deliveries = append(batch.Deliveries, next.Deliveries...)
		if err == nil && len(batch.Deliveries) < 3 {
			return fmt.Errorf("%d delivered", len(batch.Deliveries))
		}
		return err
	}, "three calls are delivered")
	for i, a := range one.ask(t.Context(), t.Context(), batch.Deliveries) {
		if a.outcome != opened {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	batch.Again(0) // the log would do so itself, after the time for acknowledgements
	consumer.Close(t.Context())
	r.start(cfg)
	r.awaits(map[outcome]int{opened: 0, refused: 0, passed: 0, known: 3})
	if l.count() != 3 || l.askedFor("call-1") != 2 {
		t.Errorf("%d tickets, call 1 asked for %d times; want 3 and 2", l.count(), l.askedFor("call-1"))
	}
	l.check(t)
}

// TestSharedWork runs three ticketers.
func TestSharedWork(t *testing.T) {
	t.Parallel()
	l := newLogsUpdate(t, nil)
	r := newRoom(t)
	cfg := config{LogsUpdate: l.config(), Concurrency: 4, GiveUpAfter: time.Hour}
	for range 3 {
		r.start(cfg)
	}
	const events = 500
	for id := uint64(1); id <= events; id++ {
		r.tell(fresh(id))
	}
	servertest.Eventually(t, 2*time.Minute, func() error {
		by := r.counted()
		if by[opened] != events {
			return fmt.Errorf("%v", by)
		}
		return nil
	}, "every call has its ticket")
	if l.count() != events {
		t.Errorf("%d tickets, want %d", l.count(), events)
	}
	l.check(t)
}

// deskSays answers every call alike; parkedIn keeps what is parked, or fails.
type deskSays struct{ err error }

func (d deskSays) Open(context.Context, call.Event) error { return d.err }

type parkedIn struct {
	err error
	all []jetstream.Parked
}

func (l *parkedIn) Park(_ context.Context, p jetstream.Parked) error {
	l.all = append(l.all, p)
	return l.err
}

// TestOne goes through every way in which one delivery ends.
func TestOne(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(fresh(5))
	if err != nil {
		t.Fatal(err)
	}
	broken := &logsupdate.Later{Status: 500, Reason: "stack trace"}
	for _, test := range []struct {
		name      string
		data      string
		desk, lot error
		waited    time.Duration
		delivered uint64
		passed    bool // LogsUpdate gave verdicts on others lately
		want      outcome
		id        string // of what is parked
	}{
		{name: "taken", data: string(good), want: opened},
		{name: "known", data: string(good), desk: logsupdate.ErrKnown, want: known},
		{name: "refused", data: string(good), desk: &logsupdate.Refused{Status: 422}, want: refused, id: "5"},
		{name: "refused, and the lot is away", data: string(good), desk: &logsupdate.Refused{Status: 422}, lot: errors.New("away"), want: waits, id: "5"},
		{name: "no json", data: "?", want: refused, id: "sequence-77"},
		{name: "no call", data: `{"event":"new","id":5}`, want: refused, id: "5"},
		{name: "no id", data: `{"event":"new","call":{}}`, want: refused, id: "sequence-77"},
		{name: "erased", data: `{"event":"erased","id":5}`, want: passed},
		{name: "of a later day", data: `{"event":"tagged","id":5}`, want: passed},
		{name: "broken", data: string(good), desk: broken, want: waits},
		{name: "broken for long", data: string(good), desk: broken, waited: 2 * time.Hour, delivered: 10, want: waits},
		{name: "broken for long on this one", data: string(good), desk: broken, waited: 2 * time.Hour, delivered: 10, passed: true, want: refused, id: "5"},
		{name: "away for long", data: string(good), desk: &logsupdate.Later{Status: 503}, waited: 2 * time.Hour, delivered: 10, passed: true, want: waits},
		{name: "away for too long", data: string(good), desk: &logsupdate.Later{}, waited: 73 * time.Hour, delivered: 1, want: refused, id: "5"},
	} {
		l := &parkedIn{err: test.lot}
		one := newTicketer(config{Concurrency: 1, GiveUpAfter: 72 * time.Hour}, nil, deskSays{test.desk}, l,
			newMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler), func() {})
		if test.passed {
			one.lastVerdict.Store(time.Now().Unix())
		}
		d := jetstream.Delivery{
			Subject: "call.v1.2.inbound.3", Data: []byte(test.data), Sequence: 77, Stored: time.Now().Add(-test.waited),
			Delivered: max(1, test.delivered),
		}
		a := one.one(t.Context(), &d)
		if a.outcome != test.want || (a.err != nil) != (test.want == waits) {
			t.Errorf("%s: %+v, want %q", test.name, a, test.want)
		}
		switch {
		case test.id == "" && len(l.all) > 0:
			t.Errorf("%s: parked as %s", test.name, l.all[0].ID)
		case test.id != "" && (len(l.all) != 1 || l.all[0].ID != test.id || string(l.all[0].Body) != test.data || l.all[0].Subject != d.Subject):
			t.Errorf("%s: parked %+v, want id %s", test.name, l.all, test.id)
		}
		// The same delivery again: what has a verdict of LogsUpdate is not asked for again.
		one.desk = deskSays{errors.New("asked again")}
		if again := one.one(t.Context(), &d); (test.want == opened || test.want == known) && again.outcome != known {
			t.Errorf("%s, again: %+v", test.name, again)
		}
	}
}
