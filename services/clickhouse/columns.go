package clickhouse

import (
	"encoding/binary"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// columns of calls, all that an insert sends and a select of whole calls reads; stored_at and conversation_id are the
// store's own.
func columns() []*column {
	return slices.Concat(rawColumns(), derivedColumns(), headColumns())
}

// rowColumns are those of the row alone, without the conversation.
func rowColumns() []*column { return slices.Concat(rawColumns(), derivedColumns()) }

// inward are the columns that nobody is shown: they serve writing and counting.
var inward = []string{"version", "is_deleted", "raw_hash", "entry_outcome", "entry_wait", "entry_talk", "called", "omitted"}

// without leaves those out that are named.
func without(columns []*column, names []string) []*column {
	return slices.DeleteFunc(slices.Clone(columns), func(c *column) bool { return slices.Contains(names, c.name) })
}

// rawColumns are the key, what the store must know of a row, and the row itself.
func rawColumns() []*column {
	return []*column{
		{
			name: "org_id", sent: "UInt32", read: "org_id",
			put:    func(p *part, c *call.Call) { p.values = binary.LittleEndian.AppendUint32(p.values, c.OrgID) },
			target: func(r *record) any { return &r.Call.OrgID },
		},
		{
			name: "calldate", sent: "DateTime64(3, 'UTC')", read: "toUnixTimestamp64Milli(calldate)",
			put:    func(p *part, c *call.Call) { p.word(uint64(c.Calldate)) },
			target: func(r *record) any { return (*int64)(&r.Call.Calldate) },
		},
		uint64s("id", func(c *call.Call) *uint64 { return &c.ID }),
		uint64s("version", func(c *call.Call) *uint64 { return (*uint64)(&c.Version) }),
		marks("is_deleted", func(c *call.Call) *bool { return &c.Removed }),
		text("source", func(c *call.Call) *string { return &c.Source }),
		{
			// Nearly all rows have the same text here; a tombstone has none.
			name: "source_table", sent: "String", read: "source_table",
			put: func(p *part, c *call.Call) {
				if c.Table == nil {
					p.text("")
					return
				}
				p.text(c.Table.String())
			},
			target: func(r *record) any { return &r.table },
		},
		text("nulls", func(c *call.Call) *string { return &c.Nulls }),
		text("flags", func(c *call.Call) *string { return &c.Flags }),
		uint64s("raw_hash", func(c *call.Call) *uint64 { return &c.RawHash }),

		int32s("calldate_offset", func(c *call.Call) *int32 { return &c.CalldateOffset }),
		text("clid", func(c *call.Call) *string { return &c.Clid }),
		text("src", func(c *call.Call) *string { return &c.Src }),
		text("dst", func(c *call.Call) *string { return &c.Dst }),
		text("dcontext", func(c *call.Call) *string { return &c.Dcontext }),
		text("channel", func(c *call.Call) *string { return &c.Channel }),
		text("dstchannel", func(c *call.Call) *string { return &c.Dstchannel }),
		text("lastapp", func(c *call.Call) *string { return &c.Lastapp }),
		text("lastdata", func(c *call.Call) *string { return &c.Lastdata }),
		int64s("duration", func(c *call.Call) *int64 { return &c.Duration }),
		int64s("billsec", func(c *call.Call) *int64 { return &c.Billsec }),
		text("disposition", func(c *call.Call) *string { return &c.Disposition }),
		int64s("amaflags", func(c *call.Call) *int64 { return &c.Amaflags }),
		text("accountcode", func(c *call.Call) *string { return &c.Accountcode }),
		text("uniqueid", func(c *call.Call) *string { return &c.Uniqueid }),
		text("userfield", func(c *call.Call) *string { return &c.Userfield }),
		instants("answer", func(c *call.Call) *call.Instant { return &c.Answer }),
		int32s("answer_offset", func(c *call.Call) *int32 { return &c.AnswerOffset }),
		instants("end", func(c *call.Call) *call.Instant { return &c.End }),
		int32s("end_offset", func(c *call.Call) *int32 { return &c.EndOffset }),
		text("linkedid", func(c *call.Call) *string { return &c.Linkedid }),
		text("peeraccount", func(c *call.Call) *string { return &c.Peeraccount }),
		int64s("sequence", func(c *call.Call) *int64 { return &c.Sequence }),
		text("queue_name", func(c *call.Call) *string { return &c.QueueName }),
		int64s("queue_wait_time", func(c *call.Call) *int64 { return &c.QueueWaitTime }),
		text("answered_agent", func(c *call.Call) *string { return &c.AnsweredAgent }),
		text("recordingfile", func(c *call.Call) *string { return &c.Recordingfile }),
		{
			// Sent as a map is laid out: where each row's entries end, then all keys, then all values.
			name: "extra", sent: "Map(String, String)", read: "CAST(extra, 'Map(String, String)')",
			put: func(p *part, c *call.Call) {
				for _, pair := range c.Extra {
					p.text(pair.Name)
					p.more = append(binary.AppendUvarint(p.more, uint64(len(pair.Text))), pair.Text...)
				}
				p.entries += uint64(len(c.Extra))
				p.front = binary.LittleEndian.AppendUint64(p.front, p.entries)
			},
			target: func(r *record) any { return &r.extra },
		},
	}
}
