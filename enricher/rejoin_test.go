package main

import (
	"context"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// The second call of an attended transfer comes a while after the rest, under a linkedid of its own: a later look joins it.
func TestLateConsultationIsJoined(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.run()
	ctx := t.Context()
	u := newUnderstanding(d.e.rules.Load())
	rows := readRows(t, u, same)
	publish := func(ids ...uint64) {
		for _, id := range ids {
			o := originOf(id, rows[id].Table)
			row := rows[id].RawRow()
			b := call.NewBuilder(o, partition(rows[id], &row))
			b.AppendRow(&row)
			if err := d.bus.PublishChunks(ctx, o.Source, []call.Chunk{b.Chunk()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	living := func(id uint64) call.Call {
		found, err := d.store.Rows(ctx, []uint64{id})
		if err != nil || len(found) != 1 {
			return call.Blank(0)
		}
		return found[0].Call
	}
	publish(224, 225)
	servertest.Eventually(t, time.Minute, func() bool {
		c := living(225)
		return c.Flagged(call.FlagUnjoined)
	}, "the transfer is stored")
	publish(223)
	servertest.Eventually(t, time.Minute, func() bool { return living(223).ID == 223 }, "the consultation is stored")
	zone := func(context.Context, string) (string, error) { return "UTC", nil }
	if n, err := d.e.rejoin(ctx, time.Now().Add(rejoinAfter), zone, d.bus.PublishChunks); err != nil || n != 1 {
		t.Fatalf("%d legs are looked at again, %v, want 1", n, err)
	}
	servertest.Eventually(t, time.Minute, func() bool {
		head, consult, transfer := living(224), living(223), living(225)
		return head.Conversation.Legs == 3 && consult.ConversationID() == head.ConversationID() && consult.LegKind == call.LegConsult &&
			consult.Conversation.Legs == 0 && !transfer.Flagged(call.FlagUnjoined)
	}, "the two calls are one conversation")
	if n, err := d.e.rejoin(ctx, time.Now().Add(rejoinAfter), zone, d.bus.PublishChunks); err != nil || n != 0 {
		t.Errorf("%d legs are still looked at again, %v", n, err)
	}
}
