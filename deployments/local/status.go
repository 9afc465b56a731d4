package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/process"
)

const statusUsage = `usage: cdrflow status

Prints rows, lag and health of each stage of the house in DATA_DIR. The exit code is 1 when something is not well.
`

var errUnwell = errors.New("not everything is well")

// status is the command.
func status(ctx context.Context, p *process.Process) error {
	if err := parse(p, flag.NewFlagSet("cdrflow status", flag.ContinueOnError), statusUsage); err != nil {
		return err
	}
	cfg, err := process.Config[placeConfig](p)
	if err != nil {
		return err
	}
	ports, err := house.ReadPorts(cfg.DataDir)
	if err != nil {
		return noHouse(cfg.DataDir, "")
	}
	states := make([]state, len(house.Stages))
	var all sync.WaitGroup
	// From the PBX to the people.
	for i, stage := range []string{"poller", "enricher", "ticketer", "queryapi", "archiver"} {
		all.Go(func() { states[i] = look(ctx, stage, ports.Admin(stage)) })
	}
	all.Wait()
	return printStates(p.Out, states)
}

// state of a stage as it tells itself.
type state struct {
	stage, health, rows, lag string
	well                     bool
}

func printStates(out io.Writer, states []state) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "STAGE\tHEALTH\tLAG\tDONE SINCE ITS START")
	well := true
	for _, s := range states {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.stage, s.health, s.lag, s.rows)
		well = well && s.well
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	if !well {
		return errUnwell
	}
	return nil
}

// look asks a stage at its admin address.
func look(ctx context.Context, stage, addr string) state {
	s := state{stage: stage, health: "down", rows: "-", lag: "-"}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	status, body, err := fetch(ctx, "http://"+addr+"/readyz")
	if err != nil {
		return s
	}
	s.health, s.well = health(status, body)
	if _, body, err = fetch(ctx, "http://"+addr+"/metrics"); err == nil {
		m := readMetrics(body)
		s.rows, s.lag = m.done(stage), m.lag(stage, time.Now())
	}
	return s
}

func fetch(ctx context.Context, url string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	const most = 4 << 20
	text, err := io.ReadAll(io.LimitReader(response.Body, most))
	return response.StatusCode, string(text), err
}

// health says which doors are shut.
func health(status int, body string) (text string, well bool) {
	if status == http.StatusOK {
		return "ready", true
	}
	var answer struct{ Doors map[string]string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Doors) == 0 {
		return "starting", false
	}
	var shut []string
	for _, door := range slices.Sorted(maps.Keys(answer.Doors)) {
		if answer.Doors[door] != "ok" {
			shut = append(shut, door)
		}
	}
	if len(shut) == 0 {
		return "stopping", false
	}
	return "no answer from " + strings.Join(shut, ", "), false
}

// metrics are values by name, and by name and outcome or kind.
type metrics map[string]float64

// readMetrics reads Prometheus' text format as far as it is needed: name{outcome="…"} value.
func readMetrics(text string) metrics {
	m := metrics{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			continue
		}
		name, labels, _ := strings.Cut(line[:at], "{")
		// A counter is told apart by one label: what became of a row, or how it came.
		for _, label := range []string{`outcome="`, `kind="`} {
			if _, after, found := strings.Cut(labels, label); found {
				kind, _, _ := strings.Cut(after, `"`)
				m[name+" "+kind] += value
			}
		}
		m[name] += value
	}
	return m
}

// counted are the metrics that say what a stage did.
var counted = map[string]string{
	"poller": "poller_rows_total", "enricher": "enricher_rows_total", "ticketer": "ticketer_calls_total",
	"queryapi": "queryapi_requests_total", "archiver": "archiver_recordings_total",
}

// done lists what became of the rows, calls, requests or recordings.
func (m metrics) done(stage string) string {
	name := counted[stage]
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if outcome, found := strings.CutPrefix(key, name+" "); found && m[key] != 0 {
			parts = append(parts, fmt.Sprintf("%.0f %s", m[key], outcome))
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	if total, there := m[name]; there {
		return fmt.Sprintf("%.0f", total)
	}
	return "-"
}

// lag is how far behind the stage is.
func (m metrics) lag(stage string, now time.Time) string {
	behind, there := m[stage+"_behind_seconds"]
	if stage == "archiver" {
		if last := m["archiver_last_success_timestamp_seconds"]; last > 0 {
			return "swept " + now.Sub(time.Unix(int64(last), 0)).Round(time.Second).String() + " ago"
		}
	}
	if !there {
		return "-"
	}
	return strconv.FormatFloat(behind, 'f', 1, 64) + " s"
}
