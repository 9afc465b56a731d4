package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func minutes(list ...int) []call.Instant {
	var all []call.Instant
	for _, m := range list {
		all = append(all, call.Instant(m)*60_000)
	}
	return all
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                           string
		missed, back, reached, through []call.Instant
		want                           string
	}{
		{"nothing followed", minutes(10), nil, nil, nil, "still_open back never took none"},
		{"we called and nobody answered", minutes(10), minutes(20), nil, nil, "still_open back 20 took none"},
		{"we called and reached the caller", minutes(10), minutes(20, 30), minutes(30), nil, "called_back back 20 took 1200"},
		{"the caller tried again", minutes(10, 12), nil, nil, minutes(15), "got_through back never took 300"},
		{"whoever is first", minutes(10), minutes(30), minutes(30), minutes(20), "got_through back 30 took 600"},
		{"missed once more after a talk", minutes(10, 60), minutes(20), minutes(20), nil, "still_open back never took none"},
		{"two stories, the second is told", minutes(10, 60, 61), minutes(20, 70), minutes(20, 70), nil, "called_back back 70 took 600"},
		{"what came before counts for nothing", minutes(10), minutes(5), minutes(5), minutes(6), "still_open back never took none"},
		{"at the end of the window", minutes(10), minutes(70), minutes(70), nil, "called_back back 70 took 3600"},
		{"a calldate that is no date", minutes(0), minutes(20), minutes(20), nil, "called_back back 20 took 1200"},
		{"after the window", minutes(10), minutes(71), minutes(71), minutes(72), "still_open back never took none"},
	} {
		r := recovered(&clickhouse.Caller{Missed: c.missed, Back: c.back, Reached: c.reached, Through: c.through}, time.Hour)
		back, took := "never", "none"
		if r.calledBack != nil {
			back = fmt.Sprint(int64(*r.calledBack) / 60_000)
		}
		if r.took != nil {
			took = fmt.Sprint(*r.took)
		}
		if got := fmt.Sprintf("%s back %s took %s", r.status, back, took); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
