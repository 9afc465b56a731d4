package call

import (
	"strings"
	"testing"
)

// No text that a call shows leads to its recording once that is erased, and everything else is as it was.
func TestEraseRecording(t *testing.T) {
	t.Parallel()
	table := tableOf("id bigint(20)", "src varchar(80)", "lastdata varchar(80)", "uniqueid varchar(32)", "userfield varchar(255)", "linkedid varchar(32)",
		"recordingfile varchar(255)", "audio varchar(255)", "note varchar(255)", "peeraccount varchar(20)")
	for _, test := range []struct {
		name, raw, erased string // as the table, NULL is -
	}{
		{"a bare name", "7|100|MixMonitor,x-100.wav,b|1.1|hs=a|1.1|x-100.wav|/mnt/2026/x-100.wav|the x-100 file|-", "7|100|MixMonitor,,b|1.1|hs=a|1.1|-|/mnt/2026/|the x-100 file|-"},
		{"a path", "7|100|-|1.1|rec:x.wav;hs=a|1.1|/var/spool/x.wav|-|x.wav x.wav|9", "7|100|-|1.1|rec:;hs=a|1.1|-|-| |9"},
		{"within longer names", "7|100|MixMonitor(x.wav)|1.1|ax.wav;x.wav,x.wav2;-x.wav|1.1|x.wav|/a/x.wav?b|x.wavx.wav xx.wav|-", "7|100|MixMonitor()|1.1|ax.wav;,x.wav2;-x.wav|1.1|-|/a/?b|x.wavx.wav xx.wav|-"},
		{"named after the call", "7|100|a 1.1 b|1.1|1.1|1.1|/var/1.1|1.1|-|-", "7|100|a 1.1 b|1.1|1.1|1.1|-|1.1|-|-"},
		{"a directory alone", "7|100|a|1.1|-|1.1|/var/|-|-|-", "7|100|a|1.1|-|1.1|-|-|-|-"},
		{"no recording", "7|100|a|1.1|-|1.1|-|-|-|-", "7|100|a|1.1|-|1.1|-|-|-|-"},
		{"an empty one", "7|100|a|1.1|-|1.1||-|-|-", "7|100|a|1.1|-|1.1|-|-|-|-"},
	} {
		c := Blank(7)
		c.SetRaw(table, readRow(test.raw))
		c.Flags = "calldate_invalid"
		shared := c
		c.EraseRecording(false)
		if c.recordingState() != "erasing" || !c.RecordingErased() || c.recordingURL() != "" {
			t.Errorf("%s: the state is %q, the URL %q", test.name, c.recordingState(), c.recordingURL())
		}
		c.EraseRecording(true)
		if c.Flags != "calldate_invalid,recording_erased" || c.recordingState() != "erased" {
			t.Errorf("%s: flags %q", test.name, c.Flags)
		}
		if got := rowText(c.RawRow()); got != test.erased {
			t.Errorf("%s: %s, want %s", test.name, got, test.erased)
		}
		if got := rowText(shared.RawRow()); got != test.raw {
			t.Errorf("%s: a copy of the call changed to %s", test.name, got)
		}
		// It is as if the PBX had written the row so: the hash, too.
		b := NewBuilder(Origin{Table: table}, 0)
		row := c.RawRow()
		if hash := b.AppendRow(&row); hash != c.RawHash {
			t.Errorf("%s: the hash of the row is %d, of the call %d", test.name, hash, c.RawHash)
		}
		again := Blank(7)
		again.SetRaw(table, readRow(test.erased))
		if again.Nulls != c.Nulls {
			t.Errorf("%s: NULL are %s, want %s", test.name, c.Nulls, again.Nulls)
		}
	}
	// A further name that the file had.
	c := Blank(7)
	c.SetRaw(table, readRow("7|100|a y.wav|1.1|-|1.1|-|-|-|-"))
	c.EraseRecording(true, "/old/y.wav", "")
	if got := rowText(c.RawRow()); got != "7|100|a |1.1|-|1.1|-|-|-|-" {
		t.Error(got)
	}
}

func TestDropRecordings(t *testing.T) {
	t.Parallel()
	c := Blank(7)
	gone := func(r Recording) bool { return r.CallID == 7 }
	c.Conversation.Detail = `{"src":"1","recordings":[{"call_id":7,"file":"a.wav"},{"call_id":8,"file":"b.wav"}]}`
	if len(c.Recordings()) != 2 {
		t.Error(c.Recordings())
	}
	c.DropRecordings(gone)
	if want := `{"src":"1","recordings":[{"call_id":8,"file":"b.wav"}]}`; c.Conversation.Detail != want {
		t.Errorf("%s, want %s", c.Conversation.Detail, want)
	}
	for _, kept := range []string{"", `{"recordings":[{"call_id":8,"file":"b.wav"}]}`, `{"recordings":broken`} {
		c.Conversation.Detail = kept
		if c.DropRecordings(gone); c.Conversation.Detail != kept {
			t.Errorf("%s became %s", kept, c.Conversation.Detail)
		}
	}
}

func readRow(text string) *Row {
	r := &Row{ID: 7}
	for field := range strings.SplitSeq(text, "|") {
		v := Value{Text: field, Valid: true}
		if field == "-" {
			v = Value{}
		}
		r.Values = append(r.Values, v)
	}
	return r
}

func rowText(r Row) string {
	fields := make([]string, len(r.Values))
	for i, v := range r.Values {
		if fields[i] = v.Text; !v.Valid {
			fields[i] = "-"
		}
	}
	return strings.Join(fields, "|")
}
