package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// conversation is what the simulator says really happened.
type conversation struct {
	Scenario   string   `json:"scenario"`
	Direction  string   `json:"direction"`
	Org        int      `json:"org"`
	AnsweredBy []string `json:"answered_by"`
	HungUpBy   string   `json:"hung_up_by"`
	Queue      string   `json:"queue"`
	LinkedIDs  []string `json:"linkedids"`
	Recordings []struct {
		File string `json:"file"`
	} `json:"recordings"`
	Rows []struct {
		Uniqueid string `json:"uniqueid"`
		Sequence int    `json:"sequence"`
	} `json:"rows"`
}

// cdrflow is the command, built once.
func cdrflow(t testing.TB) string {
	t.Helper()
	root, err := embedded.SourceTree()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cdrflow")
	build := exec.Command("go", "build", "-o", path, "./deployments/local")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build cdrflow: %v\n%s", err, out)
	}
	return path
}

// A simulated call centre writes its rows and, into a file, what really happened; the API is held against that file.
func TestSimulatedCallCentre(t *testing.T) {
	h := newHouse(t)
	truthFile := filepath.Join(h.dir, "truth.ndjson")
	simulate := exec.CommandContext(t.Context(), cdrflow(t), "simulate", "-rows", "8000", "-days", "3", "-seed", "7", "-truth", truthFile)
	simulate.Env = append(os.Environ(), "MARIADB_DSN="+h.mariadb.Database.DSN)
	if out, err := simulate.CombinedOutput(); err != nil {
		t.Fatalf("simulate: %v\n%s", err, out)
	}
	h.start("enricher")
	h.start("poller")
	h.start("queryapi")
	token := h.token("admin", 0, 1, 2)
	h.await(token, 8000)
	shown, err := h.calls(token)
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, h.tableRows("SELECT * FROM asterisk_cdr"), shown)
	legs := map[string]map[string]any{}
	for _, call := range shown {
		legs[fmt.Sprint(call["uniqueid"], "/", call["sequence"])] = call
	}

	asked, right := map[string]int{}, map[string]int{}
	scenario := ""
	check := func(what string, ok bool) {
		asked[what]++
		if ok {
			right[what]++
		} else if asked[what]-right[what] <= 3 {
			t.Logf("wrong %s: a call of the scenario %s", what, scenario)
		}
	}
	accounted := 0
	for _, truth := range conversations(t, truthFile) {
		scenario = truth.Scenario
		var rows []map[string]any
		linked, files := map[string]bool{}, map[string]bool{}
		for _, key := range truth.Rows {
			row := legs[fmt.Sprint(key.Uniqueid, "/", key.Sequence)]
			if row == nil {
				continue // beyond the 8,000th row
			}
			rows = append(rows, row)
			linked[fmt.Sprint(row["linkedid"])] = true
			files[fmt.Sprint(row["recordingfile"])] = true
		}
		accounted += len(rows)
		if len(rows) != len(truth.Rows) {
			continue
		}
		check("linkedids", len(linked) == len(truth.LinkedIDs))
		for _, r := range truth.Recordings {
			check("recordings", files[r.File])
		}
		for _, row := range rows {
			if code := fmt.Sprint(row["accountcode"]); code != "" {
				check("organisation", fmt.Sprint(row["org_id"]) == fmt.Sprint(truth.Org))
			} else {
				check("organisation unknown", fmt.Sprint(row["org_id"]) == "0")
			}
		}
		if len(rows) > 1 {
			continue // what several rows say together is for the understanding of conversations
		}
		row := rows[0]
		if d := row["direction"]; d != "unknown" {
			check("direction", d == truth.Direction)
		}
		if row["queue_name"] != nil || truth.Queue != "" {
			check("queue", fmt.Sprint(row["queue_name"]) == truth.Queue)
		}
		if by, _ := row["answered_by"].(string); by != "" {
			check("answered by", slices.Contains(truth.AnsweredBy, by))
		}
		if who := row["disconnected_by"]; who != "unknown" {
			check("who hung up", who == truth.HungUpBy)
		}
	}
	if accounted != 8000 {
		t.Errorf("the truth accounts for %d of 8,000 rows", accounted)
	}
	for what, n := range asked {
		t.Logf("%-22s %5d of %5d right", what, right[what], n)
		if right[what] != n {
			t.Errorf("%s: %d of %d are wrong", what, n-right[what], n)
		}
	}
}

func conversations(t testing.TB, file string) []conversation {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []conversation
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c conversation
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
