package clickhouse

import (
	"encoding/binary"
	"math"

	"github.com/cdrflow/cdrflow/services/call"
)

// derivedColumns are what the enricher understood of a row.
func derivedColumns() []*column {
	return []*column{
		text("direction", func(c *call.Call) *string { return (*string)(&c.Direction) }),
		text("trunk", func(c *call.Call) *string { return &c.Trunk }),
		text("rang_extension", func(c *call.Call) *string { return &c.RangExtension }),
		text("answered_by", func(c *call.Call) *string { return &c.AnsweredBy }),
		text("answered_type", func(c *call.Call) *string { return (*string)(&c.AnsweredType) }),
		{
			name: "wait_time", sent: "Nullable(Int64)", read: "ifNull(wait_time, -1)",
			put:    func(p *part, c *call.Call) { p.nullable(c.WaitTime, call.NoSeconds) },
			target: func(r *record) any { return &r.Call.WaitTime },
		},
		text("disconnected_by", func(c *call.Call) *string { return (*string)(&c.DisconnectedBy) }),
		percents("disconnected_confidence", func(c *call.Call) *uint8 { return &c.Confidence }),
		text("hangup_cause", func(c *call.Call) *string { return &c.HangupCause }),
		text("hangup_reason", func(c *call.Call) *string { return &c.HangupReason }),
		text("hangup_source", func(c *call.Call) *string { return &c.HangupSource }),

		text("did", func(c *call.Call) *string { return &c.Did }),
		text("outcome", func(c *call.Call) *string { return (*string)(&c.Outcome) }),
		text("leg_kind", func(c *call.Call) *string { return (*string)(&c.LegKind) }),
		text("caller_extension", func(c *call.Call) *string { return &c.CallerExtension }),
		seconds("ring_time", func(c *call.Call) *int64 { return &c.RingTime }),
		seconds("talk_time", func(c *call.Call) *int64 { return &c.TalkTime }),
		seconds("ivr_time", func(c *call.Call) *int64 { return &c.IvrTime }),
		text("caller", func(c *call.Call) *string { return &c.Caller }),
		text("callee", func(c *call.Call) *string { return &c.Callee }),
		marks("withheld", func(c *call.Call) *bool { return &c.Withheld }),
		lists("tags", func(c *call.Call) *[]string { return &c.Tags }),
		text("queue", func(c *call.Call) *string { return &c.Queue }),
		seconds("queue_wait", func(c *call.Call) *int64 { return &c.QueueWait }),
		text("agent", func(c *call.Call) *string { return &c.Agent }),
		text("entry_outcome", func(c *call.Call) *string { return (*string)(&c.Entry.Outcome) }),
		seconds("entry_wait", func(c *call.Call) *int64 { return &c.Entry.Wait }),
		seconds("entry_talk", func(c *call.Call) *int64 { return &c.Entry.Talk }),
		percents("called", func(c *call.Call) *uint8 { return (*uint8)(&c.Called) }),
		text("joined", func(c *call.Call) *string { return &c.Joined }),
		{
			// A column of its own because the PBX may write the flag as a text, and a filter should not read the map of those.
			name: "omitted", sent: "UInt8", read: "omitted = 1",
			put:    func(p *part, c *call.Call) { p.mark(c.Omitted()) },
			target: func(r *record) any { return &r.nothing },
		},
	}
}

// headColumns are what a conversation comes to; every leg but the head has none of it.
func headColumns() []*column {
	return []*column{
		{
			name: "conv_legs", sent: "UInt16", read: "toInt64(conv_legs)",
			put: func(p *part, c *call.Call) {
				p.values = binary.LittleEndian.AppendUint16(p.values, uint16(min(math.MaxUint16, max(0, c.Conversation.Legs))))
			},
			target: func(r *record) any { return &r.Call.Conversation.Legs },
		},
		marks("conv_complete", func(c *call.Call) *bool { return &c.Conversation.Complete }),
		moments("conv_answer", func(c *call.Call) *call.Instant { return &c.Conversation.Answer }),
		moments("conv_end", func(c *call.Call) *call.Instant { return &c.Conversation.End }),
		text("conv_outcome", func(c *call.Call) *string { return (*string)(&c.Conversation.Outcome) }),
		text("conv_queue_name", func(c *call.Call) *string { return &c.Conversation.QueueName }),
		text("conv_answered_by", func(c *call.Call) *string { return &c.Conversation.AnsweredBy }),
		text("conv_answered_type", func(c *call.Call) *string { return (*string)(&c.Conversation.AnsweredType) }),
		text("conv_disconnected_by", func(c *call.Call) *string { return (*string)(&c.Conversation.DisconnectedBy) }),
		percents("conv_confidence", func(c *call.Call) *uint8 { return &c.Conversation.Confidence }),
		seconds("conv_wait_time", func(c *call.Call) *int64 { return &c.Conversation.WaitTime }),
		seconds("conv_ring_time", func(c *call.Call) *int64 { return &c.Conversation.RingTime }),
		seconds("conv_talk_time", func(c *call.Call) *int64 { return &c.Conversation.TalkTime }),
		lists("conv_tags", func(c *call.Call) *[]string { return &c.Conversation.Tags }),
		text("conv_detail", func(c *call.Call) *string { return &c.Conversation.Detail }),
	}
}
