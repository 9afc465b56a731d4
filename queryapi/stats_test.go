package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const theFriday = "date_from=2026-11-20&date_to=2026-11-20&tz=Europe/Berlin"

// answer reads an answer of the statistics.
func (r reply) answer(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v: %.500s", r.Status, err, r.body)
	}
	return m
}

// valueAt follows a path such as total/wait/p50, or data[sales]/total: the element that is called so.
func valueAt(m any, path string) string {
	for step := range strings.SplitSeq(path, "/") {
		name, pick, picks := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		object, ok := m.(map[string]any)
		if !ok {
			return "nothing"
		}
		if m = object[name]; !picks {
			continue
		}
		list, _ := m.([]any)
		i := slices.IndexFunc(list, func(e any) bool {
			o, _ := e.(map[string]any)
			return slices.ContainsFunc([]string{"queue", "extension", "trunk", "number", "local"}, func(key string) bool {
				text, _ := o[key].(string)
				return strings.ReplaceAll(text, " ", "_") == pick
			})
		})
		if i < 0 {
			return "no_" + pick
		}
		m = list[i]
	}
	text, _ := json.Marshal(m)
	return strings.ReplaceAll(strings.Trim(string(text), `"`), " ", "_")
}

// fridayWants are the numbers of aFriday, worked out by hand; a space is written as an underscore.
var fridayWants = []struct{ path, wants string }{
	{"calls?by=none", `
		by=none tz=Europe/Berlin from=2026-11-20T00:00:00+01:00 to=2026-11-21T00:00:00+01:00
		total/calls=18 total/inbound=14 total/outbound=3 total/internal=1 total/transit=0 total/unknown_direction=0
		total/answered=10 total/abandoned=3 total/queue_timeout=1 total/missed=1 total/no_answer=1 total/prompt=1 total/unknown=1
		total/busy=0 total/voicemail=0 total/inbound_answered=7 total/outbound_answered=2 total/internal_answered=1
		total/missed_inbound=5 total/withheld=1 total/answered_outside=9 total/agent_hung_up=4 total/hang_up_unknown=1
		total/transferred=2 total/transferred_blind=1 total/transferred_attended=1
		total/answer_rate=0.5 total/missed_call_rate=0.3571 total/asr=0.6667 total/agent_hung_up_first_rate=0.5
		total/hang_up_unknown_share=0.1111 total/transfer_rate=0.2 total/transfer_rate_blind=0.1 total/transfer_rate_attended=0.1
		total/wait/known=9 total/wait/sum=128 total/wait/average=14.22 total/wait/longest=45 total/wait/p50=10 total/wait/p90=45
		total/talk/known=9 total/talk/sum=520 total/talk/longest=120 total/talk/p50=50 total/att=57.78 total/aht_cdr=57.78
		busiest_hour/local=2026-11-20_09:00 busiest_hour/calls=4 busiest_hour/end=2026-11-20T10:00:00+01:00`},
	{"calls?direction=outbound", `by=hour total/calls=3 total/inbound=0 total/answer_rate=null total/asr=0.6667 total/missed_call_rate=null
		buckets[2026-11-20_13:00]/calls=3 buckets[2026-11-20_09:00]/calls=0 buckets[2026-11-20_09:00]/asr=null buckets[2026-11-20_09:00]/wait=null`},
	{"calls?ama=omit&by=none", `total/calls=1 total/missed=1`},
	{"queues?by=none", `
		service_level/formula=SL-5 service_level/threshold=20 service_level/short_abandon=5
		total/offered=10 total/answered=5 total/abandoned=3 total/timeout=1 total/exit=1 total/short_abandon=1
		total/answered_in_threshold=3 total/abandoned_in_threshold=2 total/wait_unknown=2 total/service_level=0.4286 total/asa=16.5
		busiest_hour/local=2026-11-20_10:00 busiest_hour/offered=5
		data[sales]/total/offered=7 data[sales]/total/answered=3 data[sales]/total/abandoned=3 data[sales]/total/timeout=0
		data[sales]/total/exit=1 data[sales]/total/short_abandon=1 data[sales]/total/answered_in_threshold=2
		data[sales]/total/abandoned_in_threshold=2 data[sales]/total/wait_unknown=1 data[sales]/total/service_level=0.4
		data[sales]/total/asa=17 data[sales]/total/aat=16.33 data[sales]/total/att=63.33 data[sales]/total/aht_cdr=63.33
		data[sales]/total/abandonment_rate=0.4286 data[sales]/total/abandonment_rate_net=0.3333 data[sales]/total/answer_rate=0.4286
		data[sales]/total/wait/known=6 data[sales]/total/wait/longest=40 data[sales]/total/wait/p50=20 data[sales]/total/wait/p90=40
		data[sales]/total/wait/p95=40 data[sales]/total/wait/p99=40 data[sales]/total/talk/sum=190
		data[sales]/busiest_hour/local=2026-11-20_09:00 data[sales]/busiest_hour/offered=4
		data[support]/total/offered=3 data[support]/total/answered=2 data[support]/total/timeout=1 data[support]/total/asa=15
		data[support]/total/aat=null data[support]/total/abandon_wait=null data[support]/total/abandonment_rate=0
		data[support]/total/service_level=0.5 data[support]/total/talk/known=1 data[support]/total/att=90`},
	{"queues?by=none&figures=service_level,offered,wait.average,wait.p90,talk.sum", `
		data[sales]/total/offered=7 data[sales]/total/service_level=0.4 data[sales]/total/wait/average=16.67 data[sales]/total/wait/p90=40
		data[sales]/total/talk/sum=190 data[sales]/total/wait/p50=null data[sales]/total/talk/average=null data[sales]/total/answered=null
		data[sales]/total/asa=null data[sales]/busiest_hour=null busiest_hour=null`},
	{"queues?by=none&figures=busiest_hour,asa", `data[sales]/total/asa=17 data[sales]/busiest_hour/offered=4 data[sales]/total/offered=null`},
	{"queues?queue=sales&sl_formula=SL-1", `service_level/formula=SL-1 total/service_level=0.6667 data[support]=no_support`},
	{"queues?queue=sales&sl_formula=SL-2", `total/service_level=0.6667`},
	{"queues?queue=sales&sl_formula=SL-3", `total/service_level=0.3333`},
	{"queues?queue=sales&sl_formula=SL-4", `total/service_level=0.5`},
	{"queues?queue=sales&sl_formula=SL-5&sl_threshold=21&short_abandon=6", `total/service_level=0.75 total/short_abandon=2 total/answered_in_threshold=3`},
	{"queues?by=hour&queue=sales", `
		data[sales]/buckets[2026-11-20_09:00]/offered=4 data[sales]/buckets[2026-11-20_09:00]/asa=17
		data[sales]/buckets[2026-11-20_10:00]/offered=3 data[sales]/buckets[2026-11-20_10:00]/asa=null
		data[sales]/buckets[2026-11-20_23:00]/offered=0 data[sales]/buckets[2026-11-20_23:00]/service_level=null buckets[2026-11-20_09:00]/offered=4`},
	{"queues?by=hour_of_week", `data[sales]/buckets[Friday_09:00]/offered=4 data[sales]/buckets[Monday_09:00]/offered=0 data[sales]/buckets[Friday_10:00]/exit=1`},
	{"agents?by=none", `
		total/offered=15 total/answered=8 total/picked_up=1 total/missed=5
		data[1001]/total/offered=8 data[1001]/total/answered=3 data[1001]/total/answered_offers=2 data[1001]/total/picked_up=1
		data[1001]/total/missed=4 data[1001]/total/declined=1 data[1001]/total/busy=1 data[1001]/total/elsewhere=0 data[1001]/total/failed=0
		data[1001]/total/offered_by_queue=5 data[1001]/total/answer_rate=0.25 data[1001]/total/missed_rate=0.5
		data[1001]/total/att=43.33 data[1001]/total/ring/known=8 data[1001]/total/ring/sum=68
		data[1002]/total/offered=4 data[1002]/total/answered=3 data[1002]/total/elsewhere=1 data[1002]/total/missed=0
		data[1003]/total/offered=3 data[1003]/total/answered=2 data[1003]/total/missed=1 data[1003]/total/talk/known=1 data[1003]/total/ring/known=2`},
	{"trunks?by=none", `
		total/calls=18 total/incoming=14 total/outgoing=4 total/asr=0.5 total/aloc=60 total/occupied/sum=822
		data[in1]/total/incoming=9 data[in1]/total/incoming_answered=5 data[in1]/total/outgoing=0 data[in1]/total/asr=null
		data[in1]/total/answer_rate=0.5556 data[in1]/total/aloc=44 data[in1]/total/occupied/sum=315
		data[in1]/busiest_hour/local=2026-11-20_09:00 data[in1]/busiest_hour/erlang=0.07 data[in1]/busiest_hour/calls=4
		data[out1]/total/outgoing=3 data[out1]/total/outgoing_answered=1 data[out1]/total/outgoing_no_answer=1
		data[out1]/total/outgoing_failed=1 data[out1]/total/outgoing_busy=0 data[out1]/total/asr=0.3333 data[out1]/total/aloc=120
		data[out1]/total/occupied/sum=160 data[out2]/total/asr=1 data[in2]/total/incoming=5 data[in2]/total/incoming_answered=2`},
	{"numbers?of=did", `by=none of=did total/calls=18 data[100]/total/calls=8 data[100]/total/inbound_answered=5 data[100]/total/missed_inbound=1
		data[200]/total/calls=6 data[200]/total/missed_inbound=4 data[200]/total/missed_call_rate=0.6667 data[200]/total/att=90`},
	{"numbers?of=caller", `callers=12 repeat_callers=1 repeat_caller_rate=0.0833 data[+4930114]/total/calls=2 data[+4930114]/total/answered=1`},
	{"numbers?of=callee&by=hour", `data[+4930115]/total/outbound_answered=1 data[+4930116]/total/asr=0 data[+4930115]/buckets[2026-11-20_13:00]/calls=1
		data[+4930115]/buckets[2026-11-20_12:00]/calls=0 buckets[2026-11-20_13:00]/calls=3`},
	{"numbers?of=did&limit=1&sort=missed_inbound", `data[200]/total/calls=6 data[100]=no_100 total/calls=18`},
	{"numbers?of=did&limit=1&sort=missed_inbound&order=asc", `data[100]/total/calls=8 data[200]=no_200`},
	{"missed?limit=10", `
		summary/callers=4 summary/still_open=2 summary/called_back=1 summary/got_through=1 summary/tried=2 summary/call_back_rate=0.5
		summary/recovery_rate=0.5 summary/median_time_to_recover=9000 summary/withheld=1 window=86400 pagination/total=4
		data[+4930114]/status=got_through data[+4930114]/time_to_recover=9000 data[+4930114]/recovered_at=2026-11-20T11:00:00Z
		data[+4930115]/status=called_back data[+4930115]/time_to_recover=10800 data[+4930115]/called_back_at=2026-11-20T12:00:00Z
		data[+4930116]/status=still_open data[+4930116]/called_back_at=2026-11-20T12:10:00Z data[+4930116]/recovered_at=null
		data[+4930117]/status=still_open data[+4930117]/called_back_at=null data[+4930117]/attempts=1`},
	{"missed?window=1h", `summary/still_open=4 summary/tried=0 summary/recovery_rate=0 summary/median_time_to_recover=null window=3600`},
	{"missed?status=got_through", `pagination/total=1 summary/callers=4 data[+4930117]=no_+4930117`},
	{"missed?trunk=in2", `pagination/total=2 data[+4930117]/status=still_open data[+4930115]=no_+4930115 summary/withheld=1`},
}

