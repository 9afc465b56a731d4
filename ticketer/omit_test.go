package main

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// marked makes the event of a new call whose amaflags column holds text, in a column of the given type.
func marked(id uint64, columnType, text string) call.Event {
	c := call.Blank(id)
	c.Version, c.OrgID, c.Direction, c.Source = call.NewVersion(1, id, 0), 1, call.Inbound, "pbx"
	c.Table = call.NewTable([]call.Column{{Name: "id", Type: "bigint(20)"}, {Name: "amaflags", Type: columnType}})
	switch text {
	case "0", "1", "2", "3":
		c.Amaflags = int64(text[0] - '0')
	case "NULL":
		c.Nulls = "amaflags"
	default:
		c.Extra = []call.Pair{{Name: "amaflags", Text: text}}
	}
	return call.NewEvent(call.EventNew, &c)
}

func TestOmittedCallsOpenNothing(t *testing.T) {
	t.Parallel()
	l := newLogsUpdate(t, nil)
	r := newRoom(t)
	var events []call.Event
	opens := map[uint64]bool{}
	for i, test := range []struct {
		columnType, text string
		opens            bool
	}{
		{"int(11)", "1", false},
		{"int(11)", "3", true},
		{"int(11)", "0", true},
		{"int(11)", "NULL", true},
		{"varchar(16)", "OMIT", false},
		{"varchar(16)", "omit", false},
		{"varchar(16)", "1", false},
		{"varchar(16)", "DOCUMENTATION", true},
		{"varchar(16)", "OMITTED", true},
		{"varchar(16)", "", true},
	} {
		e := marked(uint64(i+1), test.columnType, test.text)
		events, opens[e.ID] = append(events, e), test.opens
	}
	r.tell(events...)
	stop := r.start(config{LogsUpdate: l.config(), Concurrency: 2, GiveUpAfter: time.Hour})
	r.awaits(map[outcome]int{opened: 6, passed: 4, refused: 0, known: 0})
	stop()
	l.check(t)
	for _, e := range events {
		if _, ok := l.tickets["call-"+text(e.ID)]; ok != opens[e.ID] {
			t.Errorf("a ticket for %s: %v, want %v", e.Call, ok, opens[e.ID])
		}
	}
	if omitted([]byte(`["amaflags",1]`)) || omitted([]byte(`{"amaflags":{"amaflags":1}}`)) {
		t.Error("amaflags is found where it does not stand")
	}
}
