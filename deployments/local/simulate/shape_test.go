package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// sameAs names the recorded scenarios a simulated one may look like, where they are not those of its own name.
var sameAs = map[string][]string{
	"in_did_answered": {
		"in_did_ext_answered", "in_did_ext_answered_callee_hangs", "in_did_org2_answered", "in_second_trunk",
	},
	"int_answered":         {"int_answered_caller_hangs", "int_answered_callee_hangs", "int_answered_org2"},
	"queue_first_agent":    {"queue_first_agent", "queue_first_agent_hangs"},
	"queue_voicemail":      {"queue_timeout"},
	"queue_local_answered": {"queue_local_answered", "queue_local_caller_hangs"},
	"out_answered":         {"out_answered_caller_hangs", "out_answered_far_hangs"},
}

// ownShapes are what no recording shows, with the reason.
var ownShapes = map[string]string{
	// The recorded queue has no mailbox behind it; this is its last row with the last application of in_voicemail.
	"VoiceMail ANSWERED queues": "queue_voicemail",
	// A phone was engaged in the ring group called from outside only.
	"Dial BUSY from-internal": "int_ringgroup_600",
}

// ownWays are ends of calls that no recording shows: who hung up was played once a scenario.
var ownWays = []string{
	// The last phone of a group did not answer, and the one that did hangs up.
	"Dial NO ANSWER | PJSIP/N-N | hangupsource=PHONE|hangupcause=16",
	"Dial NO ANSWER | PJSIP/TRUNK-N | hangupsource=PHONE|hangupcause=16",
	"Queue NO ANSWER | PJSIP/TRUNK-N | hangupsource=|hangupcause=16",
	// An extension that called the queue hangs up.
	"Queue ANSWERED | PJSIP/N-N | hangupsource=CHANNEL|hangupcause=16",
}

func TestRowsLookLikeRecordedOnes(t *testing.T) {
	t.Parallel()
	recorded, recordedWays := recordedShapes(t)
	simulated := map[string]map[string]bool{}
	ways := map[string]bool{}
	centre, err := New(Config{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		simulated[s.name] = map[string]bool{}
		for i := range 100 {
			c := centre.make(s, Millis(1795000000000+i*1000))
			for _, h := range c.Hangups {
				for j := range h.Rows {
					row := fields(&h.Rows[j])
					simulated[s.name][shape(s.name, row)] = true
					ways[hangupShape(row)] = true
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(simulated)) {
		like := sameAs[name]
		if like == nil {
			like = []string{name}
		}
		for _, s := range slices.Sorted(maps.Keys(simulated[name])) {
			found := false
			for _, one := range like {
				found = found || recorded[one][s]
			}
			app, _, _ := strings.Cut(s, " |")
			if !found && ownShapes[app] != name {
				t.Errorf("%s has a row that none of %v has:\n  %s\nrecorded are\n  %s", name, like, s,
					strings.Join(slices.Sorted(maps.Keys(recorded[like[0]])), "\n  "))
			}
		}
	}
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		if !recordedWays[way] && !slices.Contains(ownWays, way) {
			t.Errorf("no recorded row has this hang-up information: %s", way)
		}
	}
}

// fields are the columns of a row by name, as text; NULL is "NULL".
func fields(r *Row) map[string]string {
	m := map[string]string{}
	for i, v := range r.Values(nil, time.UTC) {
		m[Columns[i]] = text(v)
	}
	return m
}

func text(v call.Value) string {
	if !v.Valid {
		return "NULL"
	}
	return v.Text
}

func recordedShapes(t *testing.T) (shapes map[string]map[string]bool, ways map[string]bool) {
	t.Helper()
	f, err := os.Open("testdata/rows.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shapes, ways = map[string]map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		for k, v := range row {
			switch v := v.(type) {
			case nil:
				m[k] = "NULL"
			case string:
				m[k] = v
			default:
				m[k] = fmt.Sprint(v)
			}
		}
		name := row["scenario"].(string)
		if shapes[name] == nil {
			shapes[name] = map[string]bool{}
		}
		shapes[name][shape(name, m)] = true
		ways[hangupShape(m)] = true
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return shapes, ways
}

var (
	trunks = regexp.MustCompile(`[a-z]+_gateway`)
	queues = regexp.MustCompile(`^(support|helpdesk|sales|orders)\b`)
	number = regexp.MustCompile(`(\b|pbx2-)[0-9][0-9a-f.]*\b`)
)

// shape is a row without its numbers and names: what is filled and what is not, and how each text is put together.
func shape(scenario string, m map[string]string) string {
	var given []string
	for _, c := range []string{
		"accountcode", "peeraccount", "answer", "end", "queue_name", "queue_wait_time", "answered_agent", "recordingfile",
	} {
		if c == "recordingfile" && strings.HasPrefix(scenario, "in_did_") {
			continue // recorded or not is a matter of the number, and each number was recorded in some scenarios only
		}
		switch m[c] {
		case "NULL":
			given = append(given, c+" null")
		case "":
			given = append(given, c+" empty")
		}
	}
	return strings.Join([]string{
		m["lastapp"] + " " + m["disposition"] + " " + m["dcontext"], form(m["lastdata"]), "dst " + form(m["dst"]),
		form(m["channel"]), "to " + form(m["dstchannel"]), form(m["answered_agent"]), strings.Join(given, ", "),
	}, " | ")
}

// hangupShape is what the row says about its end, with what tells the kind of row.
func hangupShape(m map[string]string) string {
	userfield := strings.ReplaceAll(m["userfield"], "="+m["channel"]+"|", "=CHANNEL|")
	// The phone that hung up may stand on another row.
	userfield = channel.ReplaceAllString(userfield, "=PHONE|")
	userfield = trunks.ReplaceAllString(userfield, "TRUNK")
	return strings.Join([]string{m["lastapp"] + " " + m["disposition"], form(m["channel"]), userfield}, " | ")
}

var channel = regexp.MustCompile(`=PJSIP/[^|]*\|`)

func form(s string) string {
	s = trunks.ReplaceAllString(s, "TRUNK")
	s = queues.ReplaceAllString(s, "QUEUE")
	return number.ReplaceAllString(s, "N")
}
