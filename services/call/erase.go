package call

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Flags of a call whose recording was erased on request. While it is being erased some of it may still exist; it is shown to
// nobody any more.
const (
	FlagRecordingErasing = "recording_erasing"
	FlagRecordingErased  = "recording_erased"
)

// RecordingErased tells a call whose recording was erased, or is being erased, from one that never had one.
func (c *Call) RecordingErased() bool {
	return c.Flagged(FlagRecordingErased) || c.Flagged(FlagRecordingErasing)
}

// recordingState is shown of a recording that was; empty of any other.
func (c *Call) recordingState() string {
	switch {
	case c.Flagged(FlagRecordingErased):
		return "erased"
	case c.Flagged(FlagRecordingErasing):
		return "erasing"
	}
	return ""
}

// EraseRecording takes every reference to the recording out of the call: recordingfile becomes NULL, and the name of the
// file vanishes from the texts that may hold it, which are userfield, lastdata and the site's own columns. files are further
// names that it had. From then on the row reads as if the PBX had written it so, and its hash is that of such a row; done
// says whether all of the recording is gone.
func (c *Call) EraseRecording(done bool, files ...string) {
	for _, name := range append(files, c.Recordingfile) {
		if name = RecordingName(name); name == "" || name == c.Uniqueid || name == c.Linkedid {
			continue // where a site names its files after the call, that name alone leads to no file
		}
		c.Userfield = cutName(c.Userfield, name)
		c.Lastdata = cutName(c.Lastdata, name)
		c.Extra = slices.Clone(c.Extra)
		for i := range c.Extra {
			if p := &c.Extra[i]; !standard[p.Name] || p.Name == "userfield" || p.Name == "lastdata" {
				p.Text = cutName(p.Text, name)
			}
		}
	}
	c.Recordingfile = ""
	c.Extra = slices.DeleteFunc(c.Extra, func(p Pair) bool { return p.Name == "recordingfile" })
	c.Flags = without(without(c.Flags, FlagRecordingErasing), FlagRecordingErased)
	if done {
		c.Flags = join(c.Flags, FlagRecordingErased)
	} else {
		c.Flags = join(c.Flags, FlagRecordingErasing)
	}
	if c.Table == nil {
		return
	}
	var nulls nullSet
	for i := range c.Table.Columns {
		if name := c.Table.Columns[i].Means; name == "recordingfile" || c.IsNull(name) {
			nulls.add(i)
		}
	}
	c.Nulls = c.Table.nulls.of(c.Table, nulls)
	c.RawHash = c.rawHash()
}

// cutName takes the name of a file out of a text, wherever it stands for itself and not within a longer name.
func cutName(text, name string) string {
	var kept strings.Builder
	for at := 0; ; {
		found := strings.Index(text[at:], name)
		if found < 0 {
			if at == 0 {
				return text
			}
			kept.WriteString(text[at:])
			return kept.String()
		}
		from, to := at+found, at+found+len(name)
		kept.WriteString(text[at:from])
		if from > 0 && inName(text[from-1]) || to < len(text) && inName(text[to]) {
			kept.WriteString(name)
		}
		at = to
	}
}

// inName tells a byte that goes on with a name; a dot or a bracket may as well end one.
func inName(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '_' || b >= 0x80
}

// rawHash of the row as it is given back.
func (c *Call) rawHash() uint64 {
	var framed []byte
	for i := range c.Table.Columns {
		v := c.Raw(i)
		if !v.Valid {
			framed = append(framed, 0)
			continue
		}
		framed = append(binary.AppendUvarint(framed, uint64(len(v.Text))+1), v.Text...)
	}
	return RawHash(framed)
}

// DropRecordings takes recordings out of what is kept of the conversation on its head.
func (c *Call) DropRecordings(gone func(Recording) bool) {
	if !strings.Contains(c.Conversation.Detail, `"recordings"`) {
		return
	}
	d, err := c.detail()
	if err != nil {
		return // whoever shows it reports that
	}
	n := len(d.Recordings)
	if d.Recordings = slices.DeleteFunc(d.Recordings, gone); len(d.Recordings) < n {
		c.Conversation.Detail = string(d.AppendJSON(nil))
	}
}

// Recordings of a conversation, as they are kept on its head.
func (c *Call) Recordings() []Recording {
	if !strings.Contains(c.Conversation.Detail, `"recordings"`) {
		return nil
	}
	d, _ := c.detail()
	return d.Recordings
}

// RecordingName is the bare name of the file that recordingfile names: old installations keep a whole path there.
func RecordingName(recordingfile string) string {
	return recordingfile[strings.LastIndexByte(recordingfile, '/')+1:]
}

// without one of a comma-separated list.
func without(list, name string) string {
	var kept string
	for list != "" {
		var first string
		if first, list, _ = strings.Cut(list, ","); first != name {
			kept = join(kept, first)
		}
	}
	return kept
}

// LegIDs are the rows of the conversation whose head c is.
func (c *Call) LegIDs() []uint64 {
	if strings.Contains(c.Conversation.Detail, `"legs"`) {
		if d, err := c.detail(); err == nil && len(d.Legs) > 0 {
			ids := make([]uint64, len(d.Legs))
			for i := range d.Legs {
				ids[i] = d.Legs[i].ID
			}
			return ids
		}
	}
	return []uint64{c.ID}
}
