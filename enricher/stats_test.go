package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// The statistics of the real rows are what happened on the phones.
func TestStatisticsOfRealCalls(t *testing.T) {
	t.Parallel()
	store, err := clickhouse.Open(clickhouse.Config{DSN: servertest.ClickHouse(t).DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := realCalls(t)
	var rows []call.Call
	for _, id := range slices.Sorted(maps.Keys(calls)) {
		rows = append(rows, *calls[id])
	}
	if err := store.Insert(t.Context(), rows, "a"); err != nil {
		t.Fatal(err)
	}

	queues, agents := map[string]*[4]uint64{}, map[string]uint64{}
	readScenarios(t, func(sc *scenario) {
		if len(sc.Rows) == 0 {
			return
		}
		if sc.Queue != "" {
			key := sc.org() + " " + sc.Queue
			if queues[key] == nil {
				queues[key] = &[4]uint64{}
			}
			n := queues[key]
			n[0]++
			switch {
			case sc.AnsweredBy != "":
				n[1]++
			case sc.HungUp == "timeout":
				n[3]++
			default:
				n[2]++
			}
		}
		if sc.Name == "click_to_call" {
			return // the PBX rang party A; where it was answered, no row tells of that
		}
		for i := range sc.Phones {
			if p := &sc.Phones[i]; p.Role == "called" && len(p.Phone) == 4 {
				if _, err := strconv.Atoi(p.Phone); err == nil {
					agents[p.Phone]++
				}
			}
		}
	})
	q := clickhouse.StatsQuery{
		Filter:    clickhouse.Filter{From: 1, To: call.InstantOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))},
		Statistic: clickhouse.StatisticOf("queues"), Thresholds: clickhouse.Thresholds{Level: 20, Short: 5},
	}
	scope := clickhouse.Scope{Orgs: []uint32{0, 1, 2}}
	tallies, err := store.Stats(t.Context(), scope, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, tally := range tallies {
		if tally.Group == nil {
			continue
		}
		key := fmt.Sprintf("%d %s", tally.Group.Org, tally.Group.Name)
		want := queues[key]
		if delete(queues, key); want == nil || !slices.Equal(tally.Counts[:4], want[:]) {
			t.Errorf("queue %s: offered, answered, abandoned, timeout %v, want %v", key, tally.Counts[:4], want)
		}
	}
	if len(queues) > 0 {
		t.Errorf("nothing is counted of %v", slices.Collect(maps.Keys(queues)))
	}

	q.Statistic = clickhouse.StatisticOf("agents")
	if tallies, err = store.Stats(t.Context(), scope, q); err != nil {
		t.Fatal(err)
	}
	offered := map[string]uint64{}
	for _, tally := range tallies {
		if tally.Group != nil {
			offered[tally.Group.Name] += tally.Counts[0]
		}
	}
	for extension, want := range agents {
		if offered[extension] != want {
			t.Errorf("%s was offered %d calls, on the phone it was %d", extension, offered[extension], want)
		}
	}
}
