package clickhouse

import (
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	const day = call.Instant(24 * 3600 * 1000)
	now := 20_000 * day
	for name, x := range map[string]struct {
		from, to call.Instant
		want     []call.Instant
	}{
		"open":                         {0, 0, []call.Instant{now - day, now - 7*day, now - 31*day, now - 366*day, 0}},
		"from the end of a time":       {0, 10_000 * day, []call.Instant{9_999 * day, 9_993 * day, 9_969 * day, 9_634 * day, 0}},
		"a month":                      {now - 30*day, now, []call.Instant{now - day, now - 7*day, now - 30*day}},
		"less than the first step":     {now - day/2, now, []call.Instant{now - day/2}},
		"exactly the first step":       {now - day, now, []call.Instant{now - day}},
		"nothing":                      {now, now - day, []call.Instant{now}},
		"near 1970, where 0 is no end": {0, 8 * day, []call.Instant{7 * day, 1 * day, 0}},
		"before 1970 is open at once":  {0, day / 2, []call.Instant{0}},
	} {
		if got := steps(x.from, x.to, now, days); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: got %v, want %v", name, got, x.want)
		}
	}
	if hours[0] != time.Hour || hours[1] != days[0] || len(days) != 4 {
		t.Errorf("hours are %v, days %v", hours, days)
	}
}
