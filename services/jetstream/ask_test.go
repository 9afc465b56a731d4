package jetstream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/jetstream"
)

func TestAsk(t *testing.T) {
	b, _ := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := b.Ask(ctx, "ask.v1.test.echo", nil); !errors.Is(err, jetstream.ErrNobody) {
		t.Fatalf("with nobody there: %v, want ErrNobody", err)
	}
	answering, stop := context.WithCancel(ctx)
	err := b.Answer(answering, "ask.v1.test.echo", time.Second, func(_ context.Context, body []byte) ([]byte, error) {
		switch string(body) {
		case "no":
			return nil, &jetstream.Refusal{Text: "not today"}
		case "secret":
			return nil, errors.New("password is hunter2")
		}
		return append([]byte("you said "), body...), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Ask(ctx, "ask.v1.test.echo", []byte("hello")); err != nil || string(got) != "you said hello" {
		t.Errorf("answer is %q, %v", got, err)
	}
	var refusal *jetstream.Refusal
	if _, err := b.Ask(ctx, "ask.v1.test.echo", []byte("no")); !errors.As(err, &refusal) || refusal.Text != "not today" {
		t.Errorf("refusal is %v", err)
	}
	if _, err := b.Ask(ctx, "ask.v1.test.echo", []byte("secret")); !errors.As(err, &refusal) || refusal.Text != "the question could not be answered" {
		t.Errorf("a failure says %v, want nothing internal", err)
	}
	stop()
	for {
		// A question that was on its way while the answerer left gets no answer at all.
		try, done := context.WithTimeout(ctx, time.Second)
		_, err := b.Ask(try, "ask.v1.test.echo", nil)
		done()
		if errors.Is(err, jetstream.ErrNobody) {
			return
		} else if ctx.Err() != nil {
			t.Fatalf("still answered after the end: %v", err)
		}
	}
}
