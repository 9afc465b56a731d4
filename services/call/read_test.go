package call

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// What AppendJSON shows of any row is shown again of what ReadJSON made of it.
func TestReadJSONUndoesAppendJSON(t *testing.T) {
	t.Parallel()
	names := []string{"id bigint(20)"}
	for _, name := range Standard()[1:] {
		switch name {
		case "duration", "billsec", "amaflags", "sequence", "queue_wait_time":
			name += " int(11)"
		default:
			name += " varchar(80)"
		}
		names = append(names, name)
	}
	names = append(names, "site varchar(10)", "direction varchar(10)", "UPPER text", "cost decimal(20,4)", "marks bit(8)")
	table := tableOf(names...)
	odd := slices.DeleteFunc(slices.Clone(awkward), func(text string) bool { return len(text) > 1000 })
	random := rand.New(rand.NewPCG(1, 2))
	some := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	for range 3000 {
		row := Row{ID: 5, Values: make([]Value, len(names))}
		for i := range row.Values {
			if random.IntN(4) > 0 {
				row.Values[i] = Value{Text: odd[random.IntN(len(odd))], Valid: true}
			}
		}
		row.Values[0] = Value{Text: "5", Valid: true}
		c := Blank(ID(3, 5))
		c.Calldate, c.CalldateOffset = InstantOf(time.Date(2026, 4, 12, 6, 37, 13, 0, time.UTC)), 19800
		if random.IntN(3) == 0 {
			c.Answer, c.AnswerOffset = c.Calldate+4250, 19800
		}
		if random.IntN(9) == 0 {
			c.Flags = FlagCalldateInvalid
		}
		c.SetRaw(table, &row)
		c.OrgID, c.Source, c.Direction, c.Outcome = 7, "pbx", Inbound, OutcomeAnswered
		c.Queue, c.Agent, c.Trunk = some("", "5001"), some("", "1002"), some("", "tata")
		c.WaitTime, c.QueueWait, c.IvrTime = random.Int64N(9)-1, random.Int64N(9)-1, NoSeconds
		c.Confidence, c.Withheld = uint8(random.IntN(101)), random.IntN(2) == 0
		if random.IntN(3) == 0 {
			c.Tags, c.Joined = []string{"sales", "a,b"}, "1775.7"
		}
		shown := string(c.AppendJSON(nil))
		read, err := ReadJSON([]byte(shown))
		if err != nil {
			t.Fatalf("%v: %s", err, shown)
		}
		// The columns of a table that the record tells of stand in the record's order, and so do their bytes.
		if again := string(read.AppendJSON(nil)); again != shown && !(strings.Contains(shown, `"invalid_utf8":{`) && same(t, again, shown)) {
			t.Fatalf("shown as\n%s\nand after it was read\n%s", shown, again)
		}
		if read.ConversationKey() != c.ConversationKey() || read.Omitted() != c.Omitted() || read.HasRecording() != c.HasRecording() || read.OrgID != 7 {
			t.Fatalf("read as %+v", read)
		}
	}
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	var one, two map[string]any
	if err := errors.Join(json.Unmarshal([]byte(a), &one), json.Unmarshal([]byte(b), &two)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(one, two)
}

// The typed fields that filters go by come back as they were.
func TestReadJSONFields(t *testing.T) {
	t.Parallel()
	table := tableOf("id int", "calldate datetime", "clid text", "src text", "dst text", "billsec int", "amaflags int", "uniqueid text", "linkedid text", "queue_name text", "recordingfile text")
	c := Blank(9)
	c.Calldate, c.CalldateOffset = InstantOf(time.Date(2026, 11, 21, 2, 29, 0, 0, time.UTC)), 19800
	c.SetRaw(table, &Row{ID: 9, Values: []Value{
		{"9", true}, {"2026-11-21 07:59:00", true}, {`"Zoë" <1001>`, true}, {"1001", true}, {"1002", true}, {"12", true}, {"1", true}, {"17.1", true}, {"17.0", true}, {}, {"a.wav", true},
	}})
	c.OrgID, c.Source, c.Direction, c.Queue, c.Tags, c.Confidence = 1, "pbx", Internal, "5001", []string{"x"}, 90
	read, err := ReadJSON(c.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read.Nulls, "queue_name") || read.QueueName != "" {
		t.Errorf("what the row does not say was taken for its own: %q %q", read.Nulls, read.QueueName)
	}
	// The table is known in part, and NULL is also what stands for a column that the table lacks.
	read.Table, c.Table, read.Nulls, c.Nulls = nil, nil, "", ""
	if !reflect.DeepEqual(read, c) {
		t.Errorf("got  %+v\nwant %+v", read, c)
	}
}

func TestReadJSONEpoch(t *testing.T) {
	t.Parallel()
	for uniqueid, want := range map[string]Instant{
		"1775995633.41": 1775995633000, "pbx-1775995633.41": 1775995633000, "": 0, "x": 0, "17.1": 0, "99999999999.1": 0,
	} {
		read, err := ReadJSON([]byte(`{"id":1,"calldate":null,"org_id":1,"source":"pbx","conversation_id":"pbx:1","calldate_local":"0000-00-00 00:00:00","flags":["calldate_invalid"],"uniqueid":"` + uniqueid + `"}`))
		if err != nil || read.Calldate != want {
			t.Errorf("%q: calldate %d, %v; want %d", uniqueid, read.Calldate, err, want)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	c := Blank(1)
	c.SetRaw(tableOf("id int", "src text"), &Row{ID: 1, Values: []Value{{"1", true}, {"M\xfcller", true}}})
	f.Add(c.AppendJSON(nil))
	for _, text := range []string{"", "{}", "null", "[]", `{"id":-1}`, `{"id":1e3}`, `{"tags":[1]}`, `{"src":{"a":[]}}`, `{"src":true}`, `{"flags":null,"filled":["queue_name"],"queue_name":5}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		read, err := ReadJSON(record)
		if err != nil {
			return
		}
		shown := read.AppendJSON(nil)
		if _, err := ReadJSON(shown); err != nil || !json.Valid(shown) {
			t.Fatalf("%q was read, but not what is shown of it: %v: %s", record, err, shown)
		}
	})
}

func BenchmarkReadJSON(b *testing.B) {
	names := append(Standard(), "site", "cost")
	row := Row{ID: 5, Values: make([]Value, len(names))}
	for i := range row.Values {
		row.Values[i] = Value{Text: "PJSIP/1001-0000001", Valid: true}
	}
	c := Blank(5)
	c.SetRaw(tableOf(names...), &row)
	record := c.AppendJSON(nil)
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if _, err := ReadJSON(record); err != nil {
			b.Fatal(err)
		}
	}
}
