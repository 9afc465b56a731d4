package call

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func tableOf(names ...string) *Table {
	columns := make([]Column, len(names))
	for i, n := range names {
		name, typ, _ := strings.Cut(n, " ")
		columns[i] = Column{Name: name, Type: typ}
	}
	return NewTable(columns)
}

// texts that a typed field could lose.
var awkward = []string{
	"", "0", "-0", "007", "+7", "12", "-3", "9223372036854775807", "9223372036854775808", "1.5", "abc", "NULL", "\x00", "\xff\xfe",
	"2026-04-12 12:07:13", "2026-04-12 12:07:13.250", "0000-00-00 00:00:00", "2026-02-30 10:00:00", "9999-12-31 23:59:59",
	"\"Bob \\\"The Builder\\\"\" <1>", "मीरा 📞", "a,b;c|d", strings.Repeat("x", 70000),
}

func TestEveryRawTextComesBack(t *testing.T) {
	t.Parallel()
	names := append(Standard(), "site one", "direction", "UPPER")
	table := tableOf(names...)
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		row := Row{ID: 5, Values: make([]Value, len(names))}
		for i := range row.Values {
			if random.IntN(4) > 0 {
				row.Values[i] = Value{Text: awkward[random.IntN(len(awkward))], Valid: true}
			}
		}
		c := Call{ID: ID(3, 5), Calldate: InstantOf(time.Date(2026, 4, 12, 6, 37, 13, 0, time.UTC)), CalldateOffset: 19800, Answer: NoInstant, End: NoInstant}
		c.SetRaw(table, &row)
		for i := range row.Values {
			if got := c.Raw(i); got != row.Values[i] {
				t.Fatalf("column %s: %+v came back as %+v", names[i], row.Values[i], got)
			}
		}
		text := c.AppendJSON(nil)
		if !json.Valid(text) || !utf8.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
	}
}

