package main

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// other names for all that the reference data calls by name. Extensions get other numbers of digits, contexts match no
// standard pattern, a trunk is called by a number, another has the dashes and dots of a channel id.
var otherNames = map[string]string{
	"1001": "3300101", "1002": "3300102", "1003": "3300103", "1004": "3300104", "1005": "3300105",
	"1006": "706", "1007": "707", "1008": "708", "1009": "709", "1010": "55010", "1555": "77555", "4242": "77242",
	"600": "60000001", "601": "60000002", "610": "60000003", "620": "60000004", "800": "60000005",
	"tata_gateway": "5550001", "airtel_gateway": "carrier-b.example", "dead_gateway": "x9",
	"from-trunk": "downtown", "from-internal": "desks", "from-queue": "floor-2", "ivr-main": "welcome", "queues": "lines",
	"support": "4401", "sales": "verkauf nord",
	"918065978001": "02071830001", "918065978002": "02071830002", "918065978003": "02071830003", "918065978004": "02071830004",
	"918065978005": "02071830005", "918065978006": "02071830006", "918065978007": "02071830007", "918065978008": "02071830008",
	"918065978009": "02071830009", "918065978010": "02071830010", "918065970000": "02071839999",
	// Labels of the dialplan that say in their names what became of a Dial.
	"ob-CHANUNAVAIL": "after1", "st-CHANUNAVAIL": "after2", "ob-CONGESTION": "after3", "st-NOANSWER": "after4",
	"ob-NOANSWER": "after5", "ob-BUSY": "after6", "st-BUSY": "after7",
}

var otherAccounts = map[string]string{"1": "north-7f3a", "2": "5"}

// byLength has the longest names first, so that a name within another does not come before it.
var byLength = func() []string {
	for _, extension := range slices.Collect(maps.Keys(otherNames)) {
		if isExtension(extension) {
			otherNames["8"+extension] = "8" + otherNames[extension] // behind the * of a pickup code
		}
	}
	names := slices.Collect(maps.Keys(otherNames))
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return names
}()

func otherName(column, text string) string {
	switch column {
	case "uniqueid", "linkedid", "calldate", "answer", "end", "duration", "billsec", "sequence", "amaflags", "queue_wait_time":
		return text
	case "accountcode", "peeraccount":
		return cmp.Or(otherAccounts[text], text)
	}
	return replaceNames(text)
}

func replaceNames(text string) string {
	var b strings.Builder
next:
	for i := 0; i < len(text); {
		if i == 0 || !isNameByte(text[i-1]) {
			for _, name := range byLength {
				if end := i + len(name); strings.HasPrefix(text[i:], name) && (end == len(text) || !isNameByte(text[end])) {
					b.WriteString(otherNames[name])
					i = end
					continue next
				}
			}
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

func isNameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// What is understood must not hang on what a site calls things: with every name changed, in the rows, in the truth and in
// the rules, the same is right and the same unknown.
func TestAccuracyDoesNotDependOnNames(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/asterisk/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	renamed := replaceNames(string(text))
	for code, other := range otherAccounts {
		renamed = strings.ReplaceAll(renamed, `accountcodes: ["`+code+`"]`, `accountcodes: ["`+other+`"]`)
	}
	if err := os.WriteFile(file, []byte(renamed), 0o600); err != nil {
		t.Fatal(err)
	}
	u := understandingOf(t, file)
	calls := readRows(t, u, otherName)
	for _, c := range calls {
		for column, text := range map[string]string{"channel": c.Channel, "dstchannel": c.Dstchannel, "dst": c.Dst, "dcontext": c.Dcontext, "lastdata": c.Lastdata, "queue_name": c.QueueName} {
			if replaceNames(text) != text {
				t.Fatalf("row %d: %s %q still has a name of the reference data", c.ID, column, text)
			}
		}
	}
	want := measure(t, understandingOf(t, "testdata/asterisk/rules.yaml"), same)
	got := measure(t, u, otherName)
	if got.table() != want.table() {
		t.Errorf("the table is\n%s\nand with other names\n%s", want.table(), got.table())
	}
	for _, note := range got.notes {
		t.Error(note)
	}
}

// Every name of the reference data has another here, or the test above would prove nothing about it.
func TestEveryNameOfTheReferenceDataIsRenamed(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	readLines(t, "testdata/asterisk/rows.jsonl", func(line []byte) {
		var row struct{ Channel, Dstchannel, Dcontext, Accountcode, QueueName string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		names[row.Dcontext], names[row.QueueName] = true, true
		if row.Accountcode != "" && otherAccounts[row.Accountcode] == "" {
			t.Errorf("account code %s has no other name", row.Accountcode)
		}
		for _, channel := range []string{row.Channel, row.Dstchannel} {
			c, _ := parseChannel(channel)
			names[c.endpoint], names[c.context] = true, true
		}
	})
	delete(names, "")
	if len(names) < 15 {
		t.Fatalf("only %d names", len(names))
	}
	for name := range names {
		if otherNames[name] == "" {
			t.Errorf("%s has no other name", name)
		}
	}
}

// No name of the reference data is written into the code: a text that is a value rather than a sentence has none.
func TestTheCodeKnowsNoNameOfTheReferenceData(t *testing.T) {
	t.Parallel()
	// Contexts that FreePBX has everywhere are knowledge, not a site's names.
	standard := map[string]bool{"from-trunk": true, "from-internal": true}
	// A statistic of the Call Logs API bears the same name as a context of the site; no rule reads it.
	statistics := map[string]string{"../services/clickhouse/statistics.go": "queues"}
	seen := 0
	for _, root := range []string{".", "../services"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			seen++
			for _, text := range literals(t, path) {
				if strings.ContainsAny(text, " %\n") || strings.HasPrefix(text, "yaml:") || text == statistics[path] {
					continue // a sentence: an example in a complaint, a query; a key of the rules file
				}
				if strings.Contains(text, "1795228") {
					t.Errorf("%s has %q, an id of the reference data", path, text)
				}
				for _, name := range byLength {
					if !standard[name] && hasName(text, name) {
						t.Errorf("%s has %q, a name of the reference data", path, text)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 80 {
		t.Errorf("only %d files were read", seen)
	}
}

func hasName(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !isNameByte(text[i-1]) && text[i-1] != '-') && (end == len(text) || !isNameByte(text[end])) {
			return true
		}
		from = i + 1
	}
}

// literals of a Go file, other than its imports.
func literals(t *testing.T, path string) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			list = append(list, text)
		}
		return true
	})
	return list
}

func understandingOf(t testing.TB, file string) *understanding {
	t.Helper()
	r, err := loadRules(file)
	if err != nil {
		t.Fatal(err)
	}
	return newUnderstanding(r)
}
