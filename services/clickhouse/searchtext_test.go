package clickhouse_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestTextPattern(t *testing.T) {
	t.Parallel()
	for piece, want := range map[string]string{
		"919944":     "%919944%",
		"+9199":      "%+9199%",
		"Sales DESK": "%sales desk%",
		"50%_off":    `%50\%\_off%`,
		"Ärzte":      "%ärzte%",
		"Süß Ass":    "%üß a%",    // ſ is an s, too
		"ΟΔΟΣ 12":    "%οδο% 12%", // its last letter has two small forms
		`O"Neil`:     "%o%neil%",
		`"Anna" <12`: "%anna% <12%",
		"İzmir":      "%zmir%",
		"KIT":        "%kit%",
		"a\xffbcd":   "%a%bcd%",
		"12":         "",
		`1"2"3`:      "",
		"":           "",
	} {
		if got := clickhouse.TextPattern(piece); got != want {
			t.Errorf("%q becomes %q, want %q", piece, got, want)
		}
	}
}

// Whatever holds a piece meets its pattern: a search must lose nothing to the index.
func TestTextPatternMissesNothing(t *testing.T) {
	t.Parallel()
	store := open(t)
	letters := []rune("aAbsSſkKKßẞiIıİσΣςéÉжЖ0123 %_\\\"<>'-📞\u0307\u00a0")
	r := rand.New(rand.NewPCG(3, 14))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	const half = 2000
	var rows []string
	for range half {
		name := text(4 + r.IntN(12))
		runes := []rune(name)
		from := r.IntN(len(runes) - 2)
		piece := string(runes[from : from+1+r.IntN(len(runes)-from)])
		switch r.IntN(3) {
		case 0:
			piece = strings.ToUpper(piece)
		case 1:
			piece = strings.ToLower(piece)
		}
		held := regexp.MustCompile("(?i)" + regexp.QuoteMeta(piece)).MatchString(name)
		if strings.IndexFunc(piece, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
			held = strings.Contains(strings.Map(small, name), strings.Map(small, piece))
		}
		pattern := clickhouse.TextPattern(piece)
		if !held || pattern == "" {
			continue
		}
		// The name as a caller id, and as the detail of a conversation has it.
		detail := call.NameOnly(name)
		rows = append(rows, fmt.Sprintf("(%s,%s,%s)", sqlText(name), sqlText(detail), sqlText(pattern)))
	}
	if len(rows) < half/4 {
		t.Fatalf("%d cases", len(rows))
	}
	for _, column := range []string{"name", `arrayStringConcat(extractAll(detail, 'name":"((?:[^"\\\\]|\\\\.)*)'))`} {
		missed := store.Text(t, "SELECT arrayStringConcat(groupArray(concat(name, ' by ', pattern)), '\n') FROM values('name String, detail String, pattern String', "+
			strings.Join(rows, ",")+") WHERE NOT lowerUTF8("+column+") LIKE pattern")
		if missed != "" {
			t.Errorf("in %s are missed:\n%s", column, missed)
		}
	}
}