// The busiest hour that is found among hours is the one that the store finds.
func TestBusiestHourAmongHours(t *testing.T) {
	t.Parallel()
	s, token := newSite(t, newStore(t, friday(t, 1)...), nil, nil), tokenOf(t, "agent", 1)
	for _, name := range []string{"calls", "queues", "trunks"} {
		for _, span := range []string{
			theFriday, "date_from=2026-11-20&date_to=2026-11-20&tz=Asia/Kolkata", "date_from=2026-11-20T08:20:00Z&date_to=2026-11-20T10:40:00Z",
		} {
			path := "/api/v1/stats/" + name + "?" + span + "&figures=busiest_hour"
			whole, hours := s.get(t, token, path+"&by=none").answer(t), s.get(t, token, path+"&by=hour").answer(t)
			if want, got := valueAt(whole, "busiest_hour"), valueAt(hours, "busiest_hour"); got != want || got == "null" {
				t.Errorf("%s: %s by hour, %s by none", path, got, want)
			}
			groups, _ := whole["data"].([]any)
			others, _ := hours["data"].([]any)
			for i := range groups {
				if want, got := valueAt(groups[i], "busiest_hour"), valueAt(others[i], "busiest_hour"); got != want || got == "null" {
					t.Errorf("%s, group %d: %s by hour, %s by none", path, i, got, want)
				}
			}
		}
	}
}

// What a house's day comes to, although another house has the same queues, agents and numbers.
func TestStatisticsOfADay(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, slices.Concat(friday(t, 1), friday(t, 2))...), nil, nil)
	for _, c := range fridayWants {
		answer := s.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/"+c.path+"&"+theFriday)
		got := answer.answer(t)
		for want := range strings.FieldsSeq(c.wants) {
			path, value, _ := strings.Cut(want, "=")
			if is := valueAt(got, path); is != value {
				t.Errorf("%s: %s is %s, want %s", c.path, path, is, value)
			}
		}
		if strings.Contains(answer.body, "2000") || strings.Contains(answer.body, `"org_id":2`) {
			t.Errorf("%s tells of another organisation: %.300s", c.path, answer.body)
		}
	}
}
