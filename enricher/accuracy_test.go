package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// -update writes the table of accuracy into docs/understanding.md.
var update = flag.Bool("update", false, "write the accuracy table into docs/understanding.md")

// score of one field: how often it is right, wrong, unknown, and wrong because the row itself misleads.
type score struct{ right, wrong, unknown, misled int }

type scores struct {
	order  []string
	by     map[string]*score
	notes  []string
	trunks map[string]bool
	// where a scenario's field cannot be known from CDR; each must come up
	undecidable map[string]*undecided
}

// undecided is a line of undecidable.txt: a field of a scenario that no CDR tells.
type undecided struct {
	why  string
	seen bool
}

// misled begins the reason where the row does say something, which is not what happened.
const misled = "misled: "

func (s *scores) say(level, field string, sc *scenario, id uint64, got string, want ...string) {
	key := level + "│" + field
	if s.by[key] == nil {
		s.by[key] = &score{}
		s.order = append(s.order, key)
	}
	if slices.Contains(want, got) {
		s.by[key].right++
		return
	}
	u := s.undecidable[sc.Name+"│"+level+"│"+field]
	isUnknown := got == "" || got == "unknown"
	switch {
	case u != nil && isUnknown && !strings.HasPrefix(u.why, misled):
		s.by[key].unknown++
		u.seen = true
	case u != nil && !isUnknown && strings.HasPrefix(u.why, misled):
		s.by[key].misled++
		u.seen = true
	case got == "unknown":
		s.by[key].unknown++
		s.notes = append(s.notes, fmt.Sprintf("%s %s %s %d: %s is unknown, want %q, and undecidable.txt does not say why", level, sc.SID, sc.Name, id, field, want))
	default:
		s.by[key].wrong++
		s.notes = append(s.notes, fmt.Sprintf("%s %s %s %d: %s is %q, want %q", level, sc.SID, sc.Name, id, field, got, want))
	}
}

// measure understands all rows and holds them against the truth.
func measure(t testing.TB, u *understanding, rename namer) *scores {
	t.Helper()
	calls := readRows(t, u, rename)
	understandAll(t, u, calls)
	s := &scores{by: map[string]*score{}, undecidable: undecidable(t), trunks: map[string]bool{}}
	for _, name := range referenceTrunks {
		s.trunks[rename("trunk", name)] = true
	}
	readLines(t, "testdata/asterisk/truth.jsonl", func(line []byte) {
		var sc scenario
		if err := json.Unmarshal(line, &sc); err != nil {
			t.Fatal(err)
		}
		sc.rename(rename)
		var legs []*call.Call
		for _, id := range sc.Rows {
			legs = append(legs, calls[id])
		}
		for _, c := range legs {
			s.row(&sc, c, legs)
		}
		s.conversation(&sc, legs)
	})
	for key, u := range s.undecidable {
		if !u.seen {
			s.notes = append(s.notes, "undecidable.txt says that nothing tells "+strings.ReplaceAll(key, "│", " ")+", and it is decided")
		}
	}
	slices.Sort(s.notes)
	return s
}

// undecidable reads what no CDR tells: scenario, level, field, why.
func undecidable(t testing.TB) map[string]*undecided {
	t.Helper()
	known := map[string]*undecided{}
	readLines(t, "testdata/asterisk/undecidable.txt", func(line []byte) {
		if strings.HasPrefix(string(line), "#") {
			return
		}
		cells := split(string(line))
		if len(cells) != 4 || cells[3] == "" {
			t.Fatalf("undecidable.txt: %q, want scenario │ level │ field │ why", line)
		}
		known[strings.Join(cells[:3], "│")] = &undecided{why: cells[3]}
	})
	return known
}

// table of the scores, as docs/understanding.md shows it.
func (s *scores) table() string {
	var b strings.Builder
	b.WriteString("| level | field | right | wrong | unknown | misled |\n|---|---|---:|---:|---:|---:|\n")
	for _, key := range s.order {
		level, field, _ := strings.Cut(key, "│")
		sc := s.by[key]
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d |\n", level, field, sc.right, sc.wrong, sc.unknown, sc.misled)
	}
	return b.String()
}

// share of a field that is right, percent: of all values, or of those that CDR tells.
func (s *scores) share(key string, ofAll bool) float64 {
	sc := s.by[key]
	all := sc.right + sc.wrong
	if ofAll {
		all += sc.unknown + sc.misled
	}
	return 100 * float64(sc.right) / float64(max(1, all))
}

// What is understood of the reference data is right wherever the rows tell, and unknown where undecidable.txt says why
// nothing does; the page shows the table of today.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	s := measure(t, understandingOf(t, "testdata/asterisk/rules.yaml"), same)
	t.Logf("\n%s", s.table())
	for _, note := range s.notes {
		t.Error(note)
	}
	for _, level := range []string{"row│", "conversation│"} {
		for _, field := range []string{"direction", "organisation", "queue_name", "answered_by", "outcome"} {
			if got := s.share(level+field, false); got < 100 {
				t.Errorf("%s%s is right in %.1f %% of what can be known, want 100", level, field, got)
			}
		}
	}
	if got := s.share("conversation│disconnected_by", true); got < 95 {
		t.Errorf("disconnected_by is right in %.1f %% of all conversations, want 95", got)
	}
	s.onPage(t)
}

const (
	tableBegins = "<!-- accuracy: go test ./enricher -run Accuracy -update -->\n"
	tableEnds   = "<!-- end of accuracy -->\n"
	pageFile    = "../docs/understanding.md"
)

// onPage holds the page's table against today's, or writes it.
func (s *scores) onPage(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(page, []byte(tableBegins))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ok2 {
		t.Fatalf("%s has no table between %q and %q", pageFile, tableBegins, tableEnds)
	}
	want := bytes.Join([][]byte{before, []byte(tableBegins), []byte(s.report()), []byte(tableEnds), after}, nil)
	if bytes.Equal(page, want) {
		return
	}
	if !*update {
		t.Errorf("the table in %s is not today's; go test ./enricher -run Accuracy -update writes it:\n%s", pageFile, s.report())
		return
	}
	if err := os.WriteFile(pageFile, want, 0o600); err != nil {
		t.Fatal(err)
	}
}

// report is the table, and behind it why what is unknown is.
func (s *scores) report() string {
	var b strings.Builder
	b.WriteString("\n" + s.table() + "\n")
	reasons := map[string][]string{}
	for key, u := range s.undecidable {
		cells := strings.Split(key, "│")
		reasons[u.why] = append(reasons[u.why], fmt.Sprintf("%s of %s %s", strings.ReplaceAll(cells[2], "_", "\\_"), cells[1], strings.ReplaceAll(cells[0], "_", "\\_")))
	}
	var whys []string
	for why := range reasons {
		whys = append(whys, why)
	}
	slices.Sort(whys)
	b.WriteString("| why nothing tells | which field of which scenario |\n|---|---|\n")
	for _, why := range whys {
		slices.Sort(reasons[why])
		fmt.Fprintf(&b, "| %s | %s |\n", why, strings.Join(reasons[why], "; "))
	}
	b.WriteString("\n")
	return b.String()
}
