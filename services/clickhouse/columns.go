package clickhouse

import "github.com/cdrflow/cdrflow/services/call"

// columns of calls, all that an insert sends and a select of whole calls reads; stored_at and conversation_id are the
// store's own.
func columns() []column {
	return []column{
		number("org_id", "UInt32", func(c *call.Call) *uint32 { return &c.OrgID }),
		&plain[int64]{
			name: "calldate", sent: "DateTime64(3, 'UTC')", read: "toUnixTimestamp64Milli(calldate)",
			field: func(c *call.Call) *int64 { return (*int64)(&c.Calldate) },
		},
		number("id", "UInt64", func(c *call.Call) *uint64 { return &c.ID }),
		number("version", "UInt64", func(c *call.Call) *uint64 { return (*uint64)(&c.Version) }),
		&plain[bool]{
			name: "is_deleted", sent: "Bool", read: "is_deleted = 1",
			field: func(c *call.Call) *bool { return &c.Removed },
		},
		text("source", func(c *call.Call) *string { return &c.Source }),
		&table{},
		text("nulls", func(c *call.Call) *string { return &c.Nulls }),
		text("flags", func(c *call.Call) *string { return &c.Flags }),
		number("raw_hash", "UInt64", func(c *call.Call) *uint64 { return &c.RawHash }),

		number("calldate_offset", "Int32", func(c *call.Call) *int32 { return &c.CalldateOffset }),
		text("clid", func(c *call.Call) *string { return &c.Clid }),
		text("src", func(c *call.Call) *string { return &c.Src }),
		text("dst", func(c *call.Call) *string { return &c.Dst }),
		text("dcontext", func(c *call.Call) *string { return &c.Dcontext }),
		text("channel", func(c *call.Call) *string { return &c.Channel }),
		text("dstchannel", func(c *call.Call) *string { return &c.Dstchannel }),
		text("lastapp", func(c *call.Call) *string { return &c.Lastapp }),
		text("lastdata", func(c *call.Call) *string { return &c.Lastdata }),
		number("duration", "Int64", func(c *call.Call) *int64 { return &c.Duration }),
		number("billsec", "Int64", func(c *call.Call) *int64 { return &c.Billsec }),
		text("disposition", func(c *call.Call) *string { return &c.Disposition }),
		number("amaflags", "Int64", func(c *call.Call) *int64 { return &c.Amaflags }),
		text("accountcode", func(c *call.Call) *string { return &c.Accountcode }),
		text("uniqueid", func(c *call.Call) *string { return &c.Uniqueid }),
		text("userfield", func(c *call.Call) *string { return &c.Userfield }),
		instant("answer", func(c *call.Call) *call.Instant { return &c.Answer }),
		number("answer_offset", "Int32", func(c *call.Call) *int32 { return &c.AnswerOffset }),
		instant("end", func(c *call.Call) *call.Instant { return &c.End }),
		number("end_offset", "Int32", func(c *call.Call) *int32 { return &c.EndOffset }),
		text("linkedid", func(c *call.Call) *string { return &c.Linkedid }),
		text("peeraccount", func(c *call.Call) *string { return &c.Peeraccount }),
		number("sequence", "Int64", func(c *call.Call) *int64 { return &c.Sequence }),
		text("queue_name", func(c *call.Call) *string { return &c.QueueName }),
		number("queue_wait_time", "Int64", func(c *call.Call) *int64 { return &c.QueueWaitTime }),
		text("answered_agent", func(c *call.Call) *string { return &c.AnsweredAgent }),
		text("recordingfile", func(c *call.Call) *string { return &c.Recordingfile }),
		&extra{},

		text("direction", func(c *call.Call) *string { return (*string)(&c.Direction) }),
		text("trunk", func(c *call.Call) *string { return &c.Trunk }),
		text("rang_extension", func(c *call.Call) *string { return &c.RangExtension }),
		text("answered_by", func(c *call.Call) *string { return &c.AnsweredBy }),
		text("answered_type", func(c *call.Call) *string { return (*string)(&c.AnsweredType) }),
		&nullable{
			name: "wait_time", sent: "Nullable(Int64)", read: "ifNull(wait_time, -1)", null: call.NoSeconds,
			field: func(c *call.Call) *int64 { return &c.WaitTime },
		},
		text("disconnected_by", func(c *call.Call) *string { return (*string)(&c.DisconnectedBy) }),
		text("hangup_cause", func(c *call.Call) *string { return &c.HangupCause }),
		text("hangup_reason", func(c *call.Call) *string { return &c.HangupReason }),
		text("hangup_source", func(c *call.Call) *string { return &c.HangupSource }),
	}
}
