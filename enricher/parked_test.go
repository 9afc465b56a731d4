package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func TestCorruptRowsAreParkedAndTheirNeighboursPass(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	now := time.Now()
	// A chunk cut off in the middle, one of a zone that nobody knows, and a row that the store refuses.
	whole := chunks(call.KindPage, line{id: 1, account: "1", calldate: now})[0]
	cut := whole
	cut.Body = cut.Body[:len(cut.Body)-5]
	b := call.NewBuilder(call.Origin{Source: "pbx", Zone: "Mars/Olympus", Kind: call.KindPage, Table: columns}, 3)
	r, err := call.NewReader(whole.Body)
	if err != nil {
		t.Fatal(err)
	}
	var row call.Row
	r.Next(&row)
	b.AppendRow(&row)
	if err := d.bus.PublishChunks(t.Context(), "pbx", []call.Chunk{cut, b.Chunk()}); err != nil {
		t.Fatal(err)
	}
	d.e.store = poisoned{d.store}
	d.run()
	d.publish(call.KindPage, line{id: 10, account: "1", calldate: now}, line{id: 11, account: "1", src: "poison", calldate: now}, line{id: 12, account: "1", calldate: now})
	d.await(2, 1)
	var parked []jetstream.Parked
	list := func() bool {
		parked = nil
		err := d.bus.ListParked(t.Context(), stage, func(p jetstream.Parked) error { parked = append(parked, p); return nil })
		return err == nil && len(parked) == 3
	}
	servertest.Eventually(t, 20*time.Second, list, "three are parked")
	for _, p := range parked {
		if p.Reason == "" {
			t.Errorf("%s is parked without a reason", p.ID)
		}
	}
	// What was parked can be replayed once its cause is mended.
	d.e.store = d.store
	out := new(bytes.Buffer)
	p := process.New(stage, []string{"NATS_URL=" + d.nats, "ADMIN_ADDR="}, out)
	p.Args = []string{"list"}
	if err := parkedCommand(t, p); err != nil || !strings.Contains(out.String(), "poison is refused") {
		t.Errorf("list prints %q, %v", out, err)
	}
	p.Args = []string{"replay", "11"}
	if err := parkedCommand(t, p); err != nil {
		t.Error(err)
	}
	d.await(3, 1)
	p.Args = []string{"replay", "99"}
	if err := parkedCommand(t, p); err == nil || !strings.Contains(err.Error(), "not parked") {
		t.Errorf("replay of nothing: %v", err)
	}
}

func parkedCommand(t *testing.T, p *process.Process) error {
	t.Helper()
	return parked(t.Context(), p)
}

// poisoned refuses blocks with a row from "poison", as a constraint of the table would.
type poisoned struct{ *clickhouse.Store }

func (p poisoned) Insert(ctx context.Context, calls []call.Call, token string) error {
	for i := range calls {
		if calls[i].Src == "poison" {
			return fmt.Errorf("poison is refused: %w", clickhouse.ErrRefused)
		}
	}
	return p.Store.Insert(ctx, calls, token)
}