// The sample record of the Call Logs API, rendered from the row it was made of.
func TestDocumentedRecord(t *testing.T) {
	t.Parallel()
	table := NewTable([]Column{
		{Name: "id", Type: "bigint(20) unsigned"},
		{Name: "calldate", Type: "datetime"},
		{Name: "src", Type: "varchar(80)"},
		{Name: "dst", Type: "varchar(80)"},
		{Name: "disposition", Type: "varchar(45)"},
		{Name: "duration", Type: "int(11)"},
		{Name: "billsec", Type: "int(11)"},
		{Name: "answer", Type: "datetime"},
		{Name: "recordingfile", Type: "varchar(255)"},
		{Name: "direction", Type: "varchar(9)"},
		{Name: "cost", Type: "decimal(20,4)"},
		{Name: "big", Type: "bigint(20) unsigned"},
		{Name: "marks", Type: "bit(10)"},
		{Name: "callid", Type: "varchar(32)", Means: "uniqueid"},
	})
	row := Row{ID: 10, Values: []Value{
		{"10", true},
		{"2026-04-12 17:37:13", true},
		{"919944421125", true},
		{"918065978001", true},
		{"NO ANSWER", true},
		{"10", true},
		{"0", true},
		{},
		{"x.wav", true},
		{"their own", true},
		{"0.1000", true},
		{"18446744073709551615", true},
		{"\x02\x01", true},
		{"1775.1", true},
	}}
	c := Blank(10)
	c.OrgID, c.Source, c.Calldate, c.CalldateOffset = 1, "pbx", InstantOf(time.Date(2026, 4, 12, 12, 7, 13, 0, time.UTC)), 19800
	c.Direction, c.Trunk, c.RangExtension, c.WaitTime = Inbound, "tata_gateway", "1001", 10
	c.DisconnectedBy, c.Confidence, c.HangupCause, c.HangupReason = ByCaller, 70, "16", "Normal Clearing"
	c.HangupSource = "PJSIP/tata_gateway-..."
	c.Did, c.Outcome, c.LegKind, c.RingTime, c.Caller, c.Tags = "918065978001", OutcomeMissed, LegDial, 10, "+919944421125", []string{"sales"}
	c.SetRaw(table, &row)
	want := `{"id":10,"calldate":"2026-04-12T12:07:13Z","src":"919944421125","dst":"918065978001","disposition":"NO ANSWER","duration":10,` +
		`"billsec":0,"direction":"inbound","rang_extension":"1001","answered_by":null,"answered_type":null,"wait_time":10,` +
		`"disconnected_by":"caller","hangup_cause":"16","hangup_reason":"Normal Clearing","hangup_source":"PJSIP/tata_gateway-...",` +
		`"queue_name":null,"queue_wait_time":null,"answered_agent":null,"recording_url":"/api/v1/calls/10/recording",` +
		`"org_id":1,"source":"pbx","row_id":10,"conversation_id":"pbx:1775.1","trunk":"tata_gateway","did":"918065978001","outcome":"missed","leg_kind":"dial",` +
		`"ring_time":10,"talk_time":null,"ivr_time":null,"caller_extension":null,"caller":"+919944421125","callee":null,"withheld":false,` +
		`"tags":["sales"],"disconnected_confidence":0.7,"recording_state":null,"calldate_local":"2026-04-12 17:37:13",` +
		`"answer":null,"answer_local":null,"end":null,"end_local":null,"flags":[],"filled":[],` +
		`"recordingfile":"x.wav","raw_direction":"their own","cost":0.1000,"big":18446744073709551615,"marks":513,"uniqueid":"1775.1","callid":"1775.1"}`
	if got := string(c.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestInvalidUTF8IsKeptAndFlagged(t *testing.T) {
	t.Parallel()
	table := tableOf("id int", "clid varchar(80)")
	c := Blank(1)
	c.SetRaw(table, &Row{ID: 1, Values: []Value{{"1", true}, {"M\xfcller", true}}})
	var shown struct {
		Clid    string            `json:"clid"`
		Flags   []string          `json:"flags"`
		Invalid map[string][]byte `json:"invalid_utf8"`
	}
	if err := json.Unmarshal(c.AppendJSON(nil), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Clid != "M\ufffdller" || !reflect.DeepEqual(shown.Flags, []string{"invalid_utf8:clid"}) || string(shown.Invalid["clid"]) != "M\xfcller" {
		t.Errorf("shown as %+v", shown)
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-5": "-5", "00042": "42", "-007.50": "-7.50", "0.10": "0.10", "1e400": "1e400", "1.5E-7": "1.5E-7",
		"123456789012345678901234567890.5": "123456789012345678901234567890.5",
		"":                                 `""`, "abc": `"abc"`, "1.": `"1."`, ".5": `".5"`, "--1": `"--1"`, "1e": `"1e"`, "inf": `"inf"`,
	} {
		got := string(appendNumber(nil, text))
		if got != want || !json.Valid([]byte(got)) {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}

func TestStringsAreJSON(t *testing.T) {
	t.Parallel()
	for _, s := range append(awkward, "\b\f\n\r\t\x1f\x7f\u2028</script>", "\xed\xa0\x80") {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Errorf("%q became %q, %v", s, back, err)
		}
	}
}

func TestChunkRoundTrip(t *testing.T) {
	t.Parallel()
	table := tableOf("id bigint", "src varchar(80)", "note text")
	o := Origin{Source: "pbx", SourceNumber: 7, Zone: "Asia/Kolkata", Kind: KindPage, Table: table}
	b := NewBuilder(o, 3)
	var want []Row
	for i := range 100 {
		values := [][]byte{[]byte("1"), nil, {}}
		if i%2 == 0 {
			values[2] = bytes.Repeat([]byte{0xff}, i*100)
		}
		id := uint64(1000 - i)
		hash := Append(b, id, values)
		r := Row{ID: id, Hash: hash, Values: []Value{{"1", true}, {}, {string(values[2]), true}}}
		want = append(want, r)
	}
	c := b.Chunk()
	c.Body = bytes.Clone(c.Body)
	b.Reset()
	if c.Count != 100 || c.First != 901 || c.Last != 1000 || c.Partition != 3 || c.Kind != KindPage || b.Len() != 0 {
		t.Fatalf("chunk %+v", c)
	}
	r, err := NewReader(c.Body)
	if err != nil || r.Origin.Source != "pbx" || r.Origin.SourceNumber != 7 || r.Origin.Zone != "Asia/Kolkata" || r.Origin.Kind != KindPage || r.Origin.Table.String() != table.String() {
		t.Fatalf("origin %+v, %v", r.Origin, err)
	}
	var row Row
	for i := 0; r.Next(&row); i++ {
		if got := CloneRow(&row); !reflect.DeepEqual(got, want[i]) {
			t.Fatalf("row %d: %+v, want %+v", i, got, want[i])
		}
		again := NewBuilder(o, 3)
		if again.AppendRow(&row) != row.Hash {
			t.Fatalf("row %d: another hash when appended again", i)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
}

func FuzzReader(f *testing.F) {
	b := NewBuilder(Origin{Source: "a", Table: tableOf("id int", "src text")}, 0)
	Append(b, 1, [][]byte{[]byte("1"), nil})
	f.Add(b.Chunk().Body)
	f.Add([]byte{format})
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := NewReader(body)
		if err != nil {
			return
		}
		var row Row
		for n := 0; r.Next(&row); n++ {
			if n > len(body) {
				t.Fatal("more rows than bytes")
			}
			c := Call{Answer: NoInstant, End: NoInstant}
			c.SetRaw(r.Origin.Table, &row)
			if text := c.AppendJSON(nil); !json.Valid(text) {
				t.Fatalf("not JSON: %s", text)
			}
		}
	})
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	if ID(0, 10) != 10 {
		t.Error("source 0 does not keep the table's ids")
	}
	if id := ID(MaxSourceNumber, MaxRowID); id >= 1<<53 {
		t.Errorf("%d is no integer for every JSON reader", id)
	}
	if n, row := SplitID(ID(12, 99)); n != 12 || row != 99 {
		t.Errorf("split into %d, %d", n, row)
	}
	if ValidRowID(0) || ValidRowID(1<<40) || !ValidRowID(1) || !ValidRowID(1<<40-1) {
		t.Error("wrong bounds of row ids")
	}
	v := NewVersion(1<<20-1, 1<<32-1, 4095)
	if v.Epoch() != 1<<20-1 || v.Sequence() != 1<<32-1 || NewVersion(1, 0, 0) <= NewVersion(0, 1<<32-1, 4095) || NewVersion(0, 1, 0) <= NewVersion(0, 0, 4095) {
		t.Errorf("version %v", v)
	}
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	if e := NextEpoch(now, 0); e != 60392+0 && NextEpoch(now, e) != e+1 {
		t.Errorf("epoch %d", e)
	}
	var used [Partitions]int
	for i := range 16000 {
		used[Partition("1795228140."+string(rune('0'+i%10))+string(rune('0'+i/10%10))+string(rune('0'+i/100%10))+string(rune('0'+i/1000%16)))]++
	}
	for p, n := range used {
		if n < 500 || n > 2000 {
			t.Errorf("partition %d holds %d of 16000 conversations", p, n)
		}
	}
}

func TestTableRoundTrip(t *testing.T) {
	t.Parallel()
	a := NewTable([]Column{{Name: "ID", Type: "int"}, {Name: "callid", Type: "varchar(3)", Means: "uniqueid"}, {Name: "we \"ird", Type: "enum('a','b')"}})
	b, err := ParseTable(a.String())
	if err != nil || !reflect.DeepEqual(a.Columns, b.Columns) || b.Place("uniqueid") != 1 || b.Place("id") != 0 || b.Place("nope") != -1 {
		t.Errorf("%+v, %v", b, err)
	}
	for _, bad := range []string{"", "x", "[[]]", `[["a"]]`, `[["a","b","c","d"]]`} {
		if _, err := ParseTable(bad); err == nil {
			t.Errorf("%q was taken for a table", bad)
		}
	}
}
