package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// explainWithin bounds the work on one explanation.
const explainWithin = 10 * time.Second

// explanation is the answer: the rules themselves have written it while they decided once more.
type explanation struct {
	ID             uint64     `json:"id,omitempty"`
	OrgID          uint32     `json:"org_id"`
	ConversationID string     `json:"conversation_id"`
	RulesRevision  string     `json:"rules_revision"`
	Fields         []decision `json:"fields"`
	Legs           []legWhy   `json:"legs,omitempty"` // of a conversation, each leg's own fields
}

type legWhy struct {
	ID     uint64     `json:"id"`
	Fields []decision `json:"fields"`
}

// explain answers a question with today's rules and all that is stored of the conversation; only the organisation's own
// legs show in it, and of those nothing that leads to an erased recording.
func (e *enricher) explain(ctx context.Context, body []byte) ([]byte, error) {
	var q call.Explain
	if err := json.Unmarshal(body, &q); err != nil || (q.ID == 0) == (q.Conversation == "") {
		return nil, &jetstream.Refusal{Text: "want a JSON object with id or conversation, and org_id"}
	}
	key, err := e.conversationAsked(ctx, q)
	if err != nil {
		return nil, err
	}
	stored, err := e.store.Legs(ctx, []clickhouse.Key{key})
	if err != nil {
		return nil, err
	}
	legs := newestLegs(stored)
	// An explanation quotes what the PBX wrote, and rows still hold the name of a recording while it is being erased.
	if err := e.store.Amend(ctx, legs); err != nil {
		return nil, err
	}
	rows := make([]*call.Call, 0, len(legs))
	for i := range legs {
		rows = append(rows, &legs[i])
	}
	t, x := &trace{}, explanation{OrgID: q.OrgID, ID: q.ID, Fields: []decision{}}
	mind := newUnderstanding(e.rules.Load())
	if len(rows) > 0 {
		mind.explain(rows, t)
		x.ConversationID = rows[0].ConversationID()
	}
	x.RulesRevision = fmt.Sprintf("%08x", mind.rules.revision)
	x.take(t, q, rows)
	if len(x.Fields) == 0 && len(x.Legs) == 0 {
		return nil, &jetstream.Refusal{Text: call.Gone + ": nothing is stored of it any more"}
	}
	return json.Marshal(x)
}

// conversationAsked is the conversation that the question is about.
func (e *enricher) conversationAsked(ctx context.Context, q call.Explain) (clickhouse.Key, error) {
	if q.Conversation != "" {
		source, linkedid, _ := strings.Cut(q.Conversation, ":")
		return clickhouse.Key{Source: source, Linkedid: linkedid}, nil
	}
	found, err := e.store.Rows(ctx, []uint64{q.ID})
	if err != nil {
		return clickhouse.Key{}, err
	}
	for i := range found {
		if found[i].OrgID == q.OrgID {
			return conversationOf(&found[i].Call), nil
		}
	}
	return clickhouse.Key{}, &jetstream.Refusal{Text: call.Gone + ": nothing is stored of it any more"}
}

// newestLegs keeps one row of each id: the newest, should one live twice.
func newestLegs(legs []call.Call) []call.Call {
	slices.SortFunc(legs, func(a, b call.Call) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Version, a.Version))
	})
	return slices.CompactFunc(legs, func(a, b call.Call) bool { return a.ID == b.ID })
}

// take the decisions that answer the question, without anything of other organisations' legs.
func (x *explanation) take(t *trace, q call.Explain, rows []*call.Call) {
	own := map[uint64]bool{}
	for _, c := range rows {
		if c.OrgID == q.OrgID {
			own[c.ID] = true
		}
	}
	byLeg := map[uint64][]decision{}
	for _, d := range t.decisions {
		if !own[d.leg.ID] {
			continue
		}
		all := len(d.Used)
		if d.Used = slices.DeleteFunc(d.Used, func(u use) bool { return !own[u.ID] }); len(d.Used) < all {
			d.Why = because(d.Used) // it quoted the others
		}
		if whole, ok := strings.CutPrefix(d.Field, wholePrefix); ok {
			d.Field = whole
			if q.Conversation != "" {
				x.Fields = append(x.Fields, d)
			}
			continue
		}
		list := byLeg[d.leg.ID]
		// A leg without an organisation of its own was asked twice: what it adopted counts.
		if i := slices.IndexFunc(list, func(o decision) bool { return o.Field == d.Field }); i >= 0 {
			if d.Confidence > 0 || d.Rule != nothingDecided {
				d.Rejected = append(list[i].Rejected, d.Rejected...)
				list[i] = d
			}
			continue
		}
		byLeg[d.leg.ID] = append(list, d)
	}
	if q.Conversation == "" {
		x.Fields = byLeg[q.ID]
		return
	}
	for _, c := range rows {
		if own[c.ID] {
			x.Legs = append(x.Legs, legWhy{c.ID, byLeg[c.ID]})
		}
	}
}