// small gives ASCII letters alone another case.
func small(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func sqlText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// found are the ids that a search gives, by the index and whatever versions and tombstones there are.
func found(t *testing.T, store *clickhouse.Store, piece string) string {
	t.Helper()
	return store.Text(t, "SELECT arrayStringConcat(arraySort(groupArray(toString(id))), ' ') FROM calls FINAL WHERE org_id = 1 AND search_text LIKE "+
		sqlText(clickhouse.TextPattern(piece)))
}

func TestSearchText(t *testing.T) {
	t.Parallel()
	store := open(t)
	at := func(id uint64, change func(*call.Call)) call.Call {
		c := call.Blank(id)
		c.OrgID, c.Calldate, c.Version, c.Source = 1, call.Instant(1795228246000+id*1000), 1, "pbx"
		change(&c)
		return c
	}
	var calls []call.Call
	calls = append(calls,
		at(1, func(c *call.Call) { c.Src, c.Caller = "09944556677", "+919944556677" }),
		at(2, func(c *call.Call) { c.Dst, c.Callee = "919944556677", "+919944556677" }),
		at(3, func(c *call.Call) { c.Clid = `"Élodie Martin" <anonymous>` }),
		at(4, func(c *call.Call) { c.Conversation.Detail = call.NameOnly("Reception Élodie") }),
		at(5, func(c *call.Call) {
			c.Conversation.Detail = `{"dst":"nothing","participants":[{"extension":"1","name":"Anna","rang":true,"answered":true},{"extension":"2","name":"O\"Neil","rang":true,"answered":true}]}`
		}),
		at(6, func(c *call.Call) {
			c.RangExtension, c.AnsweredBy, c.Did, c.CallerExtension = "7001", "7002", "918065", "7003"
		}),
		at(7, func(c *call.Call) { c.Src, c.Caller, c.Dst, c.Callee = "9944", "", "5566", "+915566" }),
	)
	word := func(r rune) rune { return r + 'p' - '0' }
	for i := range uint64(20_000) {
		calls = append(calls, at(100+i, func(c *call.Call) { c.Src = "#" + strings.Map(word, fmt.Sprintf("%05d", i)) }))
	}
	insert(t, store, "first", calls...)

	check := func(when string, want map[string]string) {
		t.Helper()
		for piece, ids := range want {
			if got := found(t, store, piece); got != ids {
				t.Errorf("%s: %q finds %q, want %q", when, piece, got, ids)
			}
		}
	}
	want := map[string]string{
		"9944556677": "1 2", "0994455": "1", "+9199": "1 2", "ÉLODIE": "3 4", "martin": "3", "anna": "5", "neil": "5", "nothing": "",
		"700": "6", "7002": "6", "7003": "6", "8065": "6", "9944": "1 2 7", "5566": "1 2 7", "+9155": "7", "#QRSTU": "12445", "no such": "",
	}
	check("one part", want)

	// A newer version no longer has the text, a tombstone never had it: neither old row may come back by the index.
	corrected, removed := calls[0], grave(calls[1], 2)
	corrected.Src, corrected.Caller, corrected.Version = "1", "", 2
	insert(t, store, "second", corrected, removed)
	for piece, ids := range map[string]string{"9944556677": "", "0994455": "", "+9199": "", "9944": "7", "5566": "7"} {
		want[piece] = ids
	}
	check("with newer versions", want)
	store.Merge(t)
	check("merged", want)

	plan := store.Text(t, "SELECT arrayStringConcat(groupArray(explain), '\n') FROM (EXPLAIN indexes = 1 SELECT id FROM calls FINAL WHERE org_id = 1 AND search_text LIKE '%no such%')")
	if !strings.Contains(plan, "Name: tx_search") || !strings.Contains(plan, "Granules: 0/") {
		t.Errorf("the index is not used, or leaves something to read:\n%s", plan)
	}
}

// A table of the first version has other indexes, and parts that know nothing of search_text.
func TestSearchTextOfAnOlderTable(t *testing.T) {
	t.Parallel()
	w := servertest.ClickHouse(t)
	store, err := clickhouse.Open(clickhouse.Config{DSN: w.DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	row := func(id, version int, src string) string {
		return fmt.Sprintf("INSERT INTO calls (org_id, calldate, id, version, source, src) VALUES (1, '2026-11-20 10:00:0%d', %d, %d, 'pbx', '%s')", id, id, version, src)
	}
	store.MigrateTo(t, "0002_understanding.sql",
		"ALTER TABLE calls ADD INDEX tx_src src TYPE text(tokenizer = ngrams(3)), ADD INDEX tx_dst dst TYPE text(tokenizer = ngrams(3))",
		row(1, 1, "919944556677"), row(2, 1, "919944556678"), row(3, 1, "12345"))
	for range 2 {
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	corrected := call.Blank(2)
	corrected.OrgID, corrected.Calldate, corrected.Version, corrected.Source = 1, call.InstantOf(time.Date(2026, 11, 20, 10, 0, 2, 0, time.UTC)), 2, "pbx"
	later := corrected
	later.ID, later.Src = 4, "0994455"
	insert(t, store, "later", corrected, later)
	for _, when := range []string{"before a merge", "after it"} {
		for piece, ids := range map[string]string{"994455": "1 4", "556678": "", "123": "3"} {
			if got := found(t, store, piece); got != ids {
				t.Errorf("%s %q finds %q, want %q", when, piece, got, ids)
			}
		}
		store.Merge(t)
	}
	if names := store.Text(t, "SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = 'calls' AND startsWith(name, 'tx_')"); names != "tx_search" {
		t.Errorf("text indexes are %q", names)
	}
}
