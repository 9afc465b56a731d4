package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

const minute = call.Instant(60_000)

// event is a call from or to a number, in minutes before noon.
type event struct {
	minute  int
	kind    string // missed, through, back, reached
	counted bool   // by the filter of the test
}

// calls that a number's events come to.
func (e event) call(id uint64, number string) call.Call {
	c := leg(id, 1, fmt.Sprintf("9.%d", id))
	c.Calldate, c.Direction, c.Caller, c.Source = noon-call.Instant(e.minute)*minute, call.Inbound, number, "other"
	c.Conversation.Legs, c.Conversation.Complete, c.Conversation.Outcome = 1, true, call.OutcomeAnswered
	switch e.kind {
	case "missed":
		c.Conversation.Outcome = call.OutcomeMissed
	case "back":
		c.Direction, c.Caller, c.Callee, c.Conversation.Outcome = call.Outbound, "", number, call.OutcomeNoAnswer
	case "reached":
		c.Direction, c.Caller, c.Callee = call.Outbound, "", number
	}
	if e.counted {
		c.Source = "pbx"
	}
	return c
}

// deciding is what Missed says of a number; nil where nobody missed it.
func deciding(number string, events []event) *Caller {
	at := func(kinds ...string) (list []call.Instant) {
		for _, e := range events {
			if slices.Contains(kinds, e.kind) && (e.kind != "missed" || e.counted) {
				list = append(list, noon-call.Instant(e.minute)*minute)
			}
		}
		slices.Sort(list)
		return list
	}
	missed := at("missed")
	if len(missed) == 0 {
		return nil
	}
	c := Caller{Group: Group{1, number}, Attempts: uint64(len(missed)), Missed: []call.Instant{}, Back: []call.Instant{}, Reached: []call.Instant{}, Through: []call.Instant{}}
	last := missed[len(missed)-1]
	var before call.Instant
	for _, list := range []struct {
		to       *[]call.Instant
		all      []call.Instant
		backward bool
	}{{&c.Back, at("back", "reached"), false}, {&c.Reached, at("reached"), true}, {&c.Through, at("through"), true}} {
		for i := len(list.all) - 1; list.backward && i >= 0; i-- {
			if list.all[i] < last {
				*list.to = append(*list.to, list.all[i])
				before = max(before, list.all[i])
				break
			}
		}
		if i := slices.IndexFunc(list.all, func(at call.Instant) bool { return at > last }); i >= 0 {
			*list.to = append(*list.to, list.all[i])
		}
	}
	open := slices.IndexFunc(missed, func(at call.Instant) bool { return at > before })
	c.Missed = slices.Compact([]call.Instant{missed[0], missed[open], last})
	return &c
}

// Of a number are kept the events that decide what became of it, however many there are.
func TestMissed(t *testing.T) {
	t.Parallel()
	numbers := map[string][]event{}
	// Answered, missed or called back far more often than anybody would list, and then one more of the other kind.
	for _, many := range []string{"through", "reached", "back", "missed"} {
		for name, rest := range map[string][]event{
			"before":    {{20, "missed", true}, {10, "through", true}},
			"after":     {{5001, "missed", true}, {5000, "back", true}},
			"between":   {{5001, "missed", true}, {20, "missed", true}, {10, "reached", true}},
			"uncounted": {{5001, "missed", true}, {20, "missed", false}, {10, "through", false}},
		} {
			events := rest
			for i := range 1200 {
				events = append(events, event{1000 + i, many, true})
			}
			numbers[many+" "+name] = events
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		var events []event
		for range r.IntN(8) {
			events = append(events, event{1 + r.IntN(12), []string{"missed", "missed", "through", "back", "reached"}[r.IntN(5)], r.IntN(4) > 0})
		}
		numbers[fmt.Sprint(n)] = events
	}
	var calls []call.Call
	want := map[string]*Caller{}
	for number, events := range numbers {
		for _, e := range events {
			calls = append(calls, e.call(uint64(len(calls)+1), number))
		}
		if c := deciding(number, events); c != nil {
			want[number] = c
		}
	}
	store := migrated(t, calls...)
	f := Filter{From: noon - 10_000*minute, To: noon, Sources: []string{"pbx"}}
	list, err := store.Missed(t.Context(), Scope{[]uint32{1}}, &f, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(want) {
		t.Errorf("%d callers, want %d", len(list), len(want))
	}
	for i := range list {
		if w := want[list[i].Name]; !reflect.DeepEqual(&list[i], w) {
			t.Errorf("%s: %+v, want %+v", list[i].Name, list[i], w)
		}
	}
}
