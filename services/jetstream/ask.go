package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// ErrNobody means that no stage that could answer is running.
var ErrNobody = errors.New("nobody answers")

// Refusal is the answer of somebody who could not or would not do what was asked; Text is for the one who asked.
type Refusal struct{ Text string }

func (r *Refusal) Error() string { return r.Text }

// refusalHeader marks an answer that is a Refusal.
const refusalHeader = "Cdrflow-Refusal"

// Ask puts a question to one of the stages that answer subject (ask.v1.<stage>.<what>) and returns its answer: ErrNobody
// when none runs, a *Refusal when it says no.
func (b *Bus) Ask(ctx context.Context, subject string, body []byte) ([]byte, error) {
	reply, err := b.conn.RequestWithContext(ctx, subject, body)
	if err != nil {
		if errors.Is(err, nats.ErrNoResponders) {
			return nil, fmt.Errorf("ask %s: %w", subject, ErrNobody)
		}
		return nil, fmt.Errorf("ask %s: %w", subject, err)
	}
	if text := reply.Header.Get(refusalHeader); text != "" {
		return nil, &Refusal{text}
	}
	return reply.Data, nil
}

// Answer has answer called for every question put to subject until ctx ends; of several stages that answer the same
// subject one is chosen for each question. Questions are answered one after the other. An error that is no *Refusal is
// logged and given out as a failure without its reason.
func (b *Bus) Answer(ctx context.Context, subject string, within time.Duration, answer func(context.Context, []byte) ([]byte, error)) error {
	subscription, err := b.conn.QueueSubscribe(subject, "answer", func(m *nats.Msg) {
		work, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		body, err := answer(work, m.Data)
		reply := &nats.Msg{Data: body}
		var refusal *Refusal
		switch {
		case errors.As(err, &refusal):
			reply = &nats.Msg{Header: nats.Header{refusalHeader: {refusal.Text}}}
		case err != nil:
			b.log.Warn("question not answered", "subject", subject, "err", err)
			reply = &nats.Msg{Header: nats.Header{refusalHeader: {"the question could not be answered"}}}
		}
		if err := m.RespondMsg(reply); err != nil {
			b.log.Warn("answer not sent", "subject", subject, "err", err)
		}
	})
	if err != nil {
		return fmt.Errorf("answer %s: %w", subject, err)
	}
	context.AfterFunc(ctx, func() { _ = subscription.Unsubscribe() })
	return nil
}
